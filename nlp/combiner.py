"""The pipeline's component that lays the lexicon and the trained part together, and says how sure both are."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import exp, log
from typing import NamedTuple

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from nlp.learned.evidence import are_words, quote, whole
from nlp.learned.features import Sentence
from nlp.learned.fitting import ALL, NAMES, Weights
from nlp.learned.second_reading import TOLD
from nlp.learned.side_by_side import Scored
from nlp.learned.theme_model import SCORES, ThemeModel
from nlp.learned.word_table import Floats
from nlp.taxonomy import SUICIDALITY, load_taxonomy
from nlp.theme_finder import BARRED, FOUND, STREAM, Found
from nlp.words import Stream

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
WORDS_SHOWN = 3  # of what spoke for a learned mention
LEAST_SAID = 0.4  # log odds that the strongest word of a learned mention adds at the least
SENTENCES_AROUND = "(sentences around)"  # shown where they are among these
ENCODER = "(encoder {:.2f})"  # shown where one reads along: the chance that it sees by itself


class _Said(NamedTuple):
    """What speaks for a theme in a sentence: its words, the sentences around, and a reader's log odds, if one reads."""

    words: list[float]
    others: float
    told: float | None = None

    @property
    def is_heard(self) -> bool:
        """Tell whether any word speaks for it, and not only what stands around."""
        return max(self.words, default=0.0) >= LEAST_SAID


