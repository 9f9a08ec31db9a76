"""The brief: what to know of a patient before the next session, on one screen, each line with its evidence.

Nothing is told that nobody wrote: a line names a theme, a number or a state, and shows the words that it rests on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import lazyload

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.action.progress import Followed, follow
from integration_api.measures.progress import grave_answers, trends_of
from integration_api.measures.trends import Trend
from integration_api.measures.use_cases import measure_named, responses_of
from integration_api.overview.evidence import Evidence, of_answer, of_mentions, of_passage
from integration_api.people.use_cases import patient_within
from integration_api.safety.raising import gravest
from integration_api.themes.motifs import list_motifs
from integration_api.themes.use_cases import Recurrence, RecurrenceFilter, list_recurrences
from models import (
    Between,
    Commitment,
    Document,
    Intention,
    Mention,
    MoodCheckIn,
    PageRequest,
    Patient,
    Reach,
    SafetyFlag,
    Session,
    documents_within,
    mood_check_ins_within,
    resolves_within,
    safety_flags_within,
    sessions_within,
    shown_mentions,
)

WITHOUT_SESSION = timedelta(days=14)  # how far back "since last time" goes where there was none
SHOWN = 2  # pieces of evidence a line
RETURNING = 3  # themes that keep returning; the timeline has the rest
ENGLISH = "en"  # the one that lines are written in
_MEANT = ("affirmed", "hypothetical")
_CHANGES = {
    "new": ("rising", "{}: spoken of for the first time."),
    "emerging": ("rising", "{}: spoken of more than before."),
    "resurfaced": ("resurfaced", "{}: spoken of again, after a silence."),
    "fading": ("fading", "{}: spoken of less than before."),
}
_WAITING = ("open", "acknowledged")
_ORDER = ("safety", "rising", "resurfaced", "motif", "sleep", "commitment", "returning", "fading")


@dataclass(frozen=True, slots=True)
class Line:
    """One statement, and what it rests on."""

    kind: str
    says: str
    evidence: Sequence[Evidence]
    theme: str | None = None
    severity: str | None = None
    commitment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Felt:
    """How the patient felt, as an entry or a check-in tells it; an entry may leave one of the two out."""

    at: datetime
    valence: int | None
    arousal: int | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What to know of a patient now. Counts are of what the caller may read, written since `since`."""

    patient: Patient
    since: datetime
    last_session: Session | None
    last_dosing: Session | None
    next_session: Session | None
    entries: int
    notes: int
    words: int
    last_written_at: datetime | None
    moods: Sequence[Felt]
    flags: Sequence[SafetyFlag]
    measures: Sequence[Trend]
    lines: Sequence[Line]
    intentions: Sequence[Followed]
    commitments: Sequence[Followed]

    @property
    def patient_id(self) -> UUID:
        """Whose brief it is."""
        return self.patient.id


def read_brief(
    db_session: DbSession, caller: Principal, patient_id: UUID, since: datetime | None, at: datetime
) -> Brief:
    """Put a patient's brief together; raise `NotFound`."""
    limits = reach(caller, Resource.BRIEF, Action.READ)
    patient = patient_within(db_session, limits, patient_id)
    held = _sessions(db_session, limits, patient_id)
    last = next((each for each in held if each.starts_at <= at), None)
    start = since or (last.starts_at if last else at - WITHOUT_SESSION)
    written = _written(db_session, limits, patient_id, start)
    commitments = _resolves(db_session, caller, limits, Commitment, patient_id, at)
    everything = list_recurrences(db_session, caller, patient_id, RecurrenceFilter(), PageRequest(200)).items
    lines = [
        *_safety(db_session, limits, patient_id, start),
        *_answers(db_session, limits, patient_id, start),
        *_changes(everything),
        *_motifs(db_session, caller, patient_id),
        *_sleep(db_session, limits, patient_id, start),
        *_commitment_lines(commitments),
        *_returning(everything),
    ]
    return Brief(
        patient=patient,
        since=start,
        last_session=last,
        last_dosing=next((each for each in held if each.kind == "dosing" and each.starts_at <= at), None),
        next_session=next((each for each in reversed(held) if each.starts_at > at), None),
        entries=sum(each.source == "journal" for each in written),
        notes=sum(each.source == "note" for each in written),
        words=sum(each.word_count for each in written),
        last_written_at=max((each.written_at for each in written if each.source == "journal"), default=None),
        moods=_moods(db_session, limits, patient_id, start, written),
        flags=_flags(db_session, limits, patient_id),
        measures=trends_of(db_session, limits, patient_id),
        lines=sorted(lines, key=lambda line: _ORDER.index(line.kind)),
        intentions=_resolves(db_session, caller, limits, Intention, patient_id, at)[:RETURNING],
        commitments=[each for each in commitments if each.resolve.status == "open"],
    )


def _sessions(db_session: DbSession, limits: Reach, patient_id: UUID) -> Sequence[Session]:
    """Give the sessions that were not cancelled, the latest first."""
    query = sessions_within(limits).where(Session.patient_id == patient_id, Session.status != "cancelled")
    return db_session.scalars(query.order_by(Session.starts_at.desc(), Session.id.desc())).unique().all()


def _written(db_session: DbSession, limits: Reach, patient_id: UUID, since: datetime) -> Sequence[Document]:
    query = documents_within(limits).where(Document.patient_id == patient_id, Document.written_at >= since)
    found = query.options(lazyload(Document.mentions)).order_by(Document.written_at)  # they are looked for by theme
    return db_session.scalars(found).unique().all()


