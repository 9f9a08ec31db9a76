"""Two rates compared, and one rate's credible interval, under a Gamma-Poisson view of mentions among words."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, log1p
from statistics import NormalDist

from nlp.recurrence.counts import Tally, Voices

# Shape of the gamma prior of a stretch's rate, as a multiple of the patient's own usual rate for the theme. It weighs
# as much as this many independent occasions, and lets rates differ from the usual by 1/sqrt(shape) of it.
PRIOR_OCCASIONS = 1.0
# What the clinic's usual rate weighs, where it is known, against what the patient's own words say of the usual rate.
CLINIC_OCCASIONS = 0.5
INTERVAL = 0.90

_EDGE = NormalDist().inv_cdf((1 + INTERVAL) / 2)
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of a theme's rates before any window is looked at.

    `bunching`: how many mentions make one occasion. `leaning`: the usual rate that is believed, as a multiple of the
    one that the patient's own words show; other than 1 only where the clinic's rate is known.
    """

    bunching: float
    leaning: float = 1.0


def prior_of(usual: Tally, bunching: float, clinic: Tally | None = None) -> Prior:
    """Believe in a usual rate: the patient's own, or, where `clinic` is given, between that and the clinic's.

    A second Gamma-Poisson level, its prior estimated from the counts of all (empirical Bayes): with few mentions the
    clinic's rate weighs something, with many hardly anything.
    """
    if clinic is None or not (clinic.mentions and clinic.words and usual.mentions and usual.words):
        return Prior(bunching)
    occasions = CLINIC_OCCASIONS + usual.mentions / bunching
    words = CLINIC_OCCASIONS * clinic.words / clinic.mentions + usual.words / bunching
    return Prior(bunching, occasions / words / (usual.mentions / usual.words))


def probability_higher(these: Sequence[Voices], others: Sequence[Voices], prior: Prior) -> float:
    """Tell how probable it is that a theme's rate in these windows lies above that in the others, 0..1.

    Each voice is compared with itself: a note and an entry speak of a theme at different rates, and their shares
    change. What only one side has words for says nothing, and with nothing to go by the answer is 0.5.
    """
    mentions, expected, total = 0, 0.0, 0
    for voice in sorted({voice for window in (*these, *others) for voice in window}):
        here, there = _together(these, voice), _together(others, voice)
        if here.words + there.words:
            seen = here.mentions + there.mentions
            mentions, total = mentions + here.mentions, total + seen
            expected += seen * here.words / (here.words + there.words)
    # Posterior of each side's rate, in units of the usual: Gamma(prior + seen, prior + expected), in occasions. The
    # share of one of two scaled gammas is Beta(shapes); one rate exceeds the other where it exceeds `even`.
    shape, other_shape = (PRIOR_OCCASIONS + count / prior.bunching for count in (mentions, total - mentions))
    scale = prior.leaning / prior.bunching
    even = (PRIOR_OCCASIONS + expected * scale) / (2 * PRIOR_OCCASIONS + total * scale)
    return incomplete_beta(1 - even, other_shape, shape)


def _together(windows: Sequence[Voices], voice: str) -> Tally:
    """Add a voice's tallies up. Mentions in a text of no words (an emoji) have no rate and stay out."""
    found = [tally for window in windows for name, tally in window.items() if name == voice and tally.words]
    return Tally(sum(tally.mentions for tally in found), sum(tally.words for tally in found))


def rate_interval(here: Tally, usual: Tally, prior: Prior) -> tuple[float, float] | None:
    """Give the 90 % credible interval of a window's rate, in mentions per 100 words, shrunk towards the usual rate.

    `usual` holds all windows. None without words or mentions to reckon from. Quantiles are within 10 % of exact where
    a window has no mention, and closer with every mention.
    """
    if not (here.words and usual.words and usual.mentions):
        return None
    shape = PRIOR_OCCASIONS + here.mentions / prior.bunching
    usual_words = usual.words / usual.mentions / prior.leaning
    hundreds = PRIOR_OCCASIONS * usual_words / 100 + here.words / prior.bunching / 100
    low, high = (gamma_quantile(shape, edge) / hundreds for edge in (-_EDGE, _EDGE))
    return low, high


def gamma_quantile(shape: float, deviations: float) -> float:
    """Approximate a quantile of Gamma(shape, 1), asked for in standard normal deviations (Wilson and Hilferty)."""
    root = 1 - 1 / (9 * shape) + deviations / (3 * shape**0.5)
    return shape * float(max(0.0, root)) ** 3


def incomplete_beta(x: float, a: float, b: float) -> float:
    """Compute the regularised incomplete beta function I_x(a, b): the chance that Beta(a, b) lies below x.

    For a, b > 0 and x in 0..1; to about 1e-12. Continued fraction DLMF 8.17.22, on the side where it converges fast.
    """
    if not 0 < x < 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(1 - x, b, a)
    scale = exp(a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b)) / a
    return min(1.0, scale / _continued_fraction(x, a, b))


def _continued_fraction(x: float, a: float, b: float) -> float:
    """Evaluate 1 + d1/(1 + d2/(1 + ...)) by Lentz's method; it settles within O(sqrt(max(a, b))) steps."""
    value, above, below = 1.0, 1.0, 0.0
    for step in range(1, 10_000):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        below = 1 / (1 + term * below or _TINY)
        above = 1 + term / above or _TINY
        value *= above * below
        if abs(above * below - 1) < 1e-14:  # noqa: PLR2004  (as far as a float carries)
            break
    return value
