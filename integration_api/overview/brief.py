"""The brief: what to know of a patient before the next session, on one screen, each line with its evidence.

Nothing is told that nobody wrote: a line names a theme, a number or a state, and shows the words that it rests on.
"""

from collections.abc import Iterable, Mapping, Sequence
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
from integration_api.care.times import UNDER_WAY
from integration_api.measures.progress import grave_answers, trends_in
from integration_api.measures.trends import Trend
from integration_api.measures.use_cases import measure_named, responses_of
from integration_api.overview.coming import next_sessions
from integration_api.overview.evidence import Evidence, of_answer, of_passage
from integration_api.overview.felt import Felt, moods_since
from integration_api.overview.spoken import found_in, in_stretches, latest, quoted, sightings_named, times
from integration_api.overview.unseen import unseen
from integration_api.people.use_cases import patient_within
from integration_api.safety.raising import gravest
from integration_api.safety.routing import route_of
from integration_api.themes.gleaned import Found, Listed, list_documents
from integration_api.themes.motifs import motifs_within
from integration_api.themes.own import KnownTheme, known_themes
from integration_api.themes.use_cases import recurring_by, theme_named
from models import (
    HELD_STATUSES,
    Commitment,
    Intention,
    MeasureResponse,
    PageRequest,
    Patient,
    Reach,
    SafetyFlag,
    Session,
    resolves_within,
    safety_flags_within,
    sessions_within,
    time_of,
)
from nlp.recurrence import RecurringTheme, Sighting

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
_ORDER = ("safety", "unseen", "rising", "resurfaced", "motif", "sleep", "commitment", "returning", "fading")


@dataclass(frozen=True, slots=True)
class Line:
    """One statement, and what it rests on."""

    kind: str
    says: str
    evidence: Sequence[Evidence]
    theme: str | None = None
    severity: str | None = None
    commitment_id: UUID | None = None


Resting = tuple[Line, Sequence[Sighting]]  # a line, and the mentions that it rests on


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
    last = next((each for each in held if _is_over(each, at)), None)
    start = since or (last.starts_at if last else at - WITHOUT_SESSION)
    written = [each for each in list_documents(db_session, limits, patient_id) if _time_of(each, at) >= start]
    commitments, intentions = _followed(db_session, caller, limits, patient_id, at)
    responses = responses_of(db_session, limits, patient_id)
    lines = [
        *_spoken(db_session, caller, limits, patient_id, found_in(db_session, limits, patient_id, written), at),
        *_answers([each for each in responses if each.answered_at >= start]),
        *(Line("unseen", *told) for told in unseen(db_session, limits, patient_id, written)),
        *_motifs(db_session, limits, patient_id),
        *_commitment_lines(commitments),
    ]
    return Brief(
        patient=patient,
        since=start,
        last_session=last,
        last_dosing=next((each for each in held if _has_dosed(each, at)), None),
        next_session=next_sessions(db_session, limits, [patient_id], at).get(patient_id),
        entries=sum(each.source == "journal" for each in written),
        notes=sum(each.source == "note" for each in written),
        words=sum(each.words for each in written),
        last_written_at=max((_time_of(each, at) for each in written if each.source == "journal"), default=None),
        moods=moods_since(db_session, limits, patient_id, start, at),
        flags=_flags(db_session, limits, patient_id),
        measures=trends_in(db_session, limits, patient_id, responses),
        lines=sorted(lines, key=_place),
        intentions=intentions[:RETURNING],
        commitments=[each for each in commitments if each.resolve.status == "open"],
    )


def _sessions(db_session: DbSession, limits: Reach, patient_id: UUID) -> Sequence[Session]:
    """Give the sessions that were not cancelled, the latest first."""
    query = sessions_within(limits).where(Session.patient_id == patient_id, Session.status != "cancelled")
    query = query.options(lazyload(Session.vitals)).order_by(Session.starts_at.desc(), Session.id.desc())
    return db_session.scalars(query).unique().all()


def _is_over(session: Session, at: datetime) -> bool:
    """Tell whether a session can be "last time": what is read in it must not go blank when it begins."""
    is_closed = session.status == "completed"
    return session.starts_at <= (at if is_closed else at - UNDER_WAY)


def _has_dosed(session: Session, at: datetime) -> bool:
    """Tell whether a session is one of dosing that was held: a dose that was only planned was given to nobody."""
    return session.kind == "dosing" and session.status in HELD_STATUSES and session.starts_at <= at


def _time_of(document: Listed, at: datetime) -> datetime:
    return time_of(document.written_at, document.arrived_at, at)


def _followed(
    db_session: DbSession, caller: Principal, limits: Reach, patient_id: UUID, at: datetime
) -> tuple[list[Followed], list[Followed]]:
    """Follow commitments and intentions, the latest first, in one opening of what was not looked into before."""
    found: list[Any] = []
    for table in (Commitment, Intention):
        query: Select[Any] = resolves_within(table, limits).where(table.patient_id == patient_id)
        found += db_session.scalars(query.order_by(table.created_at.desc(), table.id.desc()))
    followed = follow(db_session, caller, found, at)
    commitments = [each for each in followed if isinstance(each.resolve, Commitment)]
    return commitments, [each for each in followed if isinstance(each.resolve, Intention)]


