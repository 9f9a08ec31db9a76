"""What is learned of assertions: a curve over the rules' verdict, the words around a mention and the network's view.

Multinomial logistic regression over sparse features, fitted by AdaGrad (Duchi, Hazan and Singer, "Adaptive subgradient
methods", JMLR 12, 2011) on mentions in texts of writers that the network was kept from.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp.findings import Assertion

ASSERTIONS = tuple(Assertion)
BEFORE, AFTER, CLOSE = 8, 7, 3  # words looked at on either side of a mention; those whose distance counts
NEAR = 1  # words between a cue and a mention, as in "no more wine"
SEEN = 2  # times that a feature must have been met to be kept
EPOCHS, RATE, PULL, SEED = 12, 0.15, 2e-4, 20261125
# What the chance of "affirmed" counts: below 1, since what is wrongly taken for affirmed does more harm. At 0.3 plain
# sentences were turned ("I had a few too many on Saturday"); docs/model_card.md has what it costs.
AFFIRMED_COUNTS = 0.65
EVEN = 0.5  # another assertion must be likelier than not where the rules affirm
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """A mention as it is judged.

    words: of its sentence. core: which of them it is about. verdict: what the rules say; gap: how many words lie
    between the mention and the cue. turned: the network's logits of each assertion but the first, for the sentence.
    """

    words: Sequence[str]
    core: tuple[int, int]
    theme: str
    kind: str
    verdict: Assertion
    gap: int
    strength: str
    turned: Sequence[float]


Labelled = tuple[Seen, Assertion]


def features_of(seen: Seen) -> Iterator[tuple[str, float]]:
    """Name what is looked at, each with its value."""
    start, end = seen.core
    words = seen.words
    verdict = f"rules:{seen.verdict.value}"
    source = "learned" if seen.strength == "learned" else "line"
    near = "near" if seen.gap <= NEAR else "far"
    for name in (
        "always", verdict, f"{verdict}|{source}", f"{verdict}|{near}", f"{verdict}|{near}|{source}",
        f"theme:{seen.theme}", f"{verdict}|{seen.theme}", f"kind:{seen.kind}", f"kind:{seen.kind}|{verdict}",
        f"strength:{seen.strength}",
    ):  # fmt: skip
        yield name, 1.0
    yield f"first:{words[0]}", 1.0
    for back in range(1, min(CLOSE, start) + 1):
        yield f"{back} before:{words[start - back]}", 1.0
    for word in words[max(0, start - BEFORE) : start]:
        yield f"before:{word}", 0.5
    for word in words[end : end + AFTER]:
        yield f"after:{word}", 0.5
    for name, logit in zip(ASSERTIONS[1:], seen.turned, strict=True):
        yield f"network:{name.value}", max(-6.0, min(6.0, logit)) / 3


class AssertionModel:
    """Gives the chance of each assertion of a mention."""

    def __init__(self, weights: Mapping[str, Sequence[float]]) -> None:
        self._weights = {name: tuple(row) for name, row in weights.items()}

    def chances(self, seen: Seen) -> dict[Assertion, float]:
        """Give the chances of all assertions, which sum to one."""
        logits = [0.0] * len(ASSERTIONS)
        for name, value in features_of(seen):
            row = self._weights.get(name)
            if row is not None:
                for n, weight in enumerate(row):
                    logits[n] += value * weight
        powers = np.exp(np.array(logits) - max(logits))
        return dict(zip(ASSERTIONS, (powers / powers.sum()).tolist(), strict=True))

    def settle(self, seen: Seen) -> tuple[Assertion, float]:
        """Choose an assertion, and say how sure it is."""
        found = self.chances(seen)
        best = max(found, key=lambda each: found[each] * (AFFIRMED_COUNTS if each is Assertion.AFFIRMED else 1))
        if seen.verdict is Assertion.AFFIRMED and found[best] < EVEN:
            best = Assertion.AFFIRMED
        return best, found[best]

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
    weights = np.zeros((len(places), len(ASSERTIONS)))
    steps = np.full_like(weights, 1e-6)
    order = np.random.default_rng(SEED)
    for _ in range(EPOCHS):
        for n in order.permutation(len(rows)):
            ids, values, truth_ = rows[n]
            logits = values @ weights[ids]
            powers = np.exp(logits - logits.max())
            slope = powers / powers.sum()
            slope[truth_] -= 1
            gradient = values[:, None] * slope + PULL * weights[ids]
            steps[ids] += gradient**2
            weights[ids] -= RATE * gradient / np.sqrt(steps[ids])
    return AssertionModel({name: [round(float(w), 3) for w in weights[n]] for name, n in places.items()})
