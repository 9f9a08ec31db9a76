"""Taggers that fail, or say that they are of another version."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask

from nlp import Analysis, DocumentKind, OwnTheme, Tagger, load_tagger


class Broken:
    """A tagger that cannot tag."""

    version = "broken"

    def tag(self, text: str, kind: DocumentKind, own: tuple[OwnTheme, ...] = ()) -> Analysis:
        raise RuntimeError(f"cannot read {text!r} of {kind}")

    def tag_many(self, documents: Iterable[tuple[str, DocumentKind]]) -> Iterator[Analysis]:
        return iter([self.tag(text, kind) for text, kind in documents])


class Renamed:
    """The real tagger under another version's name."""

    def __init__(self, version: str) -> None:
        self.version = version

    def tag(self, text: str, kind: DocumentKind, own: tuple[OwnTheme, ...] = ()) -> Analysis:
        return next(self.tag_many([(text, kind)]))

    def tag_many(self, documents: Iterable[tuple[str, DocumentKind]]) -> Iterator[Analysis]:
        for analysis in load_tagger().tag_many(documents):
            yield replace(analysis, pipeline_version=self.version)


@contextmanager
def with_tagger(app: Flask, tagger: Tagger) -> Iterator[None]:
    before = app.extensions["parts"]
    app.extensions["parts"] = replace(before, load_tagger=lambda: tagger)
    try:
        yield
    finally:
        app.extensions["parts"] = before
