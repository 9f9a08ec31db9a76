"""How the two parts are weighed against each other: logistic curves fitted to writers that neither was made on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.taxonomy import load_taxonomy

STRENGTHS = ("strong", "likely", "weak")
NAMES = ("bias", "score", *STRENGTHS)
ALL = "all"  # the weights of a theme that has none of its own
NEWTON_STEPS, RIDGE = 30, 1e-3
POOLING = 12.0  # how hard a theme's weights are held to those of all themes
SAFETY_PRECISION = 0.77  # at the threshold of safety themes: as many are found as can be had at that
AS_GOOD = 0.002  # F1 that a stricter threshold may cost: the curve is flat at its top, and what is wrong costs trust
Floats = NDArray[np.float64]
Weights = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every (sentence, theme) pair of some documents: score, best line (index in STRENGTHS, or -1 for none), truth."""

    scores: Floats
    lines: NDArray[np.int64]
    truth: NDArray[np.bool_]

    def inputs(self, columns: slice = slice(None)) -> Floats:
        """Give what the curve is over, a row a pair of some columns."""
        lines, scores = self.lines[:, columns].ravel(), self.scores[:, columns].ravel()
        parts = [np.ones(len(lines)), scores, *((lines == n).astype(float) for n in range(len(STRENGTHS)))]
        return np.stack(parts, axis=1)


def fit(pairs: Pairs) -> Weights:
    """Fit a curve for all themes, and one for each, held to that of all as far as it has little to go by."""
    common = newton(pairs.inputs(), pairs.truth.ravel(), np.zeros(len(NAMES)), RIDGE)
    fitted = {ALL: common}
    for column, theme in enumerate(load_taxonomy().themes):
        one = slice(column, column + 1)
        fitted[theme] = newton(pairs.inputs(one), pairs.truth[:, column], common, POOLING)
    return {theme: _named(values) for theme, values in fitted.items()}


def newton(inputs: Floats, truth: NDArray[np.bool_], start: Floats, ridge: float) -> Floats:
    """Fit a logistic curve by Newton's method, with a pull towards where it starts."""
    weights = start.copy()
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (chance - truth) + ridge * (weights - start)
        curve = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + ridge * np.eye(len(weights))
        weights = weights - np.linalg.solve(curve, slope)
    return weights


def _named(values: Floats) -> dict[str, float]:
    named = {name: round(float(each), 3) for name, each in zip(NAMES, values, strict=True)}
    return named | {"denied": named["strong"]}


def chances(pairs: Pairs, weights: Weights) -> Floats:
    """Give the chance of every pair, shape (sentences, themes)."""
    columns = []
    for column, theme in enumerate(load_taxonomy().themes):
        values = np.array([weights[theme][name] for name in NAMES])
        columns.append(1 / (1 + np.exp(-np.clip(pairs.inputs(slice(column, column + 1)) @ values, -30, 30))))
    return np.stack(columns, axis=1)


def best_threshold(chance: Floats, truth: NDArray[np.bool_]) -> float:
    """Give the threshold with the best micro-F1; of those that are as good, the strictest."""
    ranked, hits = _ranked(chance, truth)
    f1 = 2 * hits / (np.arange(1, len(ranked) + 1) + truth.sum())
    return round(float(ranked[int((f1 >= f1.max() - AS_GOOD).argmax())]), 3)


def careful_threshold(chance: Floats, truth: NDArray[np.bool_], precision: float = SAFETY_PRECISION) -> float:
    """Give the lowest threshold at which this share of what is found is right; the best one where none is."""
    ranked, hits = _ranked(chance, truth)
    enough = np.flatnonzero(hits / np.arange(1, len(ranked) + 1) >= precision)
    return round(float(ranked[enough[-1]]), 3) if len(enough) else best_threshold(chance, truth)


def _ranked(chance: Floats, truth: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    order = np.argsort(-chance.ravel(), kind="stable")
    return chance.ravel()[order], np.cumsum(truth.ravel()[order]).astype(np.float64)
