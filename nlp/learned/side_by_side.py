"""The trained networks side by side as one: their units in a row, their outputs averaged. What reads texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model

from nlp.learned.architecture import Layers, parameter
from nlp.learned.features import Batch
from nlp.learned.phrases import Common, Heard, hear
from nlp.learned.segments import Ints, weighted_sums
from nlp.learned.surroundings import WEIGHTS, Around
from nlp.learned.word_table import Floats, WordTable, to_whole


@dataclass(frozen=True, slots=True)
class Read:
    """What was made of a batch: units over words, shape (sentences, units), filters, gists, units around; scores."""

    batch: Batch
    units: Floats
    heard: Heard
    gists: Floats
    around: Floats
    scores: Floats


class Scored(NamedTuple):
    """What was made of one document: `scores` has a row a sentence; they are those of `read` from number `first` on."""

    scores: Floats
    read: Read
    first: int


class Gradients(NamedTuple):
    """What speaks for some scores, as long as the same units are in use.

    units, filters: what each of them counts for each, at once and by way of the sentence's gist. others: what the other
    sentences of the document add to each, be it by their gists or as the sentence before.
    """

    units: Floats
    filters: Floats
    others: Floats


@dataclass(frozen=True, slots=True)
class Grams:
    """Weights of n-grams, shape (n-grams, units), and what a step of each unit's is worth.

    They are by far the most weights. From disk they come as a byte each, and are read with as they are.
    """

    values: NDArray[Any]
    steps: Floats

    def __len__(self) -> int:
        return len(self.values)

    def rounded(self) -> "Grams":
        """Give them as a byte each."""
        return self if self.values.dtype == np.int8 else Grams(*to_whole(self.values * self.steps))

    def split(self, networks: int) -> list[Floats]:
        """Give each network its own."""
        values, steps = np.split(self.values, networks, axis=1), np.split(self.steps, networks)
        return [each * step for each, step in zip(values, steps, strict=True)]

    def sums(self, batch: Batch) -> Floats:
        """Sum those of each sentence of a batch, shape (sentences, units)."""
        return weighted_sums(self.values, batch.ids, batch.weights, batch.offsets) * self.steps

    def along(self, ids: Ints, directions: Floats, asked: Ints) -> Floats:
        """Give how far some n-grams go in a direction each: in that of `directions` which `asked` numbers."""
        return np.asarray(
            np.einsum("ij,ij->i", self.values.take(ids, axis=0), (directions * self.steps).take(asked, axis=0)),
            np.float32,
        )


class SideBySide:
    """The weights of all networks, put together.

    The networks themselves look at the same weights, all but those of outputs, so that these are kept once.
    Where those of n-grams come from disk, networks have none of these until `release` gives them their own.

    grams, dense, bias: of the units over words. phrases, phrase_bias: of the filters. around: of gists and the
    units over them, for each network apart, as these see its own units and filters alone. output, phrase_output,
    around_output: what a unit or a filter counts for each score, shape (scores, units or filters).
    """

    def __init__(
        self,
        model: Model[Batch, Floats],
        grams: Grams | None = None,
        table: WordTable | None = None,
        common: Ints | None = None,
    ) -> None:
        networks = [Layers(*member.layers) for member in model.layers]
        layers = self._layers = [each.itself for each in networks]
        if grams is None:
            values = _laid_together(layers, "grams")
            grams = Grams(values, np.ones(values.shape[1], np.float32))
        else:
            nothing: Any = np.zeros((0, 0), np.float32)
            for layer in layers:
                layer.set_param("grams", nothing)
        self.grams = grams
        self.dense, self.bias, self.phrases, self.phrase_bias = (
            _laid_together(layers, name) for name in ("dense", "bias", "phrases", "phrase_bias")
        )
        self.common = None if table is None or common is None else Common.of(common, table, self.phrases)
        self.around = [
            Around(*(parameter(each.gist, name) for name in "Wb"), *(parameter(each.around, name) for name in WEIGHTS))
            for each in networks
        ]
        outputs: list[Any] = [parameter(each.output, "W") / len(layers) for each in networks]
        ends = [layers[0].get_dim("hidden"), layers[0].get_dim("nO")]
        self.output, self.phrase_output, self.around_output = (
            np.concatenate(each, axis=-1)
            for each in zip(*(np.split(one, ends, axis=1) for one in outputs), strict=True)
        )
        self.output_bias = np.mean([parameter(each.output, "b") for each in networks], axis=0)

    def read(self, batch: Batch) -> Read:
        """Score sentences: logits, shape (sentences, scores)."""
        units = np.maximum(self.grams.sums(batch) + batch.dense @ self.dense + self.bias, 0).astype(np.float32)
        heard, _ = hear(batch, self.phrases, self.phrase_bias, common=self.common)
        made = [
            each.read(np.hstack(values), batch.documents)
            for each, *values in zip(self.around, self._apart(units), self._apart(heard.told), strict=True)
        ]
        gists, around = (np.hstack(each) for each in zip(*made, strict=True))
        scores = units @ self.output.T + heard.told @ self.phrase_output.T + around @ self.around_output.T
        return Read(batch, units, heard, gists, around, np.asarray(scores + self.output_bias, np.float32))

    def gradients(self, read: Read, sentences: Ints, themes: Ints) -> Gradients:
        """Tell what speaks for some scores: for each sentence and the theme beside it."""
        by_around = (read.around[sentences] > 0) * self.around_output[themes]
        gists, hidden = self._apart(read.gists[sentences]), [self._layers[0].get_dim("hidden")]
        networks = zip(self.around, gists, self._apart(by_around), strict=True)
        by_unit, by_filter = zip(
            *(np.split(each.gradient(*own), hidden, axis=1) for each, *own in networks), strict=True
        )
        units = (read.units[sentences] > 0) * (self.output[themes] + np.hstack(by_unit))
        itself = np.hstack([each.itself(own) for each, own in zip(self.around, gists, strict=True)])
        half = len(self.dense) // 2
        before = read.batch.dense[sentences, half:] @ self.dense[half:]
        others = np.einsum("ij,ij->i", read.around[sentences] - itself, by_around)
        others += np.einsum("ij,ij->i", before, units)
        return Gradients(units, self.phrase_output[themes] + np.hstack(by_filter), np.asarray(others, np.float32))

    def _apart(self, values: Floats) -> list[Floats]:
        """Split what all networks have, a column a unit, into what each has."""
        return np.split(values, len(self._layers), axis=1)

    def release(self) -> None:
        """Give each network weights of its own again, which an optimiser can change."""
        for layer, grams in zip(self._layers, self.grams.split(len(self._layers)), strict=True):
            for name in layer.param_names:
                is_missing = name == "grams" and not parameter(layer, name).size
                own: Any = grams if is_missing else np.array(parameter(layer, name))
                layer.set_param(name, own)


def _laid_together(layers: Sequence[Model[Any, Any]], name: str) -> Any:
    """Lay weights side by side, and let the networks look at them there."""
    parts = [parameter(layer, name) for layer in layers]
    whole = np.concatenate(parts, axis=-1)
    seen: list[Any] = np.split(whole, len(layers), axis=-1)
    for layer, part in zip(layers, seen, strict=True):
        layer.set_param(name, part)
    return whole
