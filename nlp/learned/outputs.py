"""The last layer of the networks side by side: what all that they made of a sentence counts for each score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlp.learned.architecture import Layers, parameter
from nlp.learned.labels import TAUGHT
from nlp.learned.segments import Ints
from nlp.learned.word_table import Floats


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a unit over words, a filter, or a unit over gists counts for each score, shape (scores, units or filters).

    Most scores tell whether a theme is so asserted, which is asked of the few themes that are found. So only those of
    themes and of assertions (`labels.TAUGHT`) are worked out for every sentence, and the others where one asks.
    """

    units: Floats
    filters: Floats
    around: Floats
    bias: Floats

    @classmethod
    def of(cls, networks: Sequence[Layers]) -> "Outputs":
        """Lay those of all networks in a row, so that they give the mean of the networks' scores."""
        itself = networks[0].itself
        ends = [itself.get_dim("hidden"), itself.get_dim("nO")]
        weights: list[Any] = [parameter(each.output, "W") / len(networks) for each in networks]
        parts = zip(*(np.split(one, ends, axis=1) for one in weights), strict=True)
        units, filters, around = (np.concatenate(each, axis=-1) for each in parts)
        return cls(units, filters, around, np.mean([parameter(each.output, "b") for each in networks], axis=0))

    def of_every(self, units: Floats, filters: Floats, around: Floats) -> Floats:
        """Score sentences: logits, shape (sentences, labels that are taught)."""
        parts = ((units, self.units), (filters, self.filters), (around, self.around))
        said = sum(values @ weights[: len(TAUGHT)].T for values, weights in parts)
        return np.asarray(said + self.bias[: len(TAUGHT)], np.float32)

    def of_some(self, units: Floats, filters: Floats, around: Floats, columns: Ints) -> Floats:
        """Give some scores of each sentence: those whose numbers stand in its row, shape (sentences, numbers)."""
        parts = ((units, self.units), (filters, self.filters), (around, self.around))
        said = sum(np.matmul(weights[columns], values[:, :, None])[:, :, 0] for values, weights in parts)
        return np.asarray(said + self.bias[columns], np.float32)
