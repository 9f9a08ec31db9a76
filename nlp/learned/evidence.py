"""Which words of a sentence speak for a theme, in the eyes of the trained part."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nlp.learned.features import UNKNOWN, Sentence
from nlp.learned.phrases import shares_of_phrases
from nlp.learned.segments import Ints, spread
from nlp.learned.side_by_side import Read, SideBySide
from nlp.learned.word_table import Floats

AT_LEAST = 0.15  # a word must carry this share of what the strongest word carries, or it ends the quote
LONGEST = 14  # words
FILTERS_ASKED = 24  # of those that speak in a sentence, the ones that count most
AT_ONCE = 128  # scores that are split together, so that memory stays bounded


class Evidence:
    """Splits a theme's score upon the words of a sentence.

    The network is linear for as long as the same units are in use, so that every n-gram and vector has its exact part
    in the score, at once and by way of the sentence's gist: input times gradient (Shrikumar, Greenside and Kundaje,
    "Learning important features through propagating activation differences", ICML 2017). An n-gram's part goes to its
    words in equal shares; a filter's, to the three words where it speaks loudest.
    """

    def __init__(self, weights: SideBySide) -> None:
        self._weights = weights

    def of(self, read: Read, sentences: Ints, themes: Ints) -> Iterator[tuple[list[float], float]]:
        """Split some scores, each that of a sentence and the theme beside it.

        Gives each word's part in it, and what the other sentences of the document add.
        """
        for first in range(0, len(sentences), AT_ONCE):
            together = slice(first, first + AT_ONCE)
            yield from self._together(read, sentences[together], themes[together])

    def _together(self, read: Read, sentences: Ints, themes: Ints) -> Iterator[tuple[list[float], float]]:
        batch, gradients = read.batch, self._weights.gradients(read, sentences, themes)
        lengths = batch.words[sentences + 1] - batch.words[sentences]
        words, owner = spread(batch.words[sentences], lengths), np.repeat(np.arange(len(sentences)), lengths)
        shares = self._of_grams(read, sentences, gradients.units, words, owner)
        if batch.pull[words].any():  # with an encoder, a sentence's vector has no parts
            vectors = batch.table.vectors(batch.rows[words])
            along = gradients.units @ self._weights.dense[: batch.table.width].T
            shares += batch.pull[words] * np.einsum("ij,ij->i", vectors, along[owner])
        shares += self._of_phrases(read, sentences, gradients.filters)
        every, ends = shares.tolist(), np.cumsum(lengths)
        for opens, closes, others in zip(
            (ends - lengths).tolist(), ends.tolist(), gradients.others.tolist(), strict=True
        ):
            yield every[opens:closes], others

    def _of_grams(self, read: Read, sentences: Ints, direction: Floats, words: Ints, owner: Ints) -> Any:
        """Share out what n-grams say: of a pair half to either word, and equally to all places where one stands."""
        batch, size = read.batch, len(self._weights.grams)
        counts = batch.offsets[sentences + 1] - batch.offsets[sentences]
        grams, asked = spread(batch.offsets[sentences], counts), np.repeat(np.arange(len(sentences)), counts)
        said = batch.weights[grams] * self._weights.grams.along(batch.ids[grams], direction, asked)
        keys = asked * size + batch.ids[grams]  # in order, as the n-grams of each sentence are
        shares = np.zeros(len(words))
        for each, reach in ((batch.singles[words], 1), (batch.pairs[words], 2)):
            known = np.flatnonzero(each != UNKNOWN)
            at = np.searchsorted(keys, owner[known] * size + each[known])
            part = said[at] / np.bincount(at, minlength=len(keys))[at] / reach
            for step in range(reach):
                shares[known + step] += part
        return shares

    def _of_phrases(self, read: Read, sentences: Ints, direction: Floats) -> Any:
        said = np.abs(read.heard.told[sentences] * direction)
        most = min(FILTERS_ASKED, said.shape[1])
        asked = np.argpartition(-said, most - 1, axis=1)[:, :most]
        return shares_of_phrases(read.heard, sentences, asked, np.take_along_axis(direction, asked, axis=1))


def are_words(sentence: Sentence) -> list[bool]:
    """Tell which words of a sentence are more than signs."""
    return [word[0].isalnum() for word in sentence]


def quote(are_words: Sequence[bool], shares: Sequence[float]) -> tuple[int, int]:
    """Give the run of words, start and end, that speaks for the theme most; at least one word."""
    if True not in are_words:
        return 0, len(are_words)
    values = [share if is_word else 0.0 for share, is_word in zip(shares, are_words, strict=True)]
    most = max(values)
    least = AT_LEAST * max(most, 1e-9)
    best, opens, start, total = float("-inf"), values.index(most), 0, 0.0
    closes = opens + 1
    for end, value in enumerate(values, 1):
        if total <= 0 or end - start > LONGEST:
            start, total = end - 1, 0.0
        total += value - least
        if total > best and are_words[start] and are_words[end - 1]:
            best, opens, closes = total, start, end
    return opens, closes


def whole(are_words: Sequence[bool]) -> tuple[int, int]:
    """Give where a sentence begins and ends, without the signs around it; of signs alone, all."""
    places = [n for n, is_word in enumerate(are_words) if is_word]
    return (places[0], places[-1] + 1) if places else (0, len(are_words))
