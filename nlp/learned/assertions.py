"""What is learned of assertions: a curve over the rules' verdict, the words around a mention and the network's view.

Multinomial logistic regression over sparse features, fitted on mentions in texts of writers that the network was kept
from.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlp.findings import Assertion
from nlp.learned.multinomial import fitted

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
NETWORK = tuple(f"{of}:{each.value}" for of in ("network", "of the theme") for each in ASSERTIONS[1:])
Floats = NDArray[np.float64]


class Window(NamedTuple):
    """Words that are looked at by where they stand.

    They are counted from `anchor`: the first word of the sentence, that of the mention, or the one behind it.
    """

    name: str
    anchor: int
    offsets: range
    value: float


OPENS, STARTS, ENDS = range(3)
WINDOWS = (
    Window("first", OPENS, range(1), 1.0),
    *(Window(f"{back} before", STARTS, range(-back, 1 - back), 1.0) for back in range(1, CLOSE + 1)),
    Window("before", STARTS, range(-BEFORE, 0), 0.5),
    Window("after", ENDS, range(AFTER), 0.5),
)


class Seen(NamedTuple):
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


def words_around(seen: Seen) -> Iterator[tuple[str, float]]:
    """Name the words that are looked at, by where they stand, each with what it counts."""
    anchors = (0, *seen.core)
    for name, anchor, offsets, value in WINDOWS:
        for place in (anchors[anchor] + offset for offset in offsets):
            if 0 <= place < len(seen.words):
                yield f"{name}:{seen.words[place]}", value


def features_of(seen: Seen) -> Iterator[tuple[str, float]]:
    """Name all that is looked at, each with its value."""
    for name in known_beforehand(seen):
        yield name, 1.0
    yield from words_around(seen)
    yield from zip(NETWORK, _bounded(np.array(seen.turned)).tolist(), strict=True)


def _bounded(logits: Floats) -> Floats:
    return np.clip(logits, -6, 6) / 3


class AssertionModel:
    """Gives the chance of each assertion of a mention."""

    def __init__(self, weights: Mapping[str, Sequence[float]]) -> None:
        places = {window.name: number for number, window in enumerate(WINDOWS)}
        parts = [(*name.partition(":")[::2], row) for name, row in weights.items()]
        known = [(places[place], word, row) for place, word, row in parts if place in places]
        self._words = {word: number for number, word in enumerate(dict.fromkeys(word for _, word, _ in known), 1)}
        # One table in which each word is looked up by where it stands; its first row is that of what was never met.
        self._table = np.zeros((len(WINDOWS), len(self._words) + 1, len(ASSERTIONS)))
        if known:
            at = np.array([(place, self._words[word]) for place, word, _ in known])
            self._table[at[:, 0], at[:, 1]] = [row for *_, row in known]
        self._others = {
            name: weights[name] for name, (place, _, _) in zip(weights, parts, strict=True) if place not in places
        }
        self._network = np.array([weights.get(name, NOTHING) for name in NETWORK], np.float64)
        self._beforehand: dict[tuple[object, ...], list[float]] = {}

    def chances(self, mentions: Sequence[Seen]) -> Floats:
        """Give the chances of all assertions of some mentions, shape (mentions, assertions); rows sum to one."""
        if not mentions:
            return np.zeros((0, len(ASSERTIONS)))
        logits = np.array([self._known(each) for each in mentions])
        logits += _bounded(np.array([each.turned for each in mentions])) @ self._network
        logits += self._around(mentions)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def _known(self, seen: Seen) -> list[float]:
        """Add up what is known beside the words: there are few different sums, which are kept."""
        key = (seen.verdict, seen.strength, seen.gap <= NEAR, seen.theme, seen.kind, seen.is_enriched)
        if key not in self._beforehand:
            rows = [self._others.get(name, NOTHING) for name in known_beforehand(seen)]
            self._beforehand[key] = np.sum(rows, axis=0).tolist()
        return self._beforehand[key]

    def _around(self, mentions: Sequence[Seen]) -> Floats:
        """Add up what the words around each mention say. Each sentence is laid out once, with nothing beside it."""
        number, nothing = self._words.get, [0] * max(BEFORE, AFTER)
        row, anchors, laid = [*nothing], [], None
        for seen in mentions:
            if seen.words is not laid:
                opens, laid = len(row), seen.words
                row += [number(word, 0) for word in laid]
                row += nothing
            anchors.append((opens, opens + seen.core[0], opens + seen.core[1]))
        words, at = np.array(row), np.array(anchors)
        said = np.zeros((len(mentions), len(ASSERTIONS)))
        for window, table in zip(WINDOWS, self._table, strict=True):
            met = words[at[:, window.anchor, None] + np.array(window.offsets)]
            said += table[met].sum(axis=1) * window.value
        return said

    def settle(self, mentions: Sequence[Seen]) -> list[tuple[Assertion, float]]:
        """Choose an assertion for each mention, and say how sure it is."""
        chances = self.chances(mentions)
        counted = chances.copy()
        counted[:, AFFIRMED] *= AFFIRMED_COUNTS
        best = counted.argmax(axis=1)
        sure = chances[np.arange(len(mentions)), best]
        is_affirmed = np.array([each.verdict is Assertion.AFFIRMED for each in mentions], bool)
        best[is_affirmed & (sure < EVEN)] = AFFIRMED
        sure = chances[np.arange(len(mentions)), best]
        return [(ASSERTIONS[number], chance) for number, chance in zip(best.tolist(), sure.tolist(), strict=True)]

    def write(self, path: Path) -> None:
        """Write the weights to a file."""
        words = {
            f"{window.name}:{word}": row
            for window, table in zip(WINDOWS, self._table.tolist(), strict=True)
            for word, row in zip(self._words, table[1:], strict=True)
            if any(row)
        }
        told = dict(sorted({**words, **self._others}.items()))
        path.write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")

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
