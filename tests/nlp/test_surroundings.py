"""The layer over the sentences around a sentence: what reaches whom, and its gradient against small differences."""

from typing import Any

import numpy as np
import pytest

from nlp.learned.segments import beside, others
from nlp.learned.surroundings import surroundings

pytestmark = pytest.mark.database_free

DOCUMENTS = np.array([0, 3, 3, 4, 6])  # of three sentences, of none, of one, of two
VALUES = np.arange(1.0, 13.0, dtype=np.float32).reshape(6, 2)


def layer() -> Any:
    model, chance = surroundings(3, 2), np.random.default_rng(5)
    model.initialize()
    for name in model.param_names:
        model.set_param(name, chance.normal(size=model.get_param(name).shape).astype(np.float32))
    return model


def test_nobody_hears_of_another_document() -> None:
    assert beside(VALUES, DOCUMENTS, 1)[:, 0].tolist() == [0, 1, 3, 0, 0, 9]
    assert beside(VALUES, DOCUMENTS, -1)[:, 0].tolist() == [3, 5, 0, 0, 11, 0]
    assert beside(VALUES, DOCUMENTS, 2)[:, 0].tolist() == [0, 0, 1, 0, 0, 0]
    assert others(VALUES, DOCUMENTS)[:, 0].tolist() == [4, 3, 2, 0, 11, 9]


@pytest.mark.parametrize("documents", [[0], [0, 0]])
def test_no_sentences_are_no_exception(documents: list[int]) -> None:
    made, backprop = layer().begin_update((VALUES[:0], np.array(documents)))
    assert made.shape == (0, 3)
    assert backprop(made)[0].shape == (0, 2)


def test_its_gradient_is_that_of_small_differences() -> None:
    model, step = layer(), 1e-2
    direction = np.random.default_rng(6).normal(size=(6, 3)).astype(np.float32)
    by_value, _ = model.begin_update((VALUES / 12, DOCUMENTS))[1](direction)

    def total(values: Any) -> float:
        return float((model.predict((values, DOCUMENTS)) * direction).sum())

    def slope(there: float, here: float) -> float:
        return (there - here) / (2 * step)

    for place in np.ndindex(*VALUES.shape):
        change = np.zeros_like(VALUES)
        change[place] = step
        found = slope(total(VALUES / 12 + change), total(VALUES / 12 - change))
        assert found == pytest.approx(by_value[place], abs=0.02)
    for name in model.param_names:
        kept = model.get_param(name)
        for place in np.ndindex(*kept.shape):
            ends = []
            for way in (step, -step):
                moved = kept.copy()
                moved[place] += way
                model.set_param(name, moved)
                ends.append(total(VALUES / 12))
            assert slope(*ends) == pytest.approx(model.get_grad(name)[place], abs=0.02), (name, place)
        model.set_param(name, kept)
