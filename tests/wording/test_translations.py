"""Every message that a patient may see stands in both languages: what can be shown is taken from the code itself."""

import ast
import io
import re
import string
import tomllib
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from marshmallow import validate

import integration_api.app  # loads every schema there is
from integration_api.journal import support
from integration_api.web.catalogs import FOLDER
from integration_api.web.languages import LANGUAGES
from integration_api.web.schema import Schema

pytestmark = pytest.mark.database_free
PAGES = ("login/templates", "oauth/templates", "privacy/templates")  # for patients; the brief is for clinicians
NEVER_SAID = ("format", "invalid_awareness", "validator_failed")  # of answers, and of fields that we have not


@pytest.fixture(scope="module")
def catalogs() -> dict[str, Catalog]:
    return {
        each: read_po(io.BytesIO((FOLDER / each / "LC_MESSAGES" / "messages.po").read_bytes()), each)
        for each in LANGUAGES
    }


@pytest.fixture(scope="module")
def keywords() -> dict[str, Any]:
    """The functions whose words are taken, as `make messages` names them."""
    named = re.findall(r"-k (\w+)(?::([\d,]+))?", (Path(__file__).parents[2] / "Makefile").read_text("utf-8"))
    return {name: tuple(map(int, places.split(","))) if places else None for name, places in named}


@pytest.fixture(scope="module")
def shown(keywords: dict[str, Any]) -> set[Any]:
    """Every sentence that the code may show."""
    found = extract_from_dir(
        Path(integration_api.__file__).parent,
        method_map=[("**.py", "python"), ("**/templates/**.html", "jinja2")],
        keywords=keywords,
    )
    return {message for _, _, message, _, _ in found}


def test_every_sentence_stands_in_every_catalog(shown: set[Any], catalogs: dict[str, Catalog]) -> None:
    assert len(shown) > 250
    for each in LANGUAGES:
        kept = {message.id for message in catalogs[each] if message.id}
        assert shown == kept, f"run: make messages ({each}): {shown ^ kept}"


def test_spanish_is_complete_and_keeps_every_value(catalogs: dict[str, Catalog]) -> None:
    for message in catalogs["es"]:
        if not message.id:
            continue
        said = [message.string] if isinstance(message.string, str) else list(message.string)
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        assert all(each.strip() for each in said), message.id
        assert not message.fuzzy, message.id
        for each in said:
            assert values_in(each) == values_in(ids[-1]), message.id
            assert not re.search(r"\b(tú|tu|tus|vosotros|vuestr[oa]s?)\b", each), f"usted throughout: {each}"


TO_A_FRIEND = re.compile(
    r"\b(tú|tus?|tuy[oa]s?|te|ti|contigo|vosotros|eres|estás|has|puedes|podrías|quieres|tienes|sabes|llama|haz)\b",
    re.IGNORECASE,
)


def test_what_stands_in_data_files_says_usted_as_well(root: Path) -> None:
    """Who is asked, reminded and shown where help is, is spoken to in one way."""
    said = []
    for path in (root / "integration_api").rglob("*.toml"):
        if path.parent.name != "published":  # a questionnaire's words are its authors' own
            table = tomllib.loads(path.read_text("utf-8"))
            said += texts_in(table if path.stem.endswith(".es") else spanish_in(table))
    assert len(said) > 230
    assert [each for each in said if TO_A_FRIEND.search(each)] == []


def spanish_in(table: Any) -> list[Any]:
    """Give what stands under `es`, wherever it is."""
    if isinstance(table, dict):
        return [each for name, value in table.items() for each in ([value] if name == "es" else spanish_in(value))]
    return [each for value in table for each in spanish_in(value)] if isinstance(table, list) else []


def texts_in(told: Any) -> list[str]:
    if isinstance(told, str):
        return [told]
    return [each for value in (told.values() if isinstance(told, dict) else told) for each in texts_in(value)]


def values_in(text: str) -> set[str]:
    braces = {name for _, name, _, _ in string.Formatter().parse(re.sub(r"%\(\w+\)s", "", text)) if name}
    return braces | set(re.findall(r"%\((\w+)\)s", text))


def test_what_is_raised_can_be_translated(root: Path, keywords: dict[str, Any]) -> None:
    """A message that is put together where it is raised would be said in English alone."""
    faults = []
    for path in (root / "integration_api").rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name not in keywords or (name == "at" and getattr(call.func, "value", None) is None):
                continue
            for place in keywords[name] or (1,):
                message = call.args[place - 1] if len(call.args) >= place else None
                if isinstance(message, (ast.JoinedStr, ast.BinOp)):
                    faults.append(f"{path.name}:{call.lineno}")
    assert faults == []


def schemas(kind: type[Schema]) -> set[type[Schema]]:
    return {kind}.union(*(schemas(each) for each in kind.__subclasses__()))


def test_what_the_validators_say_is_known(shown: set[Any]) -> None:
    for schema in schemas(Schema):
        fields = list(schema().fields.values())
        fields += [inner for each in fields if (inner := getattr(each, "inner", None)) is not None]
        for field in fields:
            said = {text for key, text in field.error_messages.items() if key not in NEVER_SAID}
            assert {str(each) for each in said if "{" not in str(each)} <= shown, (schema, field)
            for rule in field.validators:
                assert isinstance(rule, (validate.Length, validate.Range, validate.OneOf)) or rule.error in shown, rule
    assert set(Schema._default_error_messages.values()) <= shown


@pytest.mark.parametrize("folder", PAGES)
def test_no_page_says_anything_past_the_catalogs(root: Path, folder: str) -> None:
    for path in (root / "integration_api" / folder).rglob("*.html"):
        text = re.sub(
            r"{#.*?#}|{%.*?%}|{{.*?}}|<style>.*?</style>|<[^>]*>", " ", path.read_text("utf-8"), flags=re.DOTALL
        )
        left = re.sub(r"&\w+;|\bmg\b", " ", text)
        assert not re.search(r"[^\W\d_]", left), (path.name, left.split())


def test_what_a_writer_is_shown_at_once_stands_in_both_languages() -> None:
    words = tomllib.loads(support.WORDS.read_text("utf-8"))
    assert set(words) == set(LANGUAGES)
    for each in LANGUAGES:
        assert set(words[each]) == set(words["en"])
        message = support.message_for(["suicidality", "harm_by_others"], each)
        assert len(message.split()) < 170
    assert "no es un servicio de emergencia" in support.message_for(["suicidality"], "es")
