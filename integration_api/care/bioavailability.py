"""How much of a dose of ketamine reaches the circulation, by route: ranges of published means, for orientation.

Racemic ketamine in adults unless said otherwise. The figures describe groups; one person may lie far outside.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bioavailability:
    """A range of fractions (0 to 1) and where it comes from."""

    low: float
    high: float
    source: str


BY_ROUTE: dict[str, Bioavailability] = {
    "intravenous": Bioavailability(1.0, 1.0, "By definition: the whole dose enters the circulation."),
    "intramuscular": Bioavailability(0.93, 0.93, "Clements, Nimmo & Grant 1982, J Pharm Sci 71:539 (93 %)."),
    "intranasal": Bioavailability(
        0.45,
        0.50,
        "Yanagihara et al. 2003, Biopharm Drug Dispos 24:37 (45 %); "
        "Malinovsky et al. 1996, Br J Anaesth 77:203 (50 %, children).",
    ),
    "sublingual": Bioavailability(
        0.27,
        0.32,
        "Rolan et al. 2014, Br J Clin Pharmacol 77:1011 (29 %, 90 % CI 27 to 31); "
        "Chong et al. 2006, Pain Med 7:469 (32 %, SD 17).",
    ),
    "oral": Bioavailability(
        0.17,
        0.23,
        "Clements, Nimmo & Grant 1982, J Pharm Sci 71:539 (17 %); "
        "Yanagihara et al. 2003, Biopharm Drug Dispos 24:37 (20 %); Chong et al. 2006, Pain Med 7:469 (23 %).",
    ),
}
