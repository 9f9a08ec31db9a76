"""What themes are called in the reader's language; a clinic's own stay as it wrote them."""

import io
import re
import tomllib
import zipfile
from typing import Any

import pytest

from integration_api.themes.labels import FOLDER, WRITTEN_IN
from integration_api.web.languages import LANGUAGES
from nlp import load_taxonomy

pytestmark = pytest.mark.one_database

SPANISH = {"Accept-Language": "es"}
OWN = {
    "theme": "our_hill",
    "label": "The hill",
    "facet": "meaning",
    "definition": "The climb that our patients speak of.",
    "phrases": ["my hill"],
}


@pytest.mark.database_free
@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != WRITTEN_IN])
def test_every_theme_and_facet_has_its_words(language: str) -> None:
    words, taxonomy = tomllib.loads((FOLDER / f"labels.{language}.toml").read_text("utf-8")), load_taxonomy()
    assert list(words["facets"]) == list(taxonomy.facets)
    assert list(words["themes"]) == list(taxonomy.themes)
    said = [*words["facets"].values()]
    for each in words["themes"].values():
        assert set(each) == {"label", "definition"}
        assert len(each["label"]) <= 45
        assert each["definition"].endswith(".")
        said += each.values()
    assert len(set(said)) == len(said)
    assert not [each for each in said if each != " ".join(each.split()) or not each]
    assert not re.search(r"\b(tú|tu|tus|te|ti)\b", " ".join(said)), "usted throughout"


def test_a_reader_sees_them_in_the_language_that_is_asked_for(clinic: Any) -> None:
    clinic.admin.create("/v1/themes", OWN)
    spanish = clinic.maya.get("/v1/themes?limit=100", headers=SPANISH)
    assert (spanish.headers["Content-Language"], "Accept-Language" in spanish.headers["Vary"]) == ("es", True)
    found = {each["theme"]: each for each in spanish.json["items"]}
    assert (found["grief"]["label"], found["grief"]["facet_label"]) == ("Duelo y pérdida", "Lo que se sintió")
    assert found["grief"]["definition"].startswith("Dolor por alguien")
    assert (found["our_hill"]["label"], found["our_hill"]["definition"]) == (OWN["label"], OWN["definition"])
    english = clinic.maya.get("/v1/themes/grief")
    assert (english.json["label"], english.json["facet_label"]) == ("Grief and loss", "What was felt")
    assert clinic.maya.get("/v1/themes/grief", headers=SPANISH).headers["ETag"] != english.headers["ETag"]

    course = clinic.open_course()["id"]
    for day in (8, 15):
        clinic.hold_session(course, f"2026-03-{day:02}T10:00:00Z")
        clinic.write("I miss my late father so much, up on my hill.", written_at=f"2026-03-{day + 1:02}T10:00:00Z")
    path = f"/v1/patients/{clinic.ids['maya']}/themes"
    for headers, label in (({}, "Grief and loss"), (SPANISH, "Duelo y pérdida"), ({}, "Grief and loss")):
        labels = {each["theme"]: each["label"] for each in clinic.maya.get(path, headers=headers).json["items"]}
        assert (labels["grief"], labels["our_hill"]) == (label, "The hill")
        assert clinic.maya.get(f"{path}/grief", headers=headers).json["label"] == label
        with zipfile.ZipFile(io.BytesIO(clinic.maya.get("/v1/me/export", headers=headers).data)) as file:
            page = file.read("record.html").decode()
        assert (label in page, "The hill" in page) == (True, True)
