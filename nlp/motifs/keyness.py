"""How much a word is one person's own: the log-odds ratio with an informative Dirichlet prior, over its uncertainty.

After Monroe, Colaresi and Quinn, "Fightin' Words", Political Analysis 16 (2008), 372, section 3.3. The person's prior
is worth `PRIOR` words of the others' text. The others' own prior is one occurrence, so that a word which they happen
never to have written is taken for rare, not for impossible; without it the variance of such words, which the best
motifs are among, would swallow the difference.
"""

from math import log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

PRIOR = 500
UNSEEN = 1.0


def keyness(own: int, own_words: int, others: float, others_words: int) -> float:
    """Give the z-score of a word that stands `own` times in a person's words and `others` times in other text."""
    rate = (others + UNSEEN) / (others_words + UNSEEN)
    ours = own + PRIOR * rate
    difference = _log_odds(ours, own_words + PRIOR) - _log_odds(rate, 1.0)
    return difference / sqrt(1 / ours + 1 / (others + UNSEEN))


def keyness_of_all(own: NDArray[Any], own_words: int, others: NDArray[Any], others_words: int) -> NDArray[Any]:
    """Give the same of many words at once, but for the last places."""
    rate = (others + UNSEEN) / (others_words + UNSEEN)
    ours, whole = own + PRIOR * rate, own_words + PRIOR
    difference = np.log(ours) - np.log(whole - ours) - np.log(rate) + np.log(1.0 - rate)
    found: NDArray[Any] = difference / np.sqrt(1 / ours + 1 / (others + UNSEEN))
    return found


def _log_odds(part: float, whole: float) -> float:
    return log(part) - log(whole - part)
