"""Multinomial logistic regression over sparse features.

Fitted by AdaGrad (Duchi, Hazan and Singer, "Adaptive subgradient methods", JMLR 12, 2011).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

EPOCHS, RATE, PULL, SEED = 12, 0.15, 2e-4, 20261125
Row = tuple[NDArray[np.int64], NDArray[np.float64], int]


def fitted(rows: Sequence[Row], features: int, classes: int) -> NDArray[np.float64]:
    """Fit weights, shape (features, classes), to rows: the numbers of the features that it has, their values, truth."""
    weights = np.zeros((features, classes))
    steps = np.full_like(weights, 1e-6)
    order = np.random.default_rng(SEED)
    for _ in range(EPOCHS):
        for n in order.permutation(len(rows)):
            ids, values, truth = rows[n]
            logits = values @ weights[ids]
            powers = np.exp(logits - logits.max())
            slope = powers / powers.sum()
            slope[truth] -= 1
            gradient = values[:, None] * slope + PULL * weights[ids]
            steps[ids] += gradient**2
            weights[ids] -= RATE * gradient / np.sqrt(steps[ids])
    return weights
