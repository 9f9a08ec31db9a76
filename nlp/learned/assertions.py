"""What is learned of assertions: a curve over the rules' verdict, the words around a mention and the network's view.

Multinomial logistic regression over sparse features, fitted on mentions in texts of writers that the network was kept
from.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp.findings import Assertion
from nlp.learned.multinomial import fitted
from nlp.learned.segments import weighted_sums

ASSERTIONS = tuple(Assertion)
BEFORE, AFTER, CLOSE = 8, 7, 3  # words looked at on either side of a mention; those whose distance counts
NEAR = 1  # words between a cue and a mention, as in "no more wine"
SEEN = 2  # times that a feature must have been met to be kept
# What the chance of "affirmed" counts: below 1, since what is wrongly taken for affirmed does more harm. At 0.3 plain
# sentences were turned ("I had a few too many on Saturday"); docs/model_card.md has what it costs.
AFFIRMED_COUNTS = 0.65
EVEN = 0.5  # another assertion must be likelier than not where the rules affirm
AFFIRMED = ASSERTIONS.index(Assertion.AFFIRMED)
NOTHING = (0.0,) * len(ASSERTIONS)
PLACES = {back: f"{back} before" for back in range(1, CLOSE + 1)}
NETWORK = tuple(f"{of}:{each.value}" for of in ("network", "of the theme") for each in ASSERTIONS[1:])
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """A mention as it is judged.

    words: of its sentence. core: which of them it is about. verdict: what the rules say; gap: how many words lie
    between the mention and the cue. turned: the network's log odds of each assertion but the first, for the sentence
    and for the theme in it. is_enriched: it comes from texts with more that is turned than people write, so that how
    often is not learned from them.
    """

    words: Sequence[str]
    core: tuple[int, int]
    theme: str
    kind: str
    verdict: Assertion
    gap: int
    strength: str
    turned: Sequence[float]
    is_enriched: bool = False


Labelled = tuple[Seen, Assertion]


def known_beforehand(seen: Seen) -> Iterator[str]:
    """Name what is looked at beside the words: each counts 1."""
    verdict = f"rules:{seen.verdict.value}"
    source = "learned" if seen.strength == "learned" else "line"
    near = "near" if seen.gap <= NEAR else "far"
    yield from (
        "always:", verdict, f"{verdict}|{source}", f"{verdict}|{near}", f"{verdict}|{near}|{source}",
        f"theme:{seen.theme}", f"{verdict}|{seen.theme}", f"kind:{seen.kind}", f"kind:{seen.kind}|{verdict}",
        f"strength:{seen.strength}",
    )  # fmt: skip
    if seen.is_enriched:
        yield from ("enriched:", f"enriched:{seen.verdict.value}", f"enriched:{seen.theme}")


def words_around(seen: Seen) -> Iterator[tuple[str, Sequence[str], float]]:
    """Give the words that are looked at: where they stand, the words, and what each counts."""
    start, end = seen.core
    words = seen.words
    yield "first", words[:1], 1.0
    for back in range(1, min(CLOSE, start) + 1):
        yield PLACES[back], words[start - back : start - back + 1], 1.0
    yield "before", words[max(0, start - BEFORE) : start], 0.5
    yield "after", words[end : end + AFTER], 0.5


def features_of(seen: Seen) -> Iterator[tuple[str, float]]:
    """Name all that is looked at, each with its value."""
    for name in known_beforehand(seen):
        yield name, 1.0
    for place, words, value in words_around(seen):
        for word in words:
            yield f"{place}:{word}", value
    for name, value in zip(NETWORK, _bounded(seen.turned), strict=True):
        yield name, value


def _bounded(logits: Sequence[float]) -> list[float]:
    return [max(-6.0, min(6.0, logit)) / 3 for logit in logits]


class AssertionModel:
    """Gives the chance of each assertion of a mention."""

    def __init__(self, weights: Mapping[str, Sequence[float]]) -> None:
        self._weights = {name: tuple(row) for name, row in weights.items()}
        # One table in which each word is looked up by where it stands; its last row is that of what was never met.
        self._table = np.array([*self._weights.values(), NOTHING], np.float64)
        self._rows: dict[str, dict[str, int]] = {}
        for number, name in enumerate(self._weights):
            place, _, word = name.partition(":")
            self._rows.setdefault(place, {})[word] = number
        self._network = np.array([self._weights.get(name, NOTHING) for name in NETWORK], np.float64)
        self._beforehand: dict[tuple[object, ...], Floats] = {}

    def chances(self, mentions: Sequence[Seen]) -> Floats:
        """Give the chances of all assertions of some mentions, shape (mentions, assertions); rows sum to one."""
        if not mentions:
            return np.zeros((0, len(ASSERTIONS)))
        logits = np.stack([self._known(each) for each in mentions])
        logits += np.array([_bounded(each.turned) for each in mentions]) @ self._network
        rows: list[int] = []
        values: list[float] = []
        offsets = [0]
        for seen in mentions:
            for place, words, value in words_around(seen):
                row = self._rows.get(place, {}).get
                rows += [row(word, -1) for word in words]
                values += [value] * len(words)
            offsets.append(len(rows))
        logits += weighted_sums(self._table, np.array(rows, np.int64), np.array(values), np.array(offsets))
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def _known(self, seen: Seen) -> Floats:
        """Add up what is known beside the words: there are few different sums, which are kept."""
        key = (seen.verdict, seen.strength, seen.gap <= NEAR, seen.theme, seen.kind, seen.is_enriched)
        if key not in self._beforehand:
            rows = [self._weights.get(name, NOTHING) for name in known_beforehand(seen)]
            self._beforehand[key] = np.sum(rows, axis=0)
        return self._beforehand[key]

    def settle(self, mentions: Sequence[Seen]) -> list[tuple[Assertion, float]]:
        """Choose an assertion for each mention, and say how sure it is."""
        settled = []
        for seen, chances in zip(mentions, self.chances(mentions).tolist(), strict=True):
            counted = [chances[AFFIRMED] * AFFIRMED_COUNTS, *chances[1:]]
            best = counted.index(max(counted))
            if seen.verdict is Assertion.AFFIRMED and chances[best] < EVEN:
                best = AFFIRMED
            settled.append((ASSERTIONS[best], chances[best]))
        return settled

    def write(self, path: Path) -> None:
        """Write the weights to a file."""
        path.write_text(json.dumps(self._weights, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")

    @classmethod
    def read(cls, path: Path) -> "AssertionModel":
        """Read the weights."""
        return cls(json.loads(path.read_text("utf-8")))


def learn(mentions: Sequence[Labelled]) -> AssertionModel:
    """Fit the curve on mentions with what they are."""
    counts = Counter(name for seen, _ in mentions for name, _ in features_of(seen))
    places = {name: n for n, name in enumerate(sorted(name for name, count in counts.items() if count >= SEEN))}
    rows = []
    for seen, truth in mentions:
        known = [(places[name], value) for name, value in features_of(seen) if name in places]
        ids, values = np.array([each for each, _ in known], np.int64), np.array([value for _, value in known])
        rows.append((ids, values, ASSERTIONS.index(truth)))
    weights = fitted(rows, len(places), len(ASSERTIONS))
    return AssertionModel({name: [round(float(w), 3) for w in weights[n]] for name, n in places.items()})