def _moods(
    db_session: DbSession, limits: Reach, patient_id: UUID, since: datetime, written: Iterable[Document]
) -> list[Felt]:
    """Give the moods of entries and check-ins in the order of time."""
    with_mood = (each for each in written if each.valence is not None or each.arousal is not None)
    told = [Felt(each.written_at, each.valence, each.arousal, "entry") for each in with_mood]
    query = mood_check_ins_within(limits).where(MoodCheckIn.patient_id == patient_id, MoodCheckIn.at >= since)
    told += [Felt(each.at, each.valence, each.arousal, "check_in") for each in db_session.scalars(query)]
    return sorted(told, key=lambda each: each.at)


def _resolves(
    db_session: DbSession, caller: Principal, limits: Reach, table: type[Any], patient_id: UUID, at: datetime
) -> list[Followed]:
    query: Select[Any] = resolves_within(table, limits).where(table.patient_id == patient_id)
    found = db_session.scalars(query.order_by(table.created_at.desc(), table.id.desc())).all()
    return follow(db_session, caller, found, at)


def _mentions(limits: Reach, patient_id: UUID, since: datetime) -> Select[Any]:
    """Select what counts since then."""
    return shown_mentions(limits).where(
        Mention.patient_id == patient_id,
        Document.written_at >= since,
        Mention.review.is_distinct_from("rejected"),
        Mention.assertion.in_(_MEANT),
    )


def _flags(db_session: DbSession, limits: Reach, patient_id: UUID) -> Sequence[SafetyFlag]:
    """Give the flags that wait, the latest first."""
    query = safety_flags_within(limits).where(SafetyFlag.patient_id == patient_id, SafetyFlag.status.in_(_WAITING))
    return db_session.scalars(query.order_by(SafetyFlag.raised_at.desc(), SafetyFlag.id)).unique().all()


def _motifs(db_session: DbSession, caller: Principal, patient_id: UUID) -> Iterable[Line]:
    for each in list_motifs(db_session, caller, patient_id, "journal", PageRequest(RETURNING)).items:
        says = f"\u201c{each.label}\u201d: comes back in the patient's own words, in {each.session_count} sessions."
        yield Line("motif", says, tuple(of_passage(passage) for passage in reversed(each.passages[-SHOWN:])))


def _safety(db_session: DbSession, limits: Reach, patient_id: UUID, since: datetime) -> Iterable[Line]:
    query = _mentions(limits, patient_id, since).where(Mention.facet == "safety")
    found: dict[str, list[Mention]] = {}
    for mention in db_session.scalars(query).unique():
        found.setdefault(mention.theme, []).append(mention)
    for theme, mentions in sorted(found.items()):
        severity = gravest(each.severity for each in mentions)
        says = f"{_name(theme)}: spoken of {_times(len(mentions))} since then. Please read it."
        yield Line("safety", says, of_mentions(mentions, SHOWN), theme, severity)


def _answers(db_session: DbSession, limits: Reach, patient_id: UUID, since: datetime) -> Iterable[Line]:
    """Tell the answers to measures that somebody must see, each item once, the latest answer first."""
    given = grave_answers(responses_of(db_session, limits, patient_id, Between(since=since)))
    for measure, item in dict.fromkeys((each.response.measure, each.told.item) for each in given):
        same = [each for each in reversed(given) if (each.response.measure, each.told.item) == (measure, item)]
        says = (
            f"{measure_named(measure).title[ENGLISH]}, item {item}: answered above zero {_times(len(same))} since then."
        )
        shown = tuple(of_answer(each) for each in same[:SHOWN])
        yield Line("safety", f"{says} Please read it.", shown, same[0].told.theme)


def _sleep(db_session: DbSession, limits: Reach, patient_id: UUID, since: datetime) -> Iterable[Line]:
    query = shown_mentions(limits).where(
        Mention.patient_id == patient_id,
        Document.written_at >= since,
        Mention.theme == "sleep",
        Mention.review.is_distinct_from("rejected"),
    )
    mentions = db_session.scalars(query).unique().all()
    if mentions:
        yield Line(
            "sleep", f"Sleep: spoken of {_times(len(mentions))} since then.", of_mentions(mentions, SHOWN), "sleep"
        )


def _changes(everything: Sequence[Recurrence]) -> Iterable[Line]:
    for each in everything:
        if each.trajectory in _CHANGES and each.theme.facet != "safety":
            kind, says = _CHANGES[str(each.trajectory)]
            yield Line(kind, says.format(each.theme.label), of_mentions(each.evidence, SHOWN), each.theme.name)


def _returning(everything: Sequence[Recurrence]) -> Iterable[Line]:
    lasting = [each for each in everything if each.trajectory == "persistent" and each.session_count > 1]
    for each in lasting[:RETURNING]:
        says = f"{each.theme.label}: keeps returning, in {each.session_count} sessions."
        yield Line("returning", says, of_mentions(each.evidence, SHOWN), each.theme.name)


def _commitment_lines(commitments: Iterable[Followed]) -> Iterable[Line]:
    for each in commitments:
        own = Evidence(each.resolve.text, "commitment", each.resolve.created_at)
        spoken = tuple(of_passage(passage) for passage in reversed(each.passages[-SHOWN:]))
        line = Line("commitment", "", (own, *spoken), commitment_id=each.id)
        if each.resolve.status == "kept":
            continue
        if each.is_stalled:
            yield replace(line, says="A commitment that has gone quiet, or whose day is past.")
        elif spoken:
            yield replace(line, says=f"A commitment that later writing comes back to, in {_times(len(each.passages))}.")


def _name(theme: str) -> str:
    return theme.replace("_", " ").capitalize()


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
