"""What is learned of how far suicidality goes, for sentences in which no line says it: words and pairs of words."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from nlp.learned.multinomial import fitted

SEEN = 2  # texts in which a feature must have been met to be kept
# Of levels at least this likely three in four were right on texts by an author never learned from, nine in ten at most
# one level off (docs/model_card.md). What is less likely is not told.
EVEN = 0.5
DIGITS = 2  # of a weight
SHOWN = 3  # words or pairs that speak for a level
START, END = "<", ">"  # of a sentence
Labelled = tuple[Sequence[str], str, str]  # the words of a text, the kind of its document, its level


def features_of(words: Sequence[str], kind: str) -> Iterator[str]:
    """Name all that is looked at; each counts 1."""
    framed = (START, *words, END)
    yield from dict.fromkeys(
        ["always:", f"kind:{kind}", *(f"word:{word}" for word in words)]
        + [f"pair:{first} {second}" for first, second in pairwise(framed)]
    )


class LevelModel:
    """Gives the likeliest level of a sentence, with the words that say so."""

    def __init__(self, levels: Sequence[str], weights: Mapping[str, Sequence[float]]) -> None:
        self._levels = tuple(levels)
        self._rows = {name: number for number, name in enumerate(weights)}
        self._table = np.array(list(weights.values()), np.float64).reshape(-1, len(self._levels))

    def grade(self, words: Sequence[str], kind: str) -> tuple[str, str] | None:
        """Give a level and why it is thought so; None where no level is likelier than not."""
        known = [name for name in features_of(words, kind) if name in self._rows]
        parts = self._table[[self._rows[name] for name in known]]
        logits = parts.sum(axis=0)
        powers = np.exp(logits - logits.max())
        chances = powers / powers.sum()
        best = int(chances.argmax())
        if chances[best] < EVEN:
            return None
        told = (parts[:, best] - parts.mean(axis=1)).tolist()
        said = [(share, name) for name, share in zip(known, told, strict=True) if name.startswith(("word:", "pair:"))]
        loudest = sorted(((share, name) for share, name in said if share > 0), reverse=True)[:SHOWN]
        why = ", ".join(f"{name.partition(':')[2]}{share:+.1f}" for share, name in loudest)
        return self._levels[best], f"as learned, {chances[best]:.2f}: {why}"

    def write(self, path: Path) -> None:
        """Write the weights to a file."""
        told = {"levels": self._levels, "weights": dict(zip(self._rows, self._table.tolist(), strict=True))}
        path.write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")

    @classmethod
    def read(cls, path: Path) -> "LevelModel":
        """Read the weights."""
        told = json.loads(path.read_text("utf-8"))
        return cls(told["levels"], told["weights"])


def learn(texts: Sequence[Labelled], levels: Sequence[str]) -> LevelModel:
    """Fit the curve to texts with their levels."""
    counts = Counter(name for words, kind, _ in texts for name in features_of(words, kind))
    places = {name: n for n, name in enumerate(sorted(name for name, count in counts.items() if count >= SEEN))}
    rows = []
    for words, kind, level in texts:
        ids = np.array([places[name] for name in features_of(words, kind) if name in places], np.int64)
        rows.append((ids, np.ones(len(ids)), levels.index(level)))
    weights = fitted(rows, len(places), len(levels))
    return LevelModel(levels, dict(zip(places, np.round(weights, DIGITS).tolist(), strict=True)))
