"""The taxonomy, and what recurs for a patient: themes across sessions, each with its evidence."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import NotFound
from integration_api.people.use_cases import patient_within
from integration_api.themes.clinic_counts import clinic_rates
from integration_api.themes.gleaned import LISTED, Listed, Moment, OfPatient, gleaned, list_documents, listed_of
from integration_api.themes.own import KnownTheme, known_themes
from models import (
    EARLY,
    Between,
    Document,
    Mention,
    Page,
    PageRequest,
    Reach,
    Session,
    documents_within,
    is_early,
    narrowed,
    page_of_list,
    page_of_ranked,
    sessions_within,
    shown_mentions,
)
from models.stamp import RECKONED
from nlp import Assertion, DocumentKind
from nlp.recurrence import (
    RecurringTheme,
    SessionRate,
    Sighting,
    Trajectory,
    Window,
    Writing,
    recurring_in,
    recurring_themes,
    windows_of,
)
from nlp.recurrence.counts import Tally

ANY = "any"
TAGGED = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceFilter(Between):
    """Which documents, by time of writing, and mentions count; None: all. `assertion` may be `any`."""

    source: str | None = None
    facet: str | None = None
    assertion: str = "affirmed"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """One theme across a patient's dosing sessions. Without any mention there is no trajectory."""

    theme: KnownTheme
    sessions: tuple[SessionRate, ...] = ()
    session_count: int = 0
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    trajectory: Trajectory | None = None
    probability_rising: float | None = None
    by_source: dict[DocumentKind, int] | None = None
    evidence: Sequence[Mention] = ()


@dataclass(frozen=True, slots=True)
class Timeline(Recurrence):
    """One theme's recurrence with a page of the mentions that count, in the order of writing."""

    mentions: Page[Mention] = field(default_factory=lambda: Page((), None))
    next_cursor: str | None = None


def list_themes(db_session: DbSession, caller: Principal, facet: str | None, page: PageRequest) -> Page[KnownTheme]:
    """List the taxonomy and the clinic's own themes, or one facet of them, by name."""
    reach(caller, Resource.TAXONOMY, Action.SEARCH)
    known = known_themes(db_session, caller.organization_id)
    found = [theme for theme in known.values() if facet in (None, theme.facet)]
    return page_of_list(sorted(found, key=lambda theme: theme.name), lambda theme: (theme.name,), page)


def read_theme(db_session: DbSession, caller: Principal, name: str) -> KnownTheme:
    """Read one theme of the taxonomy or the clinic's own; raise `NotFound`."""
    reach(caller, Resource.TAXONOMY, Action.READ)
    return theme_named(known_themes(db_session, caller.organization_id), name)


def list_recurrences(
    db_session: DbSession, caller: Principal, patient_id: UUID, wanted: RecurrenceFilter, page: PageRequest
) -> Page[Recurrence]:
    """Tell what returns for a patient, the most recurrent first, as far as the caller may read."""
    limits = reach(caller, Resource.THEME, Action.SEARCH)
    patient_within(db_session, limits, patient_id)
    found = recurring(db_session, limits, patient_id, wanted)
    asked = page_of_ranked(found, lambda one: one.theme, page)
    shown = mentions_by_id(db_session, limits, [mention_id for one in asked.items for mention_id in one.evidence])
    known = known_themes(db_session, caller.organization_id)
    return Page([_recurrence(known, one, shown) for one in asked.items], asked.next_after)


def list_without_evidence(
    db_session: DbSession, caller: Principal, patient_ids: Sequence[UUID], at: datetime
) -> dict[UUID, list[Recurrence]]:
    """Tell the same of every theme for who shows none of the evidence; of patients who are known to be within reach."""
    limits = reach(caller, Resource.THEME, Action.SEARCH)
    _read_ahead(db_session, limits, patient_ids)
    known = known_themes(db_session, caller.organization_id)
    return {
        patient_id: [
            _recurrence(known, replace(each, evidence=()), {})
            for each in recurring_by(db_session, limits, patient_id, at)
        ]
        for patient_id in patient_ids
    }


