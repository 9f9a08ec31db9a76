"""What the network makes of a sentence among the others of its document.

"He rang again." is about nothing much, or about being watched: the sentences around it tell. Each sentence has a gist,
a few numbers over what was made of it by itself; units look at that of the sentence, of the two before it and the two
after, and at the mean of all others of the document: filters over sentences, as others are over words.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from thinc.api import Model
from thinc.initializers import glorot_uniform_init

from nlp.learned.segments import Ints, beside, others
from nlp.learned.word_table import Floats

SURROUNDINGS = "sentence_surroundings"
STEPS = (2, 1, 0, -1, -2)  # whose gists are looked at: so many sentences before, or after; then the mean of all others
ITSELF, FAR = STEPS.index(0), max(STEPS)
WEIGHTS = ("weights", "bias")

Told = tuple[Floats, Ints]  # a gist a sentence; where each document's sentences begin, with one more


def surroundings(units: int, gist: int) -> Model[Told, Floats]:
    """Make the layer: what `units` make of each sentence among others, each of which comes as `gist` numbers."""
    return Model(
        SURROUNDINGS,
        _forward,
        init=_initialize,
        dims={"nO": units, "nI": gist},
        params=dict.fromkeys(WEIGHTS),
    )


def _initialize(model: Model[Told, Floats], X: Any = None, Y: Any = None) -> None:  # noqa: N803, ARG001 -- thinc has it so
    gist, units = model.get_dim("nI"), model.get_dim("nO")
    parts: list[Any] = [glorot_uniform_init(model.ops, (gist, units)) for _ in (*STEPS, "others")]
    weights: Any = np.hstack(parts)
    model.set_param("weights", weights)
    model.set_param("bias", model.ops.alloc1f(units))


def _forward(model: Model[Told, Floats], told: Told, is_train: bool) -> tuple[Floats, Callable[[Floats], Any]]:  # noqa: ARG001, FBT001 -- thinc calls it so
    gists, documents = told
    weights: Any = model.get_param("weights")
    bias: Any = model.get_param("bias")
    made = among(gists, documents, weights, bias)

    def backprop(gradient: Floats) -> Told:
        gradient = gradient * (made > 0)
        back = [beside(gradient, documents, -step) for step in STEPS]  # whoever heard of a sentence tells it
        along = np.hstack([*back, others(gradient, documents)])
        by_weight: Any = (gists.T @ along).astype(np.float32)
        by_unit: Any = gradient.sum(axis=0)
        model.inc_grad("weights", by_weight)
        model.inc_grad("bias", by_unit)
        return np.asarray(along @ weights.T, np.float32), documents

    return made, backprop


def among(gists: Floats, documents: Ints, weights: Floats, bias: Floats) -> Floats:
    """Give what units make of each sentence among the others of its document, shape (sentences, units).

    weights: shape (gist, units times places), the places being those of STEPS and then all others.
    """
    *near, rest = np.split(gists @ weights, len(STEPS) + 1, axis=1)
    # Documents are laid out apart, so that what is said to a neighbour that is not there is said to nobody.
    at = np.arange(len(gists)) + np.repeat(np.arange(1, len(documents)) * FAR, np.diff(documents))
    made = np.zeros((len(gists) + len(documents) * FAR, len(bias)), np.float32)
    for step, told in zip(STEPS, near, strict=True):
        made[at + step] += told
    return np.asarray(np.maximum(made[at] + others(rest, documents) + bias, 0), np.float32)


class Around(NamedTuple):
    """A network's weights for gists, and for the units over them."""

    gist: Floats
    gist_bias: Floats
    weights: Floats
    bias: Floats

    def read(self, values: Floats, documents: Ints) -> tuple[Floats, Floats]:
        """Give the gists of sentences by what was made of each, and what is made of them among the others."""
        gists = np.maximum(values @ self.gist.T + self.gist_bias, 0).astype(np.float32)
        return gists, among(gists, documents, self.weights, self.bias)

    def itself(self, gists: Floats) -> Floats:
        """Give what sentences' own gists say to the units, with what these start from."""
        return np.asarray(gists @ self._own + self.bias, np.float32)

    def gradient(self, gists: Floats, by_unit: Floats) -> Floats:
        """Give what each number made of a sentence counts by way of its gist, where units count as `by_unit` says."""
        return np.asarray(((by_unit @ self._own.T) * (gists > 0)) @ self.gist, np.float32)

    @property
    def _own(self) -> Floats:
        units = len(self.bias)
        return self.weights[:, ITSELF * units : (ITSELF + 1) * units]
