"""Seeding the demo clinic: through the same use cases as any request, so that it is never what they would refuse."""

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import full_scope
from integration_api.access.principals import Principal
from integration_api.access.scopes import parse_scopes
from integration_api.access.tokens import Grant
from integration_api.access.use_cases import principal_of
from integration_api.care import use_cases as care
from integration_api.journal import use_cases as journal
from integration_api.measures import use_cases as measures
from integration_api.notes import use_cases as notes
from integration_api.people import use_cases as people
from integration_api.people.founding import found_organization
from integration_api.safety.routing import Timing
from models import Organization, Role, User

FOLDER = Path(__file__).parent / "clinic"
CLINIC_ZONE = timezone(timedelta(hours=-5))


@dataclass(slots=True)
class _Seeding:
    """One organization on its way into the database."""

    db_session: DbSession
    now: datetime
    admin: User
    staff: dict[str, UUID] = field(default_factory=dict)

    def caller(self, username: str) -> Principal:
        """Speak as somebody."""
        user = self.db_session.scalars(select(User).where(User.username == username)).one()
        return principal_of(self.db_session, Grant(user.id, parse_scopes(full_scope(Role(user.role)))), self.now)

    def ago(self, days: float) -> datetime:
        """Say when that was, on the clinic's clock."""
        return (self.now - timedelta(days=days)).astimezone(CLINIC_ZONE).replace(microsecond=0)


def is_empty(db_session: DbSession) -> bool:
    """Tell whether there is no organization yet."""
    return db_session.scalar(select(Organization.id).limit(1)) is None


def seed(db_session: DbSession, now: datetime | None = None) -> list[UUID]:
    """Fill an empty database with the demo clinic and a second one; gives the documents to be tagged."""
    at = now or datetime.now(UTC)
    files = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.toml"))}
    harbour = _found(db_session, at, files.pop("clinic"))
    fernhill = _found(db_session, at, files["fernhill"])
    documents = _add_patient(fernhill, files.pop("fernhill"))
    for story in files.values():
        documents += _add_patient(harbour, story)
    return documents


def _found(db_session: DbSession, now: datetime, data: dict[str, Any]) -> _Seeding:
    admin = found_organization(db_session, data["organization"]["name"], data["admin"]["username"])
    seeding = _Seeding(db_session, now, admin)
    for each in data["clinicians"]:
        draft = people.ClinicianDraft(name=each["name"], role=each["role"], username=each["username"])
        registered = people.register_clinician(db_session, seeding.caller(admin.username), draft)
        seeding.staff[each["username"]] = registered.id
    return seeding


def _add_patient(seeding: _Seeding, story: dict[str, Any]) -> list[UUID]:
    """Tell one patient's story; gives its documents."""
    db_session, admin, told = seeding.db_session, seeding.caller(seeding.admin.username), story["patient"]
    draft = people.PatientDraft(name=told["name"], birth_date=told["birth_date"], username=told["username"])
    patient = people.register_patient(db_session, admin, draft, seeding.now)
    team = [seeding.staff[name] for name in told["care_team"]]
    people.replace_care_team(db_session, admin, patient.id, lambda _: None, team)
    sessions = _add_care(seeding, seeding.caller(told["care_team"][0]), patient.id, story)
    writer = seeding.caller(told["username"])
    for each in story.get("measures", ()):
        _answer(seeding, writer, each)
    entries = [_write_entry(seeding, writer, entry) for entry in story["entries"]]
    return entries + [_write_note(seeding, patient.id, sessions, note) for note in story["notes"]]


def _add_care(seeding: _Seeding, clinician: Principal, patient_id: UUID, story: dict[str, Any]) -> dict[str, UUID]:
    """Open the courses and hold the sessions; gives the sessions by key."""
    courses = {
        each["key"]: care.open_course(
            seeding.db_session,
            clinician,
            care.CourseDraft(patient_id=patient_id, indication=each["indication"], status=each["status"]),
        ).id
        for each in story["courses"]
    }
    return {each["key"]: _hold(seeding, clinician, courses[each["course"]], each) for each in story["sessions"]}


def _hold(seeding: _Seeding, clinician: Principal, course_id: UUID, told: dict[str, Any]) -> UUID:
    starts_at = seeding.ago(told["days_ago"]).replace(hour=told["hour"], minute=0, second=0)
    dosing = told.get("dosing")
    session = care.hold_session(
        seeding.db_session,
        clinician,
        care.SessionDraft(
            course_id=course_id,
            kind=told["kind"],
            status=told["status"],
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=told["minutes"]),
            setting=told["setting"],
            intention=told.get("intention"),
            dosing=care.Dosing(**dosing) if dosing else None,
        ),
        seeding.now,
    )
    for reading in told.get("vitals", ()):
        signs = {name: value for name, value in reading.items() if name != "minute"}
        at = starts_at + timedelta(minutes=reading["minute"])
        draft = care.VitalsDraft(at=at, **signs)
        care.record_vitals(seeding.db_session, clinician, session.id, draft, seeding.now)
    return session.id


def _write_entry(seeding: _Seeding, writer: Principal, told: dict[str, Any]) -> UUID:
    mood = told.get("mood")
    draft = journal.EntryDraft(
        text=told["text"].strip(),
        written_at=seeding.ago(told["days_ago"]),
        visibility=told["visibility"],
        mood=journal.Mood(**mood) if mood else None,
    )
    return journal.write_entry(seeding.db_session, writer, draft, seeding.now).id


def _answer(seeding: _Seeding, writer: Principal, told: dict[str, Any]) -> None:
    draft = measures.ResponseDraft(
        measure=told["measure"], answers=tuple(told["answers"]), answered_at=seeding.ago(told["days_ago"])
    )
    measures.keep_response(seeding.db_session, writer, draft, "en", Timing(seeding.now))


def _write_note(seeding: _Seeding, patient_id: UUID, sessions: dict[str, UUID], told: dict[str, Any]) -> UUID:
    draft = notes.NoteDraft(
        patient_id=patient_id,
        kind=told["kind"],
        text=told["text"].strip(),
        session_id=sessions[told["session"]],
        written_at=seeding.ago(told["days_ago"]),
    )
    return notes.write_note(seeding.db_session, seeding.caller(told["author"]), draft, seeding.now).id
