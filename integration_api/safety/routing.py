"""Whom a safety flag goes to, and after how long without an answer it goes to the whole care team: one table."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models import CLINICAL_ROLES, Role


@dataclass(frozen=True, slots=True)
class Route:
    """The roles that a flag is put before, and the minutes after which an open one is escalated."""

    roles: frozenset[Role]
    minutes: int


_PHYSICIAN_AND_NURSE = frozenset({Role.PHYSICIAN, Role.NURSE})
_PRESCRIBER_AND_THERAPIST = frozenset({Role.PHYSICIAN, Role.THERAPIST})
_HOUR = 60

# The minutes are working agreements of a clinic, not findings of a study (docs/safety.md).
ROUTES = {
    "suicidality": Route(CLINICAL_ROLES, 1 * _HOUR),
    "harm_by_others": Route(CLINICAL_ROLES, 4 * _HOUR),
    "adverse_effect": Route(_PHYSICIAN_AND_NURSE, 24 * _HOUR),
    "destabilisation": Route(_PHYSICIAN_AND_NURSE | {Role.THERAPIST}, 24 * _HOUR),
    "ketamine_misuse": Route(_PRESCRIBER_AND_THERAPIST, 24 * _HOUR),
}
OTHERS = Route(CLINICAL_ROLES, 24 * _HOUR)  # a clinic's own themes of the facet `safety`


def route_of(theme: str) -> Route:
    """Give the route of a theme's flags."""
    return ROUTES.get(theme, OTHERS)


def not_for(role: Role) -> list[str]:
    """List the themes whose flags are not put before a role."""
    return [theme for theme, route in ROUTES.items() if role not in route.roles]


@dataclass(frozen=True, slots=True)
class Timing:
    """What time it is, and the minutes that the clinic has set for every theme (None: those of the table)."""

    now: datetime
    minutes: int | None = None

    def due_at(self, theme: str) -> datetime:
        """Say when a flag that is raised now is escalated, if nobody has acknowledged it by then."""
        minutes = route_of(theme).minutes if self.minutes is None else self.minutes
        return self.now + timedelta(minutes=minutes)
