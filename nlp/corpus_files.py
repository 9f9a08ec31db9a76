"""The labelled corpus as it lies in nlp/corpus/: a sentence a line, read into labelled documents."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from nlp.documents import Document, DocumentError, Sentence
from nlp.findings import Assertion, DocumentKind
from nlp.taxonomy import load_taxonomy

FOLDER = Path(__file__).with_name("corpus")
WRITER = re.compile(r"@writer (\w+) \| .+")
DOC = re.compile(r"@doc (journal|note) \| (screening|preparation|dosing|integration|psychotherapy)")
STOPPED = re.compile(r"[.!?\u2026][\"'\u201d\u2019)\]}*_]*\Z")
ASSERTIONS = {
    "": Assertion.AFFIRMED,
    "neg": Assertion.NEGATED,
    "hyp": Assertion.HYPOTHETICAL,
    "hist": Assertion.HISTORICAL,
    "other": Assertion.OTHER_PERSON,
}


def corpus_files() -> list[Path]:
    """List the files that come with the project."""
    return sorted(FOLDER.glob("*.txt"))


def read_corpus(path: Path) -> Iterator[Document]:
    """Read a file's documents, named after writer and place; raise DocumentError naming the line that does not fit."""
    writer = ""
    kind: DocumentKind | None = None
    lines: list[tuple[str, dict[str, Assertion]]] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith("@") and kind is not None:
            yield _document(f"{writer}-{number}", kind, lines)
            kind, lines = None, []
        if found := WRITER.fullmatch(line):
            writer = found[1]
        elif found := DOC.fullmatch(line):
            kind = "note" if found[1] == "note" else "journal"
        elif line.strip():
            if kind is None or not writer:
                raise DocumentError(f"{path.name}:{number}: neither a writer, a document nor a sentence of one")
            lines.append(_sentence(line, f"{path.name}:{number}"))
    if kind is not None:
        yield _document(f"{writer}-end", kind, lines)


def writer_of(document: Document) -> str:
    """Name the writer of a document of the corpus."""
    return document.id.rpartition("-")[0]


def _sentence(line: str, place: str) -> tuple[str, dict[str, Assertion]]:
    text, arrow, labels = line.rpartition("=>")
    if not arrow or not text.strip():
        raise DocumentError(f"{place}: a sentence, =>, and its themes")
    themes: dict[str, Assertion] = {}
    for label in (each.strip() for each in labels.split(",") if each.strip()):
        theme, _, assertion = label.partition(":")
        if theme not in load_taxonomy().themes or assertion not in ASSERTIONS or theme in themes:
            raise DocumentError(f"{place}: {label} is no label, or stands there twice")
        themes[theme] = ASSERTIONS[assertion]
    return text.strip(), themes


def _document(name: str, kind: DocumentKind, lines: Iterable[tuple[str, dict[str, Assertion]]]) -> Document:
    """Join sentences by a space each, or by a line break where whoever writes without full stops would press return."""
    whole = ""
    sentences: list[Sentence] = []
    for text, themes in lines:
        if whole:
            whole += " " if STOPPED.search(whole) else "\n"
        sentences.append(Sentence(len(whole), len(whole) + len(text), themes))
        whole += text
    return Document(name, kind, whole, tuple(sentences))
