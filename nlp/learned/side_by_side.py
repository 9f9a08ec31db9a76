"""The trained networks side by side as one: their units in a row, their outputs averaged. What reads texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from thinc.api import Model

from nlp.learned.architecture import parameter
from nlp.learned.features import Batch
from nlp.learned.phrases import Heard, hear
from nlp.learned.segments import weighted_sums
from nlp.learned.word_table import Floats


@dataclass(frozen=True, slots=True)
class Read:
    """What was made of a batch: the units over words, shape (sentences, units), the filters, and the scores."""

    batch: Batch
    units: Floats
    heard: Heard
    scores: Floats


class Scored(NamedTuple):
    """What was made of one document: `scores` has a row a sentence; they are those of `read` from number `first` on."""

    scores: Floats
    read: Read
    first: int


class SideBySide:
    """The weights of all networks, put together.

    The networks themselves look at their weights here from now on, so that all are kept once.

    grams, dense, bias: of the units over words. phrases, phrase_bias: of the filters. output, phrase_output: what a
    unit and a filter count for each score, shape (scores, units) and (scores, filters).
    """

    def __init__(self, model: Model[Batch, Floats]) -> None:
        layers = [member.layers[0] for member in model.layers]
        self.grams, self.dense, self.bias, self.phrases, self.phrase_bias = (
            _laid_together(layers, name) for name in ("grams", "dense", "bias", "phrases", "phrase_bias")
        )
        outputs: list[Any] = [parameter(member.layers[-1], "W") / len(layers) for member in model.layers]
        units = layers[0].get_dim("hidden")
        self.output = np.concatenate([each[:, :units] for each in outputs], axis=-1)
        self.phrase_output = np.concatenate([each[:, units:] for each in outputs], axis=-1)
        self.output_bias = np.mean([parameter(member.layers[-1], "b") for member in model.layers], axis=0)

    def read(self, batch: Batch) -> Read:
        """Score sentences: logits, shape (sentences, scores)."""
        before = weighted_sums(self.grams, batch.ids, batch.weights, batch.offsets)
        units = np.maximum(before + batch.dense @ self.dense + self.bias, 0).astype(np.float32)
        heard = hear(batch, self.phrases, self.phrase_bias)[0]
        scores = units @ self.output.T + heard.told @ self.phrase_output.T + self.output_bias
        return Read(batch, units, heard, np.asarray(scores, np.float32))


def _laid_together(layers: Sequence[Model[Any, Any]], name: str) -> Any:
    """Lay weights side by side, and let the networks look at them there."""
    parts = [parameter(layer, name) for layer in layers]
    whole = np.concatenate(parts, axis=-1)
    seen: list[Any] = np.split(whole, len(layers), axis=-1)
    for layer, part in zip(layers, seen, strict=True):
        layer.set_param(name, part)
    return whole
