"""The network: one hidden layer over the n-grams and vectors of a sentence, one score a theme."""

from collections.abc import Callable
from typing import Any

import numpy as np
from spacy.util import registry
from thinc.api import Dropout, Linear, Model, chain
from thinc.initializers import glorot_uniform_init

from nlp.learned.features import Batch, segment_sums
from nlp.learned.word_table import Floats

HIDDEN = "sentence_hidden"


def parameter(layer: Model[Any, Any], name: str) -> Any:
    """Give a weight as the numpy array that it is on a CPU; thinc's own types know no indexing by arrays."""
    return layer.get_param(name)


@registry.architectures("integration_journal.SentenceThemes.v1")
def sentence_themes(members: int, hidden: int, blank: float, dropout: float) -> Model[Batch, Floats]:
    """Make the network: scores (logits), shape (sentences, themes).

    members: how many networks are trained side by side, whose scores are averaged (Hansen and Salamon, "Neural network
    ensembles", IEEE PAMI 12, 1990). hidden: how many units the hidden layer of each has. blank: the share of inputs,
    and dropout: the share of hidden units, that are left out at random in training. How many n-grams, columns and
    themes there are is known at `initialize`.
    """
    layers: list[Model[Batch, Floats]] = [
        chain(_hidden_layer(hidden, blank), Dropout(dropout), Linear(nI=hidden)) for _ in range(members)
    ]
    return Model("sentence_themes", _average, layers=layers, init=_initialize_members)


def _initialize_members(model: Model[Batch, Floats], X: Any = None, Y: Any = None) -> None:  # noqa: N803, ARG001
    for member in model.layers:
        member.initialize()


def _average(model: Model[Batch, Floats], batch: Batch, is_train: bool) -> tuple[Floats, Callable[[Floats], Batch]]:  # noqa: FBT001 -- thinc calls it so
    told = [member(batch, is_train) for member in model.layers]

    def backprop(gradient: Floats) -> Batch:
        for _, member_backprop in told:
            member_backprop(gradient / np.float32(len(told)))
        return batch

    return np.mean([scores for scores, _ in told], axis=0), backprop


def _hidden_layer(hidden: int, blank: float) -> Model[Batch, Floats]:
    return Model(
        HIDDEN,
        _forward,
        init=_initialize,
        dims={"nO": hidden, "n_grams": None, "columns": None},
        params={"grams": None, "dense": None, "bias": None},
        attrs={"blank": blank},
    )


def _initialize(model: Model[Batch, Floats], X: Batch | None = None, Y: Any = None) -> None:  # noqa: N803, ARG001
    hidden, grams, columns = model.get_dim("nO"), model.get_dim("n_grams"), model.get_dim("columns")
    bound = 1 / np.sqrt(grams + columns)
    start: Any = np.random.uniform(-bound, bound, (grams, hidden)).astype(np.float32)  # noqa: NPY002 -- thinc seeds it
    model.set_param("grams", start)
    model.set_param("dense", glorot_uniform_init(model.ops, (columns, hidden)) / 4)
    model.set_param("bias", model.ops.alloc1f(hidden))


def _forward(model: Model[Batch, Floats], batch: Batch, is_train: bool) -> tuple[Floats, Callable[[Floats], Batch]]:  # noqa: FBT001 -- thinc calls it so
    weights, dense = batch.weights, batch.dense
    if is_train:
        keep = 1 - model.attrs["blank"]
        weights = weights * (np.random.random(weights.shape) < keep) / keep  # noqa: NPY002 -- the generator that thinc seeds
        dense = dense * (np.random.random(dense.shape) < keep) / keep  # noqa: NPY002
    grams = parameter(model, "grams")
    summed = segment_sums(grams[batch.ids] * weights[:, None], batch.offsets)
    before = summed + dense @ parameter(model, "dense") + parameter(model, "bias")
    hidden = np.maximum(before, 0).astype(np.float32)

    def backprop(gradient: Floats) -> Batch:
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
        return batch

    return hidden, backprop