def _read_ahead(db_session: DbSession, limits: Reach, patient_ids: Sequence[UUID]) -> None:
    """Read of all patients at once what is asked of each of them."""
    moment: Moment | None = db_session.info.get(RECKONED)
    if moment is None:
        return
    documents: Any = documents_within(limits).where(Document.patient_id.in_(patient_ids))
    documents = documents.order_by(Document.written_at, Document.id).with_only_columns(*LISTED, Document.patient_id)
    listed: dict[UUID, list[Listed]] = {each: [] for each in patient_ids}
    for *row, patient_id in db_session.execute(documents):
        listed[patient_id].append(listed_of(row))
    held: dict[UUID, list[tuple[str, datetime]]] = {each: [] for each in patient_ids}
    dosings = _dosings_within(limits).where(Session.patient_id.in_(patient_ids))
    for patient_id, session_id, starts_at in db_session.execute(dosings):
        held[patient_id].append((str(session_id), starts_at))
    for each in patient_ids:
        moment.listed[limits, each], moment.windows[limits, each] = listed[each], windows_of(held[each])


def read_timeline(
    db_session: DbSession,
    caller: Principal,
    patient_id: UUID,
    name: str,
    wanted: RecurrenceFilter,
    page: PageRequest,
) -> Timeline:
    """Tell how one theme returns for a patient, with its evidence; raise `NotFound`."""
    limits = reach(caller, Resource.THEME, Action.READ)
    patient_within(db_session, limits, patient_id)
    known = known_themes(db_session, caller.organization_id)
    theme = theme_named(known, name)
    found = recurring(db_session, limits, patient_id, wanted, name)
    in_order = sorted(sightings_of(db_session, limits, patient_id, wanted, name), key=_place)
    asked = page_of_list(in_order, _place, page)
    wanted_ids = [one.mention_id for one in asked.items] + [each for one in found for each in one.evidence]
    shown = mentions_by_id(db_session, limits, wanted_ids)
    recurrence = _recurrence(known, found[0], shown) if found else Recurrence(theme, by_source={})
    mentions = Page([shown[one.mention_id] for one in asked.items], asked.next_after)
    return Timeline(**{each.name: getattr(recurrence, each.name) for each in fields(recurrence)}, mentions=mentions)


def _place(sighting: Sighting) -> tuple[datetime, str]:
    """Where a mention stands in time; ids of one document's mentions rise with its text."""
    return sighting.written_at, sighting.mention_id


def theme_named(known: dict[str, KnownTheme], name: str) -> KnownTheme:
    """Find a theme of the taxonomy or the clinic's own; raise `NotFound`."""
    theme = known.get(name)
    if theme is None:
        raise NotFound("There is no such theme.")
    return theme


def trajectories_of(db_session: DbSession, limits: Reach, patient_id: UUID) -> dict[str, Trajectory]:
    """Tell how each theme of a patient's goes, in what can be read within a reach."""
    return {each.theme: each.trajectory for each in recurring(db_session, limits, patient_id, RecurrenceFilter())}


def recurring(
    db_session: DbSession, limits: Reach, patient_id: UUID, wanted: RecurrenceFilter, theme: str | None = None
) -> list[RecurringTheme]:
    """Tell what recurs. To the usual question only what has changed since it was last asked is counted anew."""
    windows = windows_for(db_session, limits, patient_id)
    # The clinic's rates are of affirmed mentions in all that is shared: of another question they tell nothing.
    is_theirs = wanted.source is None and wanted.assertion == Assertion.AFFIRMED
    clinic = _rates(db_session, limits.organization_id) if is_theirs else None
    listed = listed_for(db_session, limits, patient_id, wanted)
    with gleaned(db_session).of(patient_id) as known:
        known.fill(db_session, limits, listed)
        if wanted == RecurrenceFilter():
            return recurring_in(known.count(windows, listed), clinic, theme)
        sightings = [one for one in _sightings(known, listed, wanted) if theme in (None, one.theme)]
    writings = [Writing(str(each.id), each.written_at, each.words, each.source) for each in listed]
    return recurring_themes(windows, writings, sightings, clinic)


