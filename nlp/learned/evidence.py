"""Which words of a sentence speak for a theme, in the eyes of the trained part."""

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
from thinc.api import Model

from nlp.learned.architecture import parameter
from nlp.learned.features import Batch, Scored, Sentence, Vocabulary
from nlp.learned.phrases import shares_of_phrases
from nlp.learned.word_table import Floats, WordTable

AT_LEAST = 0.15  # a word must carry this share of what the strongest word carries, or it ends the quote
LONGEST = 14  # words
PARTS = ("grams", "dense", "phrases")
FILTERS_ASKED = 24  # of those that speak in a sentence, the ones that count most


class Evidence:
    """Splits a theme's score upon the words of a sentence.

    The hidden layer is linear for as long as the same units are in use, so that every n-gram and vector has its exact
    part in the score: input times gradient (Shrikumar, Greenside and Kundaje, "Learning important features through
    propagating activation differences", ICML 2017). An n-gram's part goes to its words in equal shares; a filter's, to
    the three words where it speaks loudest.
    """

    def __init__(self, model: Model[Batch, Floats], vocabulary: Vocabulary, table: WordTable) -> None:
        # The members side by side are one network: their units in a row, their outputs averaged.
        grams, dense, phrases = (
            np.concatenate([parameter(member.layers[0], name) for member in model.layers], axis=-1) for name in PARTS
        )
        outputs = [parameter(member.layers[-1], "W") / len(model.layers) for member in model.layers]
        units = model.layers[0].layers[0].get_dim("hidden")
        self._grams, self._dense, self._phrases, self._units = grams, dense, phrases, units
        self._output = np.concatenate([each[:, :units] for each in outputs], axis=-1)
        self._phrase_output = np.concatenate([each[:, units:] for each in outputs], axis=-1)
        self._vocabulary, self._table = vocabulary, table

    def of(self, scored: Scored, sentence: int, words: Sentence, theme: int) -> Floats:
        """Give each word's part in the score of theme number `theme` in a sentence, shape (words,)."""
        batch, number = scored.batch, scored.first + sentence
        start, end = batch.offsets[number], batch.offsets[number + 1]
        first, last = batch.words[number], batch.words[number + 1]
        ids, weights, pull = batch.ids[start:end], batch.weights[start:end], batch.pull[first:last]
        hidden = np.concatenate([each[number, : self._units] for each in scored.hidden])
        direction = (hidden > 0) * self._output[theme]
        parts = dict(zip(ids.tolist(), (weights * (self._grams[ids] @ direction)).tolist(), strict=True))
        vectors = self._table.vectors(batch.rows[first:last])
        shares = self._shares(words, parts) + self._of_phrases(scored, number, vectors, theme)
        if pull.any():  # with an encoder, a sentence's vector has no parts
            shares += pull * (vectors @ (self._dense[: self._table.width] @ direction))
        return np.asarray(shares, dtype=np.float32)

    def _of_phrases(self, scored: Scored, number: int, vectors: Floats, theme: int) -> Floats:
        told = np.concatenate([each[number, self._units :] for each in scored.hidden])
        said = told * self._phrase_output[theme]
        asked = np.argsort(-np.abs(said), kind="stable")[:FILTERS_ASKED]
        return shares_of_phrases(vectors, self._phrases[..., asked], told[asked], self._phrase_output[theme, asked])

    def _shares(self, words: Sentence, parts: dict[int, float]) -> Any:
        shares = [0.0] * len(words)
        singles, pairs = self._vocabulary.singles, self._vocabulary.pairs
        met: Counter[Any] = Counter(words)
        for place, word in enumerate(words):
            shares[place] += parts.get(singles.get(word, -1), 0.0) / met[word]
        met = Counter(pairwise(words))
        for place, pair in enumerate(pairwise(words)):
            if pair in pairs:
                half = parts.get(pairs[pair], 0.0) / met[pair] / 2
                shares[place] += half
                shares[place + 1] += half
        return np.array(shares)


def quote(words: Sentence, shares: Floats) -> tuple[int, int]:
    """Give the run of words, start and end, that speaks for the theme most; at least one word."""
    usable = [word[0].isalnum() for word in words]
    if not any(usable):
        return 0, len(words)
    values = [share if use else 0.0 for share, use in zip(shares.tolist(), usable, strict=True)]
    loudest = values.index(max(values))
    least = AT_LEAST * max(values[loudest], 1e-9)
    best, opens, closes = float("-inf"), loudest, loudest + 1
    start, total = 0, 0.0
    for end, value in enumerate(values, 1):
        if total <= 0 or end - start > LONGEST:
            start, total = end - 1, 0.0
        total += value - least
        if total > best and usable[start] and usable[end - 1]:
            best, opens, closes = total, start, end
    return opens, closes
