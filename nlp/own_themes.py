"""A clinic's own themes: found by their phrases and by likeness to their examples, from the moment they are given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from nlp.context import Context
from nlp.context_rules import load_context_rules
from nlp.findings import DocumentKind, Mention, Source
from nlp.languages import ENGLISH
from nlp.learned.features import Sentence, featurise, sentences_of
from nlp.learned.theme_model import ThemeModel
from nlp.learned.word_table import Floats
from nlp.lexicon_files import LexiconLine
from nlp.matching import Automaton
from nlp.patterns import OneOf
from nlp.theme_finder import Found, merge
from nlp.words import Stream, normal_words, stream_of, tokenizable

LIKENESS = 0.7  # cosine: near paraphrases; docs/model_card.md says what it finds and what it misses
PHRASE_SCORE = 0.9
REMEMBERED = 64  # sets of themes: about one an organization


@dataclass(frozen=True, slots=True)
class OwnTheme:
    """A theme of a clinic's: the phrases that name it, and sentences that speak of it without naming it."""

    name: str
    phrases: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


class OwnThemes:
    """Finds a clinic's own themes in documents that the pipeline has read. Nothing is trained."""

    def __init__(self, nlp: Language, themes: Sequence[OwnTheme]) -> None:
        model = nlp.get_pipe("theme_model")
        if not isinstance(model, ThemeModel):
            raise TypeError("own themes need the pipeline's trained component theme_model")
        self._nlp, self._model = nlp, model
        self._lines = tuple(line for theme in themes for line in _lines(theme))
        self._automaton = Automaton(line.elements for line in self._lines)
        self._context = Context(load_context_rules())
        self._common = self._shared()
        examples = [
            (theme.name, sentence) for theme in themes for each in theme.examples for sentence in self._read(each)
        ]
        self._examples = tuple(name for name, _ in examples)
        self._vectors = self._directions([sentence for _, sentence in examples])

    def find(self, doc: Doc, kind: DocumentKind) -> list[Mention]:
        """Find the themes of one document, in reading order."""
        if doc._.language != ENGLISH:
            return []
        self._automaton.rest()
        stream = stream_of(doc)
        found = sorted(self._found(stream), key=lambda one: (one.start, one.end, one.theme))
        decided = self._context.decide(stream, found, kind)
        return [_mention(doc, stream, one, each) for one, each in zip(found, decided, strict=True)]

    def _found(self, stream: Stream) -> Iterator[Found]:
        likenesses = self._likenesses(list(sentences_of(stream)))
        for number, (start, end) in enumerate(stream.sentences):
            by_theme: dict[str, list[Found]] = {}
            for hit in self._automaton.find(stream.words, start, end):
                line = self._lines[hit.line]
                one = Found(line.theme, hit.start, hit.end, number, PHRASE_SCORE, line)
                by_theme.setdefault(line.theme, []).append(one)
            for group in by_theme.values():
                yield from merge(group)
            for theme, likeness in likenesses[number].items():
                if theme not in by_theme:
                    why = f"like an example, {likeness:.2f}"
                    yield Found(theme, start, end, number, min(likeness, 1.0), None, why, start)

    def _likenesses(self, sentences: Sequence[Sentence]) -> list[dict[str, float]]:
        """Give for each sentence the themes with an example that it is like, and how like."""
        found: list[dict[str, float]] = [{} for _ in sentences]
        if not self._examples or not sentences:
            return found
        likeness = self._directions(sentences) @ self._vectors.T
        for number, example in zip(*(each.tolist() for each in np.nonzero(likeness >= LIKENESS)), strict=True):
            name = self._examples[example]
            found[number][name] = max(found[number].get(name, 0.0), float(likeness[number, example]))
        return found

    def _directions(self, sentences: Sequence[Sentence]) -> Floats:
        """Give unit vectors of sentences, less what all sentences have in common (Arora, Liang and Ma 2017)."""
        table = self._model.table
        if not sentences:
            return np.zeros((0, table.width), np.float32)
        batch = featurise([[sentence] for sentence in sentences], self._model.vocabulary, table)
        own = batch.dense[:, : table.width]
        own = own - np.outer(own @ self._common, self._common)
        return np.asarray(own / (np.linalg.norm(own, axis=1, keepdims=True) + 1e-9), np.float32)

    def _shared(self) -> Floats:
        """Give the direction that the words of all sentences share, weighted by how common they are."""
        known, table = self._model.vocabulary, self._model.table
        vectors = table.vectors(np.array(table.rows(known.singles), np.int64))
        pull = known.commonness * known.pull_of(np.arange(len(known.singles)))
        common = pull @ vectors
        return np.asarray(common / (np.linalg.norm(common) + 1e-9), np.float32)

    def _read(self, example: str) -> Iterator[Sentence]:
        doc = self._nlp.make_doc(tokenizable(example))
        for name in ("normaliser", "sentences"):
            doc = self._nlp.get_pipe(name)(doc)
        yield from sentences_of(stream_of(doc))


def _lines(theme: OwnTheme) -> Iterator[LexiconLine]:
    for phrase in theme.phrases:
        words = normal_words(phrase)
        if words:
            yield LexiconLine(theme.name, "strong", phrase, tuple(OneOf(frozenset({(word,)})) for word in words))


def _mention(doc: Doc, stream: Stream, one: Found, decided: Any) -> Mention:
    first, last = doc[stream.tokens[one.start]], doc[stream.tokens[one.end - 1]]
    return Mention(
        theme=one.theme,
        start=first.idx,
        end=last.idx + len(last),
        assertion=decided.assertion,
        score=round(one.score, 4),
        source=Source.LEXICON if one.line else Source.MODEL,
        because=f"the clinic's own: {one.written}{decided.because}",
    )


@lru_cache(REMEMBERED)
def own_themes(nlp: Language, themes: tuple[OwnTheme, ...]) -> OwnThemes:
    """Make the finder of some themes; asked again, the same one is given."""
    return OwnThemes(nlp, themes)