def recurring_by(db_session: DbSession, limits: Reach, patient_id: UUID, at: datetime) -> list[RecurringTheme]:
    """Tell what recurs and rises by now: what a phone wrote in a time that has not come yet has no place in it."""
    found = recurring(db_session, limits, patient_id, RecurrenceFilter())
    if any(is_early(each.last_seen, at) for each in found):
        return recurring(db_session, limits, patient_id, RecurrenceFilter(until=at + EARLY))
    return found


def windows_for(db_session: DbSession, limits: Reach, patient_id: UUID) -> tuple[Window, ...]:
    """Lay the windows of a patient's dosing sessions; within one request once."""
    moment: Moment | None = db_session.info.get(RECKONED)
    if moment is not None and (limits, patient_id) in moment.windows:
        return moment.windows[limits, patient_id]
    held = db_session.execute(_dosings_within(limits).where(Session.patient_id == patient_id))
    laid = windows_of((str(session_id), starts_at) for _, session_id, starts_at in held)
    if moment is not None:
        moment.windows[limits, patient_id] = laid
    return laid


def _dosings_within(limits: Reach) -> Select[Any]:
    held: Any = sessions_within(limits).where(Session.kind == "dosing", Session.status != "cancelled")
    columns: Select[Any] = held.with_only_columns(Session.patient_id, Session.id, Session.starts_at)
    return columns


def _rates(db_session: DbSession, organization_id: UUID) -> dict[str, Tally]:
    """Give the clinic's usual rates; within one request they are read once."""
    moment: Moment | None = db_session.info.get(RECKONED)
    kept = {} if moment is None else moment.rates
    if organization_id not in kept:
        kept[organization_id] = clinic_rates(db_session, organization_id)
    return kept[organization_id]


def sightings_of(
    db_session: DbSession, limits: Reach, patient_id: UUID, wanted: RecurrenceFilter, theme: str | None = None
) -> list[Sighting]:
    """Every mention that counts, of every theme or of one: rejected ones never do."""
    listed = listed_for(db_session, limits, patient_id, wanted)
    with gleaned(db_session).of(patient_id) as known:
        known.fill(db_session, limits, listed)
        return [one for one in _sightings(known, listed, wanted) if theme in (None, one.theme)]


def listed_for(db_session: DbSession, limits: Reach, patient_id: UUID, wanted: RecurrenceFilter) -> list[Listed]:
    """List the documents that `counted` keeps."""
    return [
        each
        for each in list_documents(db_session, limits, patient_id)
        if each.tagging_state == TAGGED
        and each.is_looked_through
        and wanted.source in (None, each.source)
        and (wanted.since is None or each.written_at >= wanted.since)
        and (wanted.until is None or each.written_at < wanted.until)
    ]


def _sightings(known: OfPatient, listed: Iterable[Listed], wanted: RecurrenceFilter) -> Iterator[Sighting]:
    for document in listed:
        for facet, one, _ in known.documents[document.id].found:
            if wanted.facet in (None, facet) and wanted.assertion in (ANY, one.assertion):
                yield one


def counted(query: Select[Any], patient_id: UUID, wanted: RecurrenceFilter) -> Select[Any]:
    """Keep what stands in the tagged documents that are asked for."""
    equal = (
        (Document.patient_id, patient_id),
        (Document.tagging_state, TAGGED),
        (Document.source, wanted.source),
    )
    return narrowed(query, equal, Document.written_at, wanted)


def mentions_by_id(db_session: DbSession, limits: Reach, mention_ids: Sequence[str]) -> dict[str, Mention]:
    """Read mentions that are to be shown."""
    wanted = shown_mentions(limits).where(Mention.id.in_([UUID(mention_id) for mention_id in mention_ids]))
    return {str(mention.id): mention for mention in db_session.scalars(wanted).unique()}


def _recurrence(known: dict[str, KnownTheme], found: RecurringTheme, shown: dict[str, Mention]) -> Recurrence:
    return Recurrence(
        theme=theme_named(known, found.theme),
        sessions=found.sessions,
        session_count=found.session_count,
        first_seen=found.first_seen,
        last_seen=found.last_seen,
        trajectory=found.trajectory,
        probability_rising=found.probability_rising,
        by_source=dict(found.by_source),
        evidence=[shown[mention_id] for mention_id in found.evidence],
    )
