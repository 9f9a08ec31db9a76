"""Everything about a patient in one archive: for machines, and to read; with the files of the entries."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import json, render_template
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, full_scope, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action, parse_scopes
from integration_api.action.progress import follow_page
from integration_api.action.schemas import CommitmentSchema, IntentionSchema
from integration_api.action.use_cases import COMMITMENTS, INTENTIONS, Kind, list_resolves
from integration_api.attachments.cleaning import ENDINGS
from integration_api.attachments.schemas import AttachmentSchema
from integration_api.attachments.use_cases import list_all
from integration_api.care import use_cases as care
from integration_api.care.schemas import CourseSchema, SessionSchema
from integration_api.ehr.copies import list_own_copies
from integration_api.ehr.schemas import EhrCopySchema
from integration_api.errors import NotFound
from integration_api.journal.schemas import EntryVersionSchema, JournalEntrySchema
from integration_api.journal.use_cases import EntryFilter, list_entries
from integration_api.journal.versions import list_own_versions
from integration_api.measures.schemas import MeasureResponseSchema
from integration_api.measures.use_cases import ResponseFilter, list_responses
from integration_api.moods.schemas import MoodCheckInSchema
from integration_api.moods.use_cases import CheckInFilter, list_check_ins
from integration_api.notes.schemas import NoteSchema, NoteVersionSchema
from integration_api.notes.use_cases import NoteFilter, list_notes
from integration_api.notes.versions import list_all_versions
from integration_api.people import use_cases as people
from integration_api.people.received import names_of
from integration_api.people.schemas import CareTeamSchema, MeSchema, PatientSchema
from integration_api.privacy.audit import AuditFilter, list_events
from integration_api.privacy.break_glass import list_openings
from integration_api.privacy.consents import list_consents
from integration_api.privacy.schemas import AuditEventSchema, BreakGlassSchema, ConsentSchema
from integration_api.privacy.words import word
from integration_api.prompts.schemas import ShowingSchema
from integration_api.prompts.use_cases import list_showings
from integration_api.reminders.preferences import read_preferences
from integration_api.reminders.schemas import ReminderSettingsSchema
from integration_api.themes.labels import label_of
from integration_api.themes.own import known_themes
from integration_api.web.languages import language
from integration_api.web.schema import Schema
from models import Attachment, Page, PageRequest

FORMAT = 1  # of record.json; counted up when a reader would have to know
PAGE = 200  # so many records are read at a time


def everything_about(db_session: DbSession, caller: Principal, at: datetime) -> dict[str, Any]:
    """Gather what the record holds of the calling patient, each part as the API shows it."""
    patient_id = reach(caller, Resource.EXPORT, Action.READ).patient_id
    if patient_id is None:
        raise NotFound("The account belongs to no patient.")
    me = replace(caller, scopes=parse_scopes(full_scope(caller.role)))  # the right to all of it is what was granted
    lists: dict[str, tuple[Schema, Callable[[PageRequest], Page[Any]]]] = {
        "courses": (CourseSchema(), lambda page: care.list_courses(db_session, me, None, None, page)),
        "sessions": (SessionSchema(), lambda page: care.list_sessions(db_session, me, care.SessionFilter(), page)),
        "journal_entries": (JournalEntrySchema(), lambda page: list_entries(db_session, me, EntryFilter(), page, at)),
        "attachments": (AttachmentSchema(), lambda page: list_all(db_session, me, page)),
        "mood_check_ins": (MoodCheckInSchema(), lambda page: list_check_ins(db_session, me, CheckInFilter(), page, at)),
        "entry_versions": (EntryVersionSchema(), lambda page: list_own_versions(db_session, me, page)),
        "notes": (NoteSchema(), lambda page: list_notes(db_session, me, NoteFilter(), page)),
        "note_versions": (NoteVersionSchema(), lambda page: list_all_versions(db_session, me, page)),
        "measure_responses": (
            MeasureResponseSchema(),
            lambda page: list_responses(db_session, me, ResponseFilter(), page),
        ),
        "intentions": (IntentionSchema(), lambda page: _followed(db_session, me, INTENTIONS, page, at)),
        "commitments": (CommitmentSchema(), lambda page: _followed(db_session, me, COMMITMENTS, page, at)),
        "ehr_copies": (EhrCopySchema(), lambda page: list_own_copies(db_session, me, page)),
        "consents": (ConsentSchema(), lambda page: list_consents(db_session, me, page)),
        "break_glass": (BreakGlassSchema(), lambda page: list_openings(db_session, me, patient_id, page)),
        "audit_events": (AuditEventSchema(), lambda page: list_events(db_session, me, AuditFilter(), page)),
    }
    return {
        "format": FORMAT,
        "exported_at": at.isoformat(),
        "me": MeSchema().dump(people.read_me(db_session, me)),
        "patient": PatientSchema().dump(people.read_patient(db_session, me, patient_id)),
        "reminder_settings": ReminderSettingsSchema().dump(read_preferences(db_session, me)),
        "prompts_shown": ShowingSchema().dump(list_showings(db_session, me), many=True),
        "told_by_record_systems": _told(db_session, me, patient_id),
        "care_team": CareTeamSchema().dump(people.read_care_team(db_session, me, patient_id)),
        **{name: _all(schema, turn) for name, (schema, turn) in lists.items()},
    }


def _told(db_session: DbSession, me: Principal, patient_id: UUID) -> dict[str, Any]:
    """Say what record systems have told of the patient, and what they call them and their sessions."""
    patient = people.read_patient(db_session, me, patient_id)
    names = [
        {"kind": each.kind, "record_id": str(each.record_id), "system": each.system, "value": each.value}
        for each in names_of(db_session, patient)
    ]
    return {"family": patient.family, "given": patient.given, "gender": patient.gender, "identifiers": names}


def _followed(db_session: DbSession, me: Principal, kind: Kind, page: PageRequest, at: datetime) -> Page[Any]:
    return follow_page(db_session, me, list_resolves(db_session, me, kind, (), page), at)


def _all(schema: Schema, turn: Callable[[PageRequest], Page[Any]]) -> list[Any]:
    found: list[Any] = schema.dump(_turned(turn), many=True)
    return found


def _turned(turn: Callable[[PageRequest], Page[Any]]) -> list[Any]:
    """Turn the pages of a list, all of them."""
    found: list[Any] = []
    request = PageRequest(limit=PAGE)
    while True:
        page = turn(request)
        found += page.items
        if page.next_after is None:
            return found
        request = PageRequest(limit=PAGE, after=page.next_after)


def files_of(db_session: DbSession, caller: Principal) -> list[Attachment]:
    """List the files that belong into the archive, each with its key, before the database is let go."""
    me = replace(caller, scopes=parse_scopes(full_scope(caller.role)))
    return _turned(lambda page: list_all(db_session, me, page))


def labels_of(db_session: DbSession, caller: Principal) -> dict[str, str]:
    """Name the themes for people, in the request's language."""
    known = known_themes(db_session, caller.organization_id)
    return {name: label_of(theme, language()).label for name, theme in known.items()}


def pages_of(record: dict[str, Any], labels: dict[str, str]) -> dict[str, str]:
    """Write the record as JSON, and as a page that any browser reads."""
    files = {each["id"]: f"files/{each['id']}.{ENDINGS[each['media_type']]}" for each in record["attachments"]}
    of_entry: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in record["attachments"]:
        of_entry[each["entry_id"]].append(each)
    shown = {"record": record, "files": files, "attachments": of_entry, "labels": labels, "word": word}
    page = render_template("privacy/export.html", **shown)
    return {"record.json": json.dumps(record, indent=2), "record.html": page}
