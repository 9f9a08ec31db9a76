"""Descriptive patterns of a patient's themes: together, in turn, around the dose, across voices; each with evidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import not_, or_
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.care.dosings import held_dosings
from integration_api.measures.progress import trends_of
from integration_api.measures.trends import Trend
from integration_api.people.use_cases import patient_within
from integration_api.themes.gleaned import looked_through, voice_of
from integration_api.themes.own import KnownTheme, known_themes
from integration_api.themes.use_cases import (
    TAGGED,
    RecurrenceFilter,
    counted,
    mentions_by_id,
    sightings_of,
    theme_named,
    windows_for,
)
from integration_api.wording import Sentence
from models import (
    Between,
    Document,
    Mention,
    MoodCheckIn,
    Reach,
    Session,
    documents_within,
    mood_check_ins_within,
    narrowed,
)
from nlp.recurrence import Writing
from nlp.relations import (
    AcrossVoices,
    AroundDose,
    Feeling,
    InTurn,
    Mood,
    Pair,
    Together,
    Turn,
    across_voices,
    around_dose,
    in_turn,
    together,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A theme with the mentions that show it, and what was found of it (None: it is told beside)."""

    theme: KnownTheme
    evidence: Sequence[Mention]
    found: Any = None


@dataclass(frozen=True, slots=True)
class Told:
    """Two themes that go together or follow one another, in numbers and in one sentence."""

    first: Shown
    second: Shown
    found: Pair | Turn
    statement: Sentence


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of pattern: what was found, and what is told of it with evidence, in its order."""

    found: Together | InTurn | AroundDose | AcrossVoices
    told: Sequence[Told] | Sequence[Shown]


@dataclass(frozen=True, slots=True)
class Patterns:
    """All that is told of one patient."""

    patient_id: UUID
    together: Part
    in_turn: Part
    around_dose: Part
    across_voices: Part
    measures: Sequence[Trend]


def read_patterns(db_session: DbSession, caller: Principal, patient_id: UUID, between: Between) -> Patterns:
    """Describe how a patient's themes stand to one another, as far as the caller may read; raise `NotFound`."""
    limits = reach(caller, Resource.THEME, Action.READ)
    patient_within(db_session, limits, patient_id)
    wanted = RecurrenceFilter(since=between.since, until=between.until)
    writings, moods = _written(db_session, limits, patient_id, wanted)
    readable = {each.document_id for each in writings}
    found = sightings_of(db_session, limits, patient_id, wanted)
    sightings = [each for each in found if each.document_id in readable]
    pairs = together(writings, sightings)
    turns = in_turn(windows_for(db_session, limits, patient_id), writings, sightings)
    phases = _phases(db_session, limits, patient_id)
    feelings = [
        *_check_ins(db_session, limits, patient_id, between),
        *_moods_of_unread(db_session, limits, patient_id, between),
    ]
    dose = around_dose(held_dosings(db_session, limits, patient_id), writings, sightings, moods, phases, feelings)
    voices = across_voices(writings, sightings)
    evident = [*pairs.pairs, *turns.turns, *dose.themes, *voices.themes]
    shown = mentions_by_id(db_session, limits, sorted({each for one in evident for each in _evidence(one)}))
    show = _Showing(known_themes(db_session, caller.organization_id), shown)
    return Patterns(
        patient_id=patient_id,
        together=Part(pairs, [show.pair(pair) for pair in pairs.pairs]),
        in_turn=Part(turns, [show.turn(turn) for turn in turns.turns]),
        around_dose=Part(dose, [show.theme(each.theme, each.evidence, each) for each in dose.themes]),
        across_voices=Part(voices, [show.theme(each.theme, each.evidence, each) for each in voices.themes]),
        measures=trends_of(db_session, limits, patient_id, between),
    )


