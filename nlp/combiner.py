"""The pipeline's component that lays the lexicon and the trained part together, and says how sure both are."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import exp, log

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from nlp.learned.evidence import quote
from nlp.learned.fitting import ALL, Weights
from nlp.learned.side_by_side import Scored
from nlp.learned.theme_model import SCORES, ThemeModel
from nlp.learned.word_table import Floats
from nlp.taxonomy import SUICIDALITY, load_taxonomy
from nlp.theme_finder import BARRED, FOUND, STREAM, Found

# What turns a mention round is not what the mention is about.
CUES = frozenset(
    {
        "not",
        "no",
        "never",
        "without",
        "denies",
        "deny",
        "denied",
        "nobody",
        "nothing",
        "none",
        "neither",
        "if",
        "should",
    }
    | {"might", "may", "maybe", "wish", "would", "could", "whether", "wonder", "wonders", "hope", "hopes", "used"}
)
RULED_OUT = 0.05  # of lines of safety themes with less, one in nine was right on held-out writers (docs/model_card.md)
LEAST_SLOPE = 0.1  # a network's score always speaks for its theme, if only a little
WORDS_SHOWN = 3  # of what spoke for a learned mention


class Combiner:
    """Settles which themes a sentence has, from both parts, by a logistic curve a theme.

    The chance that a careful reader would see a theme is taken to be logistic in the network's score and in the list
    of the best lexicon line (Platt scaling with the lexicon as further evidence; Platt, "Probabilistic outputs for
    support vector machines", 1999). Its weights are fitted on writers that neither part has learned from. What lies
    under `threshold` is dropped. Safety themes have a threshold of their own, and what the lexicon finds of them stays
    as long as it is not all but ruled out; of suicidality it always stays, whatever the network makes of it.
    """

    def __init__(self, nlp: Language, weights: Weights, threshold: float, safety_threshold: float, name: str) -> None:
        self.name = name
        self._nlp = nlp
        self._themes = tuple(load_taxonomy().themes)
        self._weights = {theme: weights.get(theme, weights[ALL]) for theme in self._themes}
        self._columns = {theme: column for column, theme in enumerate(self._themes)}
        self._safety = frozenset(load_taxonomy().safety)
        self._threshold = {theme: safety_threshold if theme in self._safety else threshold for theme in self._themes}
        self._least = np.array([self._score_for(*each) for each in self._threshold.items()])

    def __call__(self, doc: Doc) -> Doc:
        """Replace what the lexicon found by what both find."""
        found: dict[tuple[int, str], list[Found]] = defaultdict(list)
        for one in doc.user_data[FOUND]:
            found[one.sentence, one.theme].append(one)
        settled = [
            *self._agreed(doc, found),
            *self._learned(doc, found),
        ]
        doc.user_data[FOUND] = sorted(settled, key=lambda one: (one.sentence, one.start, one.end, one.theme))
        return doc

    def chance(self, theme: str, score: float, strength: str | None) -> float:
        """Give the chance that a theme is there, from the network's score and the list of the best line, if any."""
        weights = self._weights[theme]
        total = weights["bias"] + weights["score"] * score
        total += weights[strength] if strength else 0.0
        return 1 / (1 + exp(-max(min(total, 30.0), -30.0)))

    def _agreed(self, doc: Doc, found: dict[tuple[int, str], list[Found]]) -> Iterator[Found]:
        scores = doc.user_data[SCORES].scores
        for (sentence, theme), group in found.items():
            best = max(group, key=lambda one: one.score)
            chance = self.chance(theme, float(scores[sentence, self._columns[theme]]), best.strength)
            least = min(RULED_OUT, self._threshold[theme]) if theme in self._safety else self._threshold[theme]
            if chance >= least or theme == SUICIDALITY:
                yield from (replace(one, score=chance) for one in group)

    def _learned(self, doc: Doc, found: dict[tuple[int, str], list[Found]]) -> Iterator[Found]:
        scored: Scored = doc.user_data[SCORES]
        stream = doc.user_data[STREAM]
        barred = doc.user_data[BARRED]
        asked = [
            (sentence, column)
            for sentence, column in self._likely(scored.scores)
            if (place := (sentence, self._themes[column])) not in found and place not in barred
        ]
        if not asked:
            return
        numbers, columns = np.array(asked).T
        parts = self._model.evidence.of(scored.read, numbers + scored.first, columns)
        for (sentence, column), said in zip(asked, parts, strict=True):
            start, end = stream.sentences[sentence]
            words, shares = stream.words[start:end], said.tolist()
            opens, closes = quote(words, shares)
            chance = self.chance(self._themes[column], float(scored.scores[sentence, column]), None)
            anchor = start + max(range(opens, closes), key=lambda n: (words[n] not in CUES, shares[n]))
            why = _strongest(words, shares)
            yield Found(self._themes[column], start + opens, start + closes, sentence, chance, None, why, anchor)

    def _likely(self, scores: Floats) -> Iterator[tuple[int, int]]:
        """Give sentence and column of each score that passes its threshold without help from the lexicon."""
        yield from zip(
            *(each.tolist() for each in np.nonzero(scores[:, : len(self._themes)] >= self._least)), strict=True
        )

    def _score_for(self, theme: str, chance: float) -> float:
        """Give the network's score that has this chance where no line speaks for the theme."""
        weights = self._weights[theme]
        return (log(chance / (1 - chance)) - weights["bias"]) / max(weights["score"], LEAST_SLOPE)

    @property
    def _model(self) -> ThemeModel:
        pipe = self._nlp.get_pipe("theme_model")
        if not isinstance(pipe, ThemeModel):
            raise TypeError("the combiner needs the trained component theme_model before it")
        return pipe


def _strongest(words: Sequence[str], shares: Sequence[float]) -> str:
    """Name the words that carry most, with their part in the score."""
    ranked = sorted(zip(words, shares, strict=True), key=lambda each: -each[1])[:WORDS_SHOWN]
    return " ".join(f"{word}{share:+.1f}" for word, share in ranked if share > 0)


@Language.factory(
    "combiner",
    default_config={
        "weights": {ALL: {"bias": 0.0, "score": 1.0, "strong": 2.6, "denied": 2.6, "likely": 1.9, "weak": 0.1}},
        "threshold": 0.25,
        "safety_threshold": 0.2,
    },
)
def make_combiner(nlp: Language, name: str, weights: Weights, threshold: float, safety_threshold: float) -> Combiner:
    """Make the component with the weights that the build has fitted."""
    return Combiner(nlp, weights, threshold, safety_threshold, name)
