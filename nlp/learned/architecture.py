"""The network: what it makes of a sentence by its words, vectors and phrases, and then among the others around it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from spacy.util import registry
from thinc.api import Dropout, Linear, Model, Relu
from thinc.initializers import glorot_uniform_init

from nlp.learned.features import Batch
from nlp.learned.labels import TAUGHT
from nlp.learned.phrases import WINDOW, read_phrases
from nlp.learned.segments import weighted_sums
from nlp.learned.surroundings import surroundings
from nlp.learned.word_table import Floats

HIDDEN = "sentence_hidden"
HEEDED = 0.4  # of what labels behind those that are taught ask of the layers under them (docs/tagger_trials.md)


def parameter(layer: Model[Any, Any], name: str) -> Any:
    """Give a weight as the numpy array that it is on a CPU; thinc's own types know no indexing by arrays."""
    return layer.get_param(name)


@dataclass(frozen=True, slots=True)
class Units:
    """How many a network has.

    hidden: over n-grams and vectors; filters: over phrases; gist: numbers that a sentence tells its neighbours; around:
    units that look at it among these.
    """

    hidden: int
    filters: int
    gist: int
    around: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Shares that are left out at random in training: of inputs, of units, and of words that filters hear of."""

    inputs: float
    units: float
    words: float


class Layers(NamedTuple):
    """The layers of one network, in order."""

    itself: Model[Any, Any]
    drop: Model[Any, Any]
    gist: Model[Any, Any]
    around: Model[Any, Any]
    drop_around: Model[Any, Any]
    output: Model[Any, Any]


@registry.architectures("integration_journal.SentenceThemes.v1")
def sentence_themes(members: int, units: dict[str, int], left_out: dict[str, float]) -> Model[Batch, Floats]:
    """Make the network: scores (logits), shape (sentences, labels).

    members: how many networks are trained side by side, whose scores are averaged (Hansen and Salamon, "Neural network
    ensembles", IEEE PAMI 12, 1990). units: see `Units`; left_out: see `LeftOut`. How many n-grams, columns and labels
    there are is known at `initialize`. Labels behind those that are taught (themes so asserted) learn from what is made
    of a sentence, and shape it less: there are four times as many of them, and themes were found less well for it.
    """
    layers = [_member(Units(**units), LeftOut(**left_out)) for _ in range(members)]
    return Model("sentence_themes", _average, layers=layers, init=_initialize_all)


def _member(units: Units, left_out: LeftOut) -> Model[Batch, Floats]:
    heard = units.hidden + units.filters
    layers = Layers(
        itself=_hidden_layer(units, left_out),
        drop=Dropout(left_out.units),
        gist=Relu(nO=units.gist, nI=heard),
        around=surroundings(units.around, units.gist),
        drop_around=Dropout(left_out.units),
        output=Linear(nI=heard + units.around),
    )
    return Model("sentence_member", _among_others, layers=layers, init=_initialize_all)


def _among_others(
    model: Model[Batch, Floats],
    batch: Batch,
    is_train: bool,  # noqa: FBT001 -- thinc calls it so
) -> tuple[Floats, Callable[[Floats], Batch]]:
    itself, drop, gist, around, drop_around, output = Layers(*model.layers)
    heard, backprop_heard = itself(batch, is_train)
    heard, backprop_drop = drop(heard, is_train)
    told, backprop_told = gist(heard, is_train)
    made, backprop_made = around((told, batch.documents), is_train)
    made, backprop_drop_around = drop_around(made, is_train)
    scores, backprop_scores = output(np.hstack([heard, made]), is_train)

    def backprop(gradient: Floats) -> Batch:
        aside: Any = gradient[:, len(TAUGHT) :] @ parameter(output, "W")[len(TAUGHT) :]
        along = backprop_scores(gradient) - (1 - HEEDED) * aside
        by_others, _ = backprop_made(backprop_drop_around(along[:, heard.shape[1] :]))
        backprop_heard(backprop_drop(along[:, : heard.shape[1]] + backprop_told(by_others)))
        return batch

    return scores, backprop


def _initialize_all(model: Model[Batch, Floats], X: Any = None, Y: Any = None) -> None:  # noqa: N803, ARG001
    for layer in model.layers:
        layer.initialize()


def _average(model: Model[Batch, Floats], batch: Batch, is_train: bool) -> tuple[Floats, Callable[[Floats], Batch]]:  # noqa: FBT001 -- thinc calls it so
    told = [member(batch, is_train) for member in model.layers]

    def backprop(gradient: Floats) -> Batch:
        for _, member_backprop in told:
            member_backprop(gradient / np.float32(len(told)))
        return batch

    return np.mean([scores for scores, _ in told], axis=0), backprop


def _hidden_layer(units: Units, left_out: LeftOut) -> Model[Batch, Floats]:
    sizes = {"nO": units.hidden + units.filters, "hidden": units.hidden, "filters": units.filters}
    return Model(
        HIDDEN,
        _forward,
        init=_initialize,
        dims={**sizes, "n_grams": None, "columns": None, "width": None},
        params=dict.fromkeys(("grams", "dense", "bias", "phrases", "phrase_bias")),
        attrs={"left_out": left_out},
    )


def _initialize(model: Model[Batch, Floats], X: Batch | None = None, Y: Any = None) -> None:  # noqa: N803, ARG001
    hidden, grams, columns = model.get_dim("hidden"), model.get_dim("n_grams"), model.get_dim("columns")
    filters, width = model.get_dim("filters"), model.get_dim("width")
    model.set_param("grams", _even((grams, hidden), grams + columns))
    model.set_param("dense", glorot_uniform_init(model.ops, (columns, hidden)) / 4)
    model.set_param("bias", model.ops.alloc1f(hidden))
    model.set_param("phrases", _even((WINDOW, width, filters), WINDOW * width))
    model.set_param("phrase_bias", model.ops.alloc1f(filters))


def _even(shape: tuple[int, ...], inputs: int) -> Any:
    """Start with small numbers, evenly spread."""
    bound = 1 / np.sqrt(inputs)
    return np.random.uniform(-bound, bound, shape).astype(np.float32)  # noqa: NPY002 -- thinc seeds it


def _forward(model: Model[Batch, Floats], batch: Batch, is_train: bool) -> tuple[Floats, Callable[[Floats], Batch]]:  # noqa: FBT001 -- thinc calls it so
    hidden, backprop_hidden = _read_words(model, batch, is_train)
    filters, bias = parameter(model, "phrases"), parameter(model, "phrase_bias")
    told, backprop_told = read_phrases(batch, filters, bias, 1 - model.attrs["left_out"].words if is_train else 1.0)
    units = model.get_dim("hidden")

    def backprop(gradient: Floats) -> Batch:
        backprop_hidden(gradient[:, :units])
        by_filter, by_bias = backprop_told(gradient[:, units:])
        model.inc_grad("phrases", by_filter)
        model.inc_grad("phrase_bias", by_bias)
        return batch

    return np.hstack([hidden, told]), backprop


def _read_words(model: Model[Batch, Floats], batch: Batch, is_train: bool) -> tuple[Floats, Callable[[Floats], None]]:  # noqa: FBT001 -- as above
    weights, dense = batch.weights, batch.dense
    if is_train:
        keep = 1 - model.attrs["left_out"].inputs
        weights = weights * (np.random.random(weights.shape) < keep) / keep  # noqa: NPY002 -- the generator that thinc seeds
        dense = dense * (np.random.random(dense.shape) < keep) / keep  # noqa: NPY002
    grams = parameter(model, "grams")
    summed = weighted_sums(grams, batch.ids, weights, batch.offsets)
    before = summed + dense @ parameter(model, "dense") + parameter(model, "bias")
    hidden = np.maximum(before, 0).astype(np.float32)

    def backprop(gradient: Floats) -> None:
        gradient = gradient * (before > 0)
        along = np.repeat(gradient, np.diff(batch.offsets), axis=0) * weights[:, None]
        order = np.argsort(batch.ids, kind="stable")
        ids, starts = np.unique(batch.ids[order], return_index=True)
        by_gram: Any = np.zeros_like(grams)
        if len(ids):
            by_gram[ids] = np.add.reduceat(along[order], starts, axis=0)
        model.inc_grad("grams", by_gram)
        by_column: Any = (dense.T @ gradient).astype(np.float32)
        by_unit: Any = gradient.sum(axis=0)
        model.inc_grad("dense", by_column)
        model.inc_grad("bias", by_unit)

    return hidden, backprop
