"""Documents as JSON Lines: what `tag` reads and writes, and the labelled ones that `evaluate` and training read."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from nlp.findings import Analysis, Assertion, DocumentKind
from nlp.taxonomy import load_taxonomy


class DocumentError(ValueError):
    """A line is not a document. The message names the line and the field, never the text."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A labelled sentence: code points `start` to `end` of its document, exclusive, and its themes."""

    start: int
    end: int
    themes: dict[str, Assertion]


@dataclass(frozen=True, slots=True)
class Document:
    """One text to be tagged; `sentences` is filled where it was labelled."""

    id: str
    kind: DocumentKind
    text: str
    sentences: tuple[Sentence, ...] = field(default=())


def read_documents(lines: Iterable[str], *, labelled: bool = False) -> Iterator[Document]:
    """Read documents with `id`, `kind` and `text`, and with `sentences` where they must be labelled.

    Blank lines are passed over. Raises DocumentError at the first line that does not fit.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _document(json.loads(line), labelled=labelled)
            except json.JSONDecodeError:
                raise DocumentError(f"line {number}: not JSON") from None
            except DocumentError as error:
                raise DocumentError(f"line {number}: {error}") from None


def _document(found: Any, *, labelled: bool) -> Document:
    if not isinstance(found, dict):
        raise DocumentError("not an object")
    for name in ("id", "text"):
        if not isinstance(found.get(name), str):
            raise DocumentError(f"{name} must be a string")
    kind = found.get("kind", "journal")
    if kind not in {"journal", "note"}:
        raise DocumentError("kind must be journal or note")
    try:
        found["text"].encode()
    except UnicodeEncodeError:
        raise DocumentError("text holds a lone surrogate") from None
    sentences = tuple(_sentence(each, len(found["text"])) for each in found["sentences"]) if labelled else ()
    return Document(found["id"], "note" if kind == "note" else "journal", found["text"], sentences)


def _sentence(found: Any, length: int) -> Sentence:
    try:
        start, end, themes = found["start"], found["end"], found["themes"]
        labels = {theme: Assertion(assertion) for theme, assertion in themes.items()}
    except (KeyError, TypeError, AttributeError, ValueError):
        raise DocumentError("a sentence needs start, end and themes with their assertions") from None
    if not 0 <= start < end <= length:
        raise DocumentError("a sentence lies outside the text")
    if not labels.keys() <= load_taxonomy().themes.keys():
        raise DocumentError("a sentence names a theme that the taxonomy does not have")
    return Sentence(start, end, labels)


def written(document_id: str, analysis: Analysis) -> str:
    """Write what was found in a document as one JSON line."""
    mentions = [
        {
            "theme": mention.theme,
            "start": mention.start,
            "end": mention.end,
            "assertion": mention.assertion.value,
            "score": round(mention.score, 4),
            "source": mention.source.value,
        }
        for mention in analysis.mentions
    ]
    return json.dumps({"id": document_id, "mentions": mentions}, ensure_ascii=False)


def written_gold(document: Document) -> str:
    """Write a labelled document as one JSON line."""
    sentences = [{"start": each.start, "end": each.end, "themes": each.themes} for each in document.sentences]
    found = {"id": document.id, "kind": document.kind, "text": document.text, "sentences": sentences}
    return json.dumps(found, ensure_ascii=False)