class _Spoken(NamedTuple):
    """A sentence by its number and its first word's, its words, and which of these are more than signs."""

    sentence: int
    first: int
    words: Sentence
    are_words: list[bool]


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A document with what the lexicon found, by sentence and theme, and the network's log odds of each theme.

    sentences: those that were asked for.
    """

    doc: Doc
    found: dict[tuple[int, str], list[Found]]
    odds: Floats
    sentences: dict[int, _Spoken] = field(default_factory=dict)

    @classmethod
    def of(cls, doc: Doc, odds: Callable[[Floats], Floats]) -> "_Weighed":
        found: dict[tuple[int, str], list[Found]] = defaultdict(list)
        for one in doc.user_data[FOUND]:
            found[one.sentence, one.theme].append(one)
        return cls(doc, found, odds(doc.user_data[SCORES].scores))

    @property
    def scored(self) -> Scored:
        scored: Scored = self.doc.user_data[SCORES]
        return scored

    def told(self, sentence: int, column: int) -> float | None:
        """Give the log odds that a reader sees by itself, if one reads along."""
        told: Floats | None = self.doc.user_data.get(TOLD)
        return None if told is None else float(told[sentence, column])

    def spoken(self, sentence: int) -> _Spoken:
        """Give a sentence, read once for all that is found in it."""
        if sentence not in self.sentences:
            stream: Stream = self.doc.user_data[STREAM]
            first, last = stream.sentences[sentence]
            words = stream.words[first:last]
            self.sentences[sentence] = _Spoken(sentence, first, words, are_words(words))
        return self.sentences[sentence]


class Combiner:
    """Settles which themes a sentence has, from both parts, by a logistic curve a theme.

    The chance that a careful reader would see a theme is taken to be logistic in the network's score and in the list of
    the best lexicon line (Platt scaling with further evidence; Platt, "Probabilistic outputs for support vector
    machines", 1999). Its weights are fitted on writers that neither part was made on. What lies under `threshold` is
    dropped. Safety themes have a threshold of their own, and what the lexicon finds of them stays as long as it is not
    all but ruled out; of suicidality it always stays, whatever the network makes of it.
    """

    def __init__(self, nlp: Language, weights: Weights, threshold: float, safety_threshold: float, name: str) -> None:
        self.name = name
        self._nlp = nlp
        self._themes = tuple(load_taxonomy().themes)
        self._weights = {theme: weights.get(theme, weights[ALL]) for theme in self._themes}
        self._columns = {theme: column for column, theme in enumerate(self._themes)}
        self._safety = frozenset(load_taxonomy().safety)
        self._threshold = {theme: safety_threshold if theme in self._safety else threshold for theme in self._themes}
        self._bias, self._slope = (
            np.array([each[name] for each in self._weights.values()]) for name in ("bias", "score")
        )
        self._least = np.array([log(chance / (1 - chance)) for chance in self._threshold.values()])

    def __call__(self, doc: Doc) -> Doc:
        """Replace what the lexicon found by what both find."""
        self._settle([_Weighed.of(doc, self._odds)])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int) -> Iterator[Doc]:
        """Do so for many documents: those that the network read together are explained together, which is quicker."""
        for docs in minibatch(stream, batch_size):  # type: ignore[no-untyped-call]
            weighed = [_Weighed.of(doc, self._odds) for doc in docs]
            for _, together in groupby(weighed, key=lambda each: id(each.scored.read)):
                self._settle(list(together))
            yield from docs

    def _settle(self, together: Sequence["_Weighed"]) -> None:
        for each, learned in zip(together, self._learned(together), strict=True):
            settled = [*self._agreed(each.odds, each.found), *learned]
            settled.sort(key=lambda one: (one.sentence, one.start, one.end, one.theme))
            each.doc.user_data[FOUND] = settled

    def _odds(self, scores: Floats) -> Floats:
        """Give the log odds of each theme in each sentence of a document, before any line has its say."""
        return np.asarray(self._bias + self._slope * scores[:, : len(self._themes)], np.float32)

    def _agreed(self, odds: Floats, found: dict[tuple[int, str], list[Found]]) -> Iterator[Found]:
        for (sentence, theme), group in found.items():
            best = max(group, key=lambda one: one.score)
            said = self._weights[theme][best.strength] if best.strength else 0.0
            chance = _chance(float(odds[sentence, self._columns[theme]]) + said)
            least = min(RULED_OUT, self._threshold[theme]) if theme in self._safety else self._threshold[theme]
            if chance >= least or theme == SUICIDALITY:
                yield from (one._replace(score=chance) for one in group)

    def _learned(self, together: Sequence["_Weighed"]) -> list[list[Found]]:
        """Give for each document, of those read together, what the network alone finds."""
        learned: list[list[Found]] = [[] for _ in together]
        asked = [
            (each, own, *place) for each, own in zip(together, learned, strict=True) for place in self._asked(each)
        ]
        if not asked:
            return learned
        numbers = np.array([sentence + each.scored.first for each, _, sentence, _ in asked])
        columns = np.array([column for *_, column in asked])
        split = self._model.evidence.of(together[0].scored.read, numbers, columns)
        for (each, own, sentence, column), (shares, others) in zip(asked, split, strict=True):
            said = _Said(shares, others, each.told(sentence, column))
            if said.is_heard or self._is_told(said, column):  # else only what stands around speaks for it
                chance = _chance(float(each.odds[sentence, column]))
                own.append(_quoted(each.spoken(sentence), self._themes[column], chance, said))
        return learned

    def _is_told(self, said: _Said, column: int) -> bool:
        """Tell whether a reader finds a theme by itself."""
        return said.told is not None and bool(
            self._bias[column] + self._slope[column] * said.told >= self._least[column]
        )

    def _asked(self, each: "_Weighed") -> Iterator[tuple[int, int]]:
        barred = each.doc.user_data[BARRED]
        for sentence, column in np.argwhere(each.odds >= self._least).tolist():
            place = (sentence, self._themes[column])
            if place not in each.found and place not in barred:
                yield sentence, column

    @property
    def _model(self) -> ThemeModel:
        pipe = self._nlp.get_pipe("theme_model")
        if not isinstance(pipe, ThemeModel):
            raise TypeError("the combiner needs the trained component theme_model before it")
        return pipe


def _quoted(spoken: _Spoken, theme: str, chance: float, said: _Said) -> Found:
    shares = said.words
    opens, closes = quote(spoken.are_words, shares)
    told = [n for n in range(opens, closes) if spoken.words[n] not in CUES]
    anchor = max(told or range(opens, closes), key=shares.__getitem__)
    # Of "He rang again." the "He" alone shows nothing; and a reader does not say which words it goes by.
    if said.others > sum(shares[opens:closes]) or not said.is_heard:
        opens, closes = whole(spoken.are_words)
    first = spoken.first
    return Found(
        theme, first + opens, first + closes, spoken.sentence, chance, None, _why(spoken, said), first + anchor
    )


def _why(spoken: _Spoken, said: _Said) -> str:
    """Name what speaks for a theme; a reader first, where it alone does."""
    why = [_strongest([*spoken.words, SENTENCES_AROUND], [*said.words, said.others])]
    if said.told is not None:
        why.insert(said.is_heard, ENCODER.format(_chance(said.told)))
    return " ".join(each for each in why if each)


def _chance(odds: float) -> float:
    return 1 / (1 + exp(-max(min(odds, 30.0), -30.0)))


def _strongest(words: Sequence[str], shares: Sequence[float]) -> str:
    """Name the words, or what else speaks, that carry most, with their part in the score."""
    ranked = sorted(range(len(words)), key=shares.__getitem__, reverse=True)[:WORDS_SHOWN]
    return " ".join([f"{words[n]}{shares[n]:+.1f}" for n in ranked if shares[n] > 0])


@Language.factory(
    "combiner",
    default_config={
        "weights": {ALL: dict(zip(NAMES, (0.0, 1.0, 2.6, 1.9, 0.1), strict=True)) | {"denied": 2.6}},
        "threshold": 0.25,
        "safety_threshold": 0.2,
    },
)
def make_combiner(nlp: Language, name: str, weights: Weights, threshold: float, safety_threshold: float) -> Combiner:
    """Make the component with the weights that the build has fitted."""
    return Combiner(nlp, weights, threshold, safety_threshold, name)
