"""What is known of a patient when prompts are chosen: where in the course, what returns, what is due, what is grave.

Everything as far as the patient may read it, private entries included: what is chosen is for the patient alone.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.action.progress import Followed, follow
from integration_api.journal.support import ANSWERED
from integration_api.measures.scoring import safety_of
from integration_api.measures.use_cases import measure_named, responses_of
from integration_api.prompts.choosing import Situation, Spoken, phases_at
from integration_api.prompts.library import Phase
from integration_api.themes.use_cases import Recurrence, RecurrenceFilter, list_recurrences
from models import (
    Between,
    Commitment,
    Document,
    DocumentVersion,
    Intention,
    JournalEntry,
    Mention,
    PageRequest,
    Session,
    journal_entries_within,
    mentions_within,
    resolves_within,
    sessions_within,
    time_in,
)
from nlp.recurrence import Trajectory

RETURNS = frozenset({Trajectory.PERSISTENT, Trajectory.EMERGING, Trajectory.RESURFACED})
IN_SESSIONS = 2  # around so many sessions at least, or it does not return
SHOWN = 3  # entries to look at again
SAFETY = "safety"
# How long only grounding questions are asked after a theme of safety. Our own figures, to be reviewed by a clinician:
# two usual weeks between sessions, except for bodily side effects, which pass within days.
TENDER = timedelta(days=14)
TENDER_BY_THEME = {"adverse_effect": timedelta(days=3)}
_MEANT = ("affirmed", "hypothetical")


def dosings_of(db_session: DbSession, me: Principal, patient_id: UUID) -> list[tuple[str, datetime]]:
    """List kind and start of a patient's sessions that were not cancelled.

    One that was planned and has begun counts as held: rather too gentle for a day than the other way round.
    """
    visible = sessions_within(reach(me, Resource.SESSION, Action.SEARCH))
    held = visible.where(Session.patient_id == patient_id, Session.status != "cancelled")
    return [(kind, at) for kind, at in db_session.execute(held.with_only_columns(Session.kind, Session.starts_at))]


def situation_of(
    db_session: DbSession, me: Principal, patient_id: UUID, at: datetime, zone: tzinfo
) -> tuple[Situation, int | None]:
    """Gather the situation, and the whole hours since the last dosing began."""
    sessions = dosings_of(db_session, me, patient_id)
    dosings = [start for kind, start in sessions if kind == "dosing"]
    last = max((each for each in dosings if each <= at), default=None)
    hours = None if last is None else int((at - last) / timedelta(hours=1))
    phases = phases_at(at, dosings, is_prepared=any(kind == "preparation" for kind, _ in sessions))
    is_tender = any(source(db_session, me, patient_id, at) for source in SAFETY_SOURCES)
    if is_tender or Phase.DAY in phases:
        return Situation(phases, is_tender=is_tender), hours  # nothing is gone back to
    returning, quiet = _spoken(db_session, me, patient_id)
    commitment, intention = _pressing(db_session, me, patient_id, at, zone), _intention(db_session, me, patient_id)
    return Situation(phases, returning, quiet, commitment, intention), hours


def has_written_of_danger(db_session: DbSession, me: Principal, patient_id: UUID, at: datetime) -> bool:
    """Tell whether a theme of safety was raised of late, in anything that the patient may read."""
    written_at = time_in(Document, Document.written_at, at)
    raised = mentions_within(reach(me, Resource.THEME, Action.SEARCH)).where(
        Mention.patient_id == patient_id,
        Document.patient_id == patient_id,
        Mention.facet == SAFETY,
        Mention.assertion.in_(_MEANT),
        Mention.review.is_distinct_from("rejected"),
        written_at > at - TENDER,
    )
    rows = db_session.execute(raised.with_only_columns(Mention.theme, written_at))
    return any(_is_of_late(theme, written, at) for theme, written in rows)


def has_sent_words_of_danger(db_session: DbSession, me: Principal, patient_id: UUID, at: datetime) -> bool:
    """Tell whether words that came of late, and wait beside an entry for their writer to choose, raise such a theme."""
    own = journal_entries_within(reach(me, Resource.JOURNAL_ENTRY, Action.SEARCH)).where(
        JournalEntry.author_id == me.user_id
    )
    waiting = select(DocumentVersion).where(
        DocumentVersion.patient_id == patient_id,
        DocumentVersion.document_id.in_(own.with_only_columns(JournalEntry.id)),
        DocumentVersion.reason == "conflict",
        DocumentVersion.created_at > at - TENDER,
    )
    return any(
        assertion in _MEANT and _is_of_late(theme, each.created_at, at)
        for each in db_session.scalars(waiting)
        for theme, assertion, _ in each.signals or ()
    )


def _is_of_late(theme: str, since: datetime, at: datetime) -> bool:
    return since > at - TENDER_BY_THEME.get(theme, TENDER)


def has_answered_of_danger(db_session: DbSession, me: Principal, patient_id: UUID, at: datetime) -> bool:
    """Tell whether an answer to a questionnaire raised a safety flag of late."""
    limits = reach(me, Resource.MEASURE_RESPONSE, Action.SEARCH)
    answered = responses_of(db_session, limits, patient_id, Between(since=at - TENDER))
    return any(safety_of(measure_named(each.measure), each.answers) for each in answered)


def has_resolved_of_danger(db_session: DbSession, me: Principal, patient_id: UUID, at: datetime) -> bool:
    """Tell whether an intention or commitment in the patient's own words of late is about death or harm.

    By their themes, also where it is denied: rather too gentle than the other way round.
    """
    for table, resource in ((Intention, Resource.INTENTION), (Commitment, Resource.COMMITMENT)):
        visible = resolves_within(table, reach(me, resource, Action.SEARCH))
        own = (table.patient_id == patient_id, table.is_patients_own, table.updated_at > at - TENDER)
        if any(not ANSWERED.keys().isdisjoint(each.themes) for each in db_session.scalars(visible.where(*own))):
            return True
    return False


# Each tells whether something grave is known of the patient of late.
SAFETY_SOURCES: tuple[Callable[[DbSession, Principal, UUID, datetime], bool], ...] = (
    has_written_of_danger,
    has_sent_words_of_danger,
    has_answered_of_danger,
    has_resolved_of_danger,
)


def _spoken(db_session: DbSession, me: Principal, patient_id: UUID) -> tuple[tuple[Spoken, ...], tuple[Spoken, ...]]:
    """Tell which themes the patient's own entries return to, and which they no longer do; the most recurrent first."""
    wanted = RecurrenceFilter(source="journal")
    found = list_recurrences(db_session, me, patient_id, wanted, PageRequest(limit=200)).items
    told = [each for each in found if each.theme.facet != SAFETY and _sessions(each) >= IN_SESSIONS]
    returning = tuple(_told(each) for each in told if each.trajectory in RETURNS)
    return returning, tuple(_told(each) for each in told if each.trajectory is Trajectory.FADING)


