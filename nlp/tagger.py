"""Text in, findings out: what the rest of the house asks of this floor."""

import gc
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Protocol

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from nlp import registered  # noqa: F401 -- makes the components known to spaCy
from nlp.context import KIND
from nlp.findings import Analysis, Assertion, DocumentKind, Mention, Source
from nlp.mentions import ATTRIBUTES
from nlp.own_themes import OwnTheme, own_themes
from nlp.theme_finder import SPANS
from nlp.words import count_words, tokenizable

PIPELINE = Path(__file__).with_name("pipeline")
ASSERTIONS = {each.value: each for each in Assertion}
SOURCES = {each.value: each for each in Source}


class Tagger(Protocol):
    """Finds themes in texts. `version` names exactly what found them."""

    version: str

    def tag(self, text: str, kind: DocumentKind, own: tuple[OwnTheme, ...] = ()) -> Analysis:
        """Find the themes of one text, and a clinic's own. Raises ValueError where it holds a lone surrogate."""
        ...

    def tag_many(self, documents: Iterable[tuple[str, DocumentKind]]) -> Iterator[Analysis]:
        """Find the themes of many texts, in their order."""
        ...


class LexiconTagger:
    """The tagger of this package: a lexicon and context rules in a spaCy pipeline."""

    def __init__(self, pipeline: Language, version: str) -> None:
        self.version = version
        self._pipeline = pipeline

    def tag(self, text: str, kind: DocumentKind, own: tuple[OwnTheme, ...] = ()) -> Analysis:
        """Find the themes of one text, and a clinic's own."""
        doc = self.read(text, kind)
        analysis = self._analysis(doc)
        if not own:
            return analysis
        more = own_themes(self._pipeline, own).find(doc, kind)
        mentions = sorted([*analysis.mentions, *more], key=lambda each: (each.start, each.end, each.theme))
        return replace(analysis, mentions=tuple(mentions))

    def tag_many(self, documents: Iterable[tuple[str, DocumentKind]]) -> Iterator[Analysis]:
        """Find the themes of many texts, in their order."""
        for doc in self._pipeline.pipe(self._doc(text, kind) for text, kind in documents):
            yield self._analysis(doc)

    def read(self, text: str, kind: DocumentKind) -> Doc:
        """Give the spaCy document with all that was found, for explaining it."""
        return self._pipeline(self._doc(text, kind))

    def _doc(self, text: str, kind: DocumentKind) -> Doc:
        doc = self._pipeline.make_doc(tokenizable(text))
        doc.user_data[KIND] = kind
        return doc

    def _analysis(self, doc: Doc) -> Analysis:
        group = doc.spans[SPANS]
        columns = (group.attrs[name] for name in ATTRIBUTES)
        mentions = tuple(
            Mention(
                theme=span.label_,
                start=span.start_char,
                end=span.end_char,
                assertion=ASSERTIONS[assertion],
                score=score,
                source=SOURCES[source],
                because=because,
                severity=severity,
            )
            for span, assertion, score, source, severity, because in zip(group, *columns, strict=True)
        )
        return Analysis(mentions, count_words(doc), self.version, doc._.language)


def load_pipeline(path: Path = PIPELINE) -> Language:
    """Load a built pipeline; without a path, the one that comes with the project."""
    collected = gc.isenabled()
    gc.disable()  # what is made here stays: looking for garbage among it takes a third of the time
    try:
        return spacy.load(path)
    finally:
        if collected:
            gc.enable()


def pipeline_version(pipeline: Path = PIPELINE) -> str:
    """Name a pipeline by the content of its code, tables, lexicon and weights: any change gives another name."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    read = ("*.toml", "*.py", "lexicon/*.gz", "learned/word_table.npz")  # soft labels are for training alone
    for root, patterns in ((folder, read), (pipeline, ("*",))):
        for path in sorted(path for pattern in patterns for path in root.rglob(pattern) if path.is_file()):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(_content(path))
    return f"hybrid-1+{digest.hexdigest()[:8]}"


def _content(path: Path) -> bytes:
    """Give a file as it is without the line breaks of Windows; of an encoder's weights, which are large, a digest."""
    if path.suffix == ".safetensors":
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    return path.read_bytes().replace(b"\r\n", b"\n")


@cache
def load_tagger(pipeline: Path = PIPELINE) -> LexiconTagger:
    """Give the tagger of a built pipeline. It is loaded once per interpreter and shared."""
    return LexiconTagger(load_pipeline(pipeline), pipeline_version(pipeline))
