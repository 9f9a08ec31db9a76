"""What returns for a patient and what changes: themes across dosing sessions, with how sure one can be.

Pure functions over plain values; docs/recurrence.md tells rules, formulas and limits. Methods, all written anew:
- Rates as Gamma-Poisson, two of them compared exactly through the beta distribution: Gelman et al., "Bayesian
  Data Analysis", 3rd ed. (2013), section 2.6; the incomplete beta function by its continued fraction: NIST Digital
  Library of Mathematical Functions 8.17.22, evaluated after Lentz (Applied Optics 15, 1976).
- Credible intervals from the cube-root approximation of gamma quantiles: Wilson and Hilferty (PNAS 17, 1931).
- A patient's usual rate between their own and the clinic's, by empirical Bayes: Efron and Morris (JASA 68, 1973);
  Gelman et al., chapter 5.
- Mentions that come in bunches discounted as in quasi-Poisson regression (Wedderburn, Biometrika 61, 1974), the
  bunching estimated from pairs within documents as in Morisita's index of dispersion (1959).
- Each voice compared with itself only, by indirect standardisation: Mantel and Haenszel (JNCI 22, 1959).
"""

from nlp.recurrence.comparison import Prior, prior_of, rate_interval
from nlp.recurrence.counts import Exposure, Sighting, Tally, Writing, bunching_of, exposure_of
from nlp.recurrence.ledger import Account, Ledger, account_of
from nlp.recurrence.themes import RecurringTheme, SessionRate, recurring_in, recurring_themes, strongest
from nlp.recurrence.trajectory import Trajectory
from nlp.recurrence.windows import Window, sequences_for, window_for, windows_of

__all__ = [
    "Account",
    "Exposure",
    "Ledger",
    "Prior",
    "RecurringTheme",
    "SessionRate",
    "Sighting",
    "Tally",
    "Trajectory",
    "Window",
    "Writing",
    "account_of",
    "bunching_of",
    "exposure_of",
    "prior_of",
    "rate_interval",
    "recurring_in",
    "recurring_themes",
    "sequences_for",
    "strongest",
    "window_for",
    "windows_of",
]