@dataclass(frozen=True, slots=True)
class _Showing:
    """Turns names into themes, ids into mentions, and counts into sentences."""

    known: Mapping[str, KnownTheme]
    mentions: Mapping[str, Mention]

    def theme(self, name: str, evidence: Iterable[str], found: Any = None) -> Shown:
        return Shown(theme_named(dict(self.known), name), [self.mentions[each] for each in evidence], found)

    def pair(self, pair: Pair) -> Told:
        first = self.theme(pair.theme, pair.evidence)
        second = self.theme(pair.other, pair.other_evidence)
        statement = Sentence(
            "In {both} of the {with_first} entries that speak of “{first}”, also “{second}”; in {second_only} of the "
            "other {without_first}.",
            first=first.theme.label,
            second=second.theme.label,
            both=pair.both,
            with_first=pair.with_theme,
            second_only=pair.other_only,
            without_first=pair.without_theme,
        )
        return Told(first, second, pair, statement)

    def turn(self, turn: Turn) -> Told:
        first = self.theme(turn.theme, turn.evidence)
        second = self.theme(turn.next_theme, turn.next_evidence)
        statement = Sentence(
            "After {followed} of the {after_first} stretches between dosing sessions that speak of “{first}”, the next "
            "speaks of “{second}”; after {followed_others} of the other {after_others}.",
            first=first.theme.label,
            second=second.theme.label,
            followed=turn.followed,
            after_first=turn.after_theme,
            followed_others=turn.followed_others,
            after_others=turn.after_others,
        )
        return Told(first, second, turn, statement)


def _evidence(found: Any) -> Iterable[str]:
    match found:
        case Pair():
            return (*found.evidence, *found.other_evidence)
        case Turn():
            return (*found.evidence, *found.next_evidence)
        case _:
            return tuple(found.evidence)


def _written(
    db_session: DbSession, limits: Reach, patient_id: UUID, wanted: RecurrenceFilter
) -> tuple[list[Writing], dict[str, Mood]]:
    """Read how much was written when and by whom, and in which mood. No word of it."""
    query = counted(documents_within(limits), patient_id, wanted)
    query = query.where(looked_through())
    columns = (Document.id, Document.written_at, Document.word_count, Document.source)
    rows = db_session.execute(query.with_only_columns(*columns, Document.valence, Document.arousal)).all()
    writings = [Writing(str(row[0]), row[1], row[2], voice_of(row[3])) for row in rows]
    return writings, {str(row[0]): Mood(row[4], row[5]) for row in rows}


def _phases(db_session: DbSession, limits: Reach, patient_id: UUID) -> dict[str, str]:
    """Read to which kind of session each document belongs, of those that belong to one."""
    query = documents_within(limits).where(Document.patient_id == patient_id)
    tied = query.join(Session, Session.id == Document.session_id).with_only_columns(Document.id, Session.kind)
    return {str(document_id): kind for document_id, kind in db_session.execute(tied)}


def _check_ins(db_session: DbSession, limits: Reach, patient_id: UUID, between: Between) -> list[Feeling]:
    """Read the moods that were given without words, as far as they may be read, with the kinds of their sessions."""
    visible = mood_check_ins_within(limits).where(MoodCheckIn.patient_id == patient_id)
    found = narrowed(visible, (), MoodCheckIn.at, between).outerjoin(Session, Session.id == MoodCheckIn.session_id)
    columns = (MoodCheckIn.at, MoodCheckIn.valence, MoodCheckIn.arousal, Session.kind)
    return [
        Feeling(row[0], Mood(row[1], row[2]), row[3]) for row in db_session.execute(found.with_only_columns(*columns))
    ]


def _moods_of_unread(db_session: DbSession, limits: Reach, patient_id: UUID, between: Between) -> list[Feeling]:
    """Read the moods of entries in which nothing was looked for: they are felt in any language."""
    unread = or_(Document.tagging_state != TAGGED, not_(looked_through()))
    visible = documents_within(limits).where(Document.patient_id == patient_id, Document.source == "journal", unread)
    given = visible.where(or_(Document.valence.is_not(None), Document.arousal.is_not(None)))
    found = narrowed(given, (), Document.written_at, between).outerjoin(Session, Session.id == Document.session_id)
    columns = (Document.written_at, Document.valence, Document.arousal, Session.kind)
    rows = db_session.execute(found.with_only_columns(*columns))
    return [Feeling(row[0], Mood(row[1], row[2]), row[3], is_check_in=False) for row in rows]
