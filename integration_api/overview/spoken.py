"""What a patient's documents say, as the brief shows it: out of what was read of them before.

Only words that nobody was shown yet are opened.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.overview.evidence import Evidence, of_sighting
from integration_api.themes.gleaned import Found, Listed, gleaned, list_documents
from integration_api.themes.opening import quotes_of
from integration_api.themes.use_cases import RecurrenceFilter, listed_for
from models import Reach
from nlp.motifs import Passage
from nlp.recurrence import Sighting


def found_in(db_session: DbSession, limits: Reach, patient_id: UUID, listed: Sequence[Listed]) -> list[Found]:
    """Give the mentions of some documents that count: rejected ones do not."""
    with gleaned(db_session).of(patient_id) as known:
        known.fill(db_session, limits, listed)
        return [one for each in listed for one in known.documents[each.id].found]


def sightings_named(db_session: DbSession, limits: Reach, patient_id: UUID, ids: set[str]) -> dict[str, Sighting]:
    """Find mentions that recurrence names as evidence."""
    found = found_in(db_session, limits, patient_id, listed_for(db_session, limits, patient_id, RecurrenceFilter()))
    return {one.mention_id: one for _, one, _ in found if one.mention_id in ids}


def latest(sightings: Iterable[Sighting], at_most: int) -> list[Sighting]:
    """Choose the latest mentions, from as many documents as possible."""
    newest = sorted(sightings, key=_place, reverse=True)
    first_of_each = list({each.document_id: each for each in reversed(newest)}.values())[::-1]
    named = {each.mention_id for each in first_of_each}
    return [*first_of_each, *(each for each in newest if each.mention_id not in named)][:at_most]


def quoted(db_session: DbSession, limits: Reach, patient_id: UUID, chosen: Sequence[Sighting]) -> list[Evidence]:
    """Show mentions, all in one opening of what was not shown before."""
    there = {each.document_id for each in chosen}
    listed = [each for each in list_documents(db_session, limits, patient_id) if str(each.id) in there]
    passages = [Passage(each.document_id, each.start, each.end) for each in chosen]
    with gleaned(db_session).of(patient_id) as known:
        known.fill(db_session, limits, listed)
        words = quotes_of(db_session, limits, known, passages)
    return [of_sighting(each, quote) for each, quote in zip(chosen, words, strict=True)]


def times(count: int) -> str:
    """Say how often."""
    return "once" if count == 1 else f"{count} times"


def in_stretches(count: int) -> str:
    """Say in how many windows; the first of them lies before any session."""
    return f"in {count} stretches of time parted by dosing sessions"


def _place(sighting: Sighting) -> tuple[datetime, int]:
    return sighting.written_at, sighting.start