def _flags(db_session: DbSession, limits: Reach, patient_id: UUID) -> Sequence[SafetyFlag]:
    """Give the flags that wait, the latest first."""
    query = safety_flags_within(limits).where(SafetyFlag.patient_id == patient_id, SafetyFlag.status.in_(_WAITING))
    return db_session.scalars(query.order_by(SafetyFlag.raised_at.desc(), SafetyFlag.id)).unique().all()


def _motifs(db_session: DbSession, limits: Reach, patient_id: UUID) -> Iterable[Line]:
    for each in motifs_within(db_session, limits, patient_id, "journal", PageRequest(RETURNING)).items:
        says = f"\u201c{each.label}\u201d: comes back in the patient's own words, {in_stretches(each.session_count)}."
        yield Line("motif", says, tuple(of_passage(passage) for passage in reversed(each.passages[-SHOWN:])))


def _spoken(
    db_session: DbSession, caller: Principal, limits: Reach, patient_id: UUID, since: Sequence[Found], at: datetime
) -> Iterable[Line]:
    """Tell what mentions tell; `since` are those of what was written since then."""
    everything = recurring_by(db_session, limits, patient_id, at)
    known = known_themes(db_session, caller.organization_id)
    named = sightings_named(db_session, limits, patient_id, {one for each in everything for one in each.evidence})
    told = [
        *_safety(since, known),
        *_sleep(since),
        *_changes(everything, known, named),
        *_returning(everything, known, named),
    ]
    chosen = [latest(sightings, SHOWN) for _, sightings in told]
    shown = iter(quoted(db_session, limits, patient_id, [one for there in chosen for one in there]))
    for (line, _), there in zip(told, chosen, strict=True):
        yield replace(line, evidence=tuple(next(shown) for _ in there))


def _safety(since: Iterable[Found], known: dict[str, KnownTheme]) -> Iterable[Resting]:
    by_theme: dict[str, list[Found]] = {}
    for each in since:
        if each.facet == "safety" and each.sighting.assertion in _MEANT:
            by_theme.setdefault(each.sighting.theme, []).append(each)
    for theme, found in sorted(by_theme.items()):
        severity = gravest(each.severity for each in found)
        label = theme_named(known, theme).label
        says = f"{label}: spoken of {times(len(found))} since then. Please read it."
        yield Line("safety", says, (), theme, severity), [each.sighting for each in found]


def _answers(responses: Sequence[MeasureResponse]) -> Iterable[Line]:
    """Tell the answers to measures that somebody must see, each item once, the latest answer first."""
    given = grave_answers(responses)
    for measure, item in dict.fromkeys((each.response.measure, each.told.item) for each in given):
        same = [each for each in reversed(given) if (each.response.measure, each.told.item) == (measure, item)]
        says = (
            f"{measure_named(measure).title[ENGLISH]}, item {item}: answered above zero {times(len(same))} since then."
        )
        shown = tuple(of_answer(each) for each in same[:SHOWN])
        yield Line("safety", f"{says} Please read it.", shown, same[0].told.theme)


def _sleep(since: Iterable[Found]) -> Iterable[Resting]:
    found = [each.sighting for each in since if each.sighting.theme == "sleep"]
    if found:
        yield Line("sleep", f"Sleep: spoken of {times(len(found))} since then.", (), "sleep"), found


def _changes(
    everything: Iterable[RecurringTheme], known: dict[str, KnownTheme], named: Mapping[str, Sighting]
) -> Iterable[Resting]:
    for each in everything:
        theme = theme_named(known, each.theme)
        if each.trajectory in _CHANGES and theme.facet != "safety":
            kind, says = _CHANGES[str(each.trajectory)]
            yield Line(kind, says.format(theme.label), (), theme.name), [named[one] for one in each.evidence]


def _returning(
    everything: Iterable[RecurringTheme], known: dict[str, KnownTheme], named: Mapping[str, Sighting]
) -> Iterable[Resting]:
    lasting = [each for each in everything if each.trajectory == "persistent" and each.session_count > 1]
    for each in lasting[:RETURNING]:
        says = f"{theme_named(known, each.theme).label}: keeps returning, {in_stretches(each.session_count)}."
        yield Line("returning", says, (), each.theme), [named[one] for one in each.evidence]


def _commitment_lines(commitments: Iterable[Followed]) -> Iterable[Line]:
    for each in commitments:
        own = Evidence(each.resolve.text, "commitment", each.resolve.created_at)
        spoken = tuple(of_passage(passage) for passage in reversed(each.passages[-SHOWN:]))
        line = Line("commitment", "", (own, *spoken), commitment_id=each.id)
        if each.resolve.status != "open":  # kept, or let go: that is the patient's last word on it
            continue
        if each.is_stalled:
            yield replace(line, says="A commitment that has gone quiet, or whose day is past.")
        elif spoken:
            yield replace(line, says=f"A commitment that later writing comes back to {times(each.spoken_of)}.")


def _place(line: Line) -> tuple[int, int]:
    """Where a line stands; of those of safety first what somebody must see soonest."""
    minutes = route_of(line.theme).minutes if line.kind == "safety" and line.theme else 0
    return _ORDER.index(line.kind), minutes