def _sessions(found: Recurrence) -> int:
    return sum(1 for each in found.sessions if each.session_id is not None and each.mentions)


def _told(found: Recurrence) -> Spoken:
    entries = tuple(dict.fromkeys(each.document_id for each in found.evidence))
    return Spoken(found.theme.name, _sessions(found), entries[:SHOWN])


def _pressing(db_session: DbSession, me: Principal, patient_id: UUID, at: datetime, zone: tzinfo) -> UUID | None:
    """Give the commitment that is most pressing: due by today, or without a word for long."""
    visible = resolves_within(Commitment, reach(me, Resource.COMMITMENT, Action.SEARCH))
    is_open = (Commitment.patient_id == patient_id, Commitment.status == "open")
    followed = follow(db_session, me, db_session.scalars(visible.where(*is_open)), at)
    today = at.astimezone(zone).date()
    due = [each for each in followed if each.is_stalled or (each.resolve.due_on and each.resolve.due_on <= today)]
    return min(due, key=_pressure).id if due else None


def _pressure(followed: Followed) -> tuple[bool, object, UUID]:
    """Those with a day come first, the earliest before the rest; then those that wait longest."""
    due_on, since = followed.resolve.due_on, followed.last_spoken_of or followed.resolve.created_at
    return due_on is None, since.date() if due_on is None else due_on, followed.id


def _intention(db_session: DbSession, me: Principal, patient_id: UUID) -> UUID | None:
    visible = resolves_within(Intention, reach(me, Resource.INTENTION, Action.SEARCH))
    latest = visible.where(Intention.patient_id == patient_id).order_by(
        Intention.created_at.desc(), Intention.id.desc()
    )
    found: Sequence[Intention] = db_session.scalars(latest.limit(1)).all()
    return found[0].id if found else None
