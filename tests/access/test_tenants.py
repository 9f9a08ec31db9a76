"""The walls between organizations, attacked from within: by queries that forgot where they belong."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from integration_api.db import Collision, db, enter_organization, reading, unit_of_work
from models import (
    Clinician,
    Document,
    Organization,
    Patient,
    Session,
    SigningKey,
    UnknownName,
    User,
    WorkerTask,
    append_deeds,
    now,
)
from models.base import OfOrganization
from models.tenancy import ForeignRow


@pytest.fixture
def at_harbour(clinic: Any) -> Iterator[Any]:
    """A request that speaks for the first organization; the second has a patient with an entry and a session."""
    june, therapist = clinic.caller("june"), clinic.caller("elsewhere.therapist")
    june.create("/v1/journal-entries", {"text": "Fern and rain.", "visibility": "care_team"})
    course = therapist.create("/v1/courses", {"patient_id": clinic.ids["june"]})["id"]
    therapist.create("/v1/sessions", {"course_id": course, "kind": "dosing", "starts_at": "2026-03-08T10:00:00Z"})
    clinic.write("Harbour and gulls.")
    with clinic.app.app_context(), reading() as db_session:
        home = db_session.scalars(select(User.organization_id).where(User.username == "admin")).one()
    with clinic.app.test_request_context():
        enter_organization(home)
        yield clinic


def is_postgresql() -> bool:
    return bool(db.engine.dialect.name == "postgresql")


def test_a_query_that_forgot_its_organization_sees_only_its_own(at_harbour: Any) -> None:
    with reading() as db_session:
        assert [each.text for each in db_session.scalars(select(Document))] == ["Harbour and gulls."]
        assert set(db_session.scalars(select(Patient.name))) == {"Maya", "Tom"}
        assert db_session.scalar(select(func.count()).select_from(Session)) == 0
        assert db_session.get(Patient, UUID(at_harbour.ids["june"])) is None
        of_names = select(Patient.id).where(Patient.id.in_(select(Document.patient_id)))
        assert db_session.scalars(of_names).all() == [UUID(at_harbour.ids["maya"])]


def test_every_table_of_people_belongs_to_an_organization() -> None:
    tables = {mapper.class_ for mapper in db.Model.registry.mappers}
    of_nobody = {each for each in tables if not issubclass(each, OfOrganization)}
    assert of_nobody == {Organization, UnknownName, SigningKey, WorkerTask}


def test_a_change_that_forgot_its_organization_reaches_only_its_own(at_harbour: Any) -> None:
    with unit_of_work() as db_session:
        db_session.execute(update(Clinician).values(name="Changed"))
        db_session.execute(delete(Document))
    with reading(everywhere=True) as db_session:
        unchanged = select(Clinician.name).where(Clinician.name != "Changed")
        assert db_session.scalars(unchanged).all() == ["Elsewhere.Therapist"]
        assert [each.text for each in db_session.scalars(select(Document))] == ["Fern and rain."]


def test_nothing_is_stored_for_another_organization(at_harbour: Any) -> None:
    with reading(everywhere=True) as db_session:
        elsewhere = db_session.scalars(select(Patient).where(Patient.name == "June")).one().organization_id
    with pytest.raises(ForeignRow), unit_of_work() as db_session:
        db_session.add(Patient(organization_id=elsewhere, name="Smuggled"))
    with pytest.raises(ForeignRow), unit_of_work() as db_session:
        append_deeds(db_session, elsewhere, now(), [])


def test_a_request_that_nobody_was_let_into_sees_nothing(app: Flask, clinic: Any) -> None:
    with app.test_request_context(), reading() as db_session:
        assert db_session.scalars(select(Patient)).all() == []
        assert db_session.scalars(select(User)).all() == []


class TestTheSecondWall:
    """Row-level security, met by SQL that knows no ORM."""

    @pytest.fixture(autouse=True)
    def on_postgresql(self, at_harbour: Any) -> None:
        if not is_postgresql():
            pytest.skip("SQLite has no row-level security")

    def test_plain_sql_sees_only_its_own(self) -> None:
        with reading() as db_session:
            assert set(db_session.execute(text("SELECT name FROM patients")).scalars()) == {"Maya", "Tom"}
            assert db_session.execute(text("SELECT count(*) FROM organizations")).scalar() == 1

    def test_every_table_is_walled(self) -> None:
        with reading() as db_session:
            query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            open_ones = set(db_session.execute(text(f"{query} AND NOT relforcerowsecurity")).scalars())
        assert open_ones == {"alembic_version", "unknown_names", "signing_keys", "worker_tasks"}

    def test_plain_sql_cannot_move_a_row_across(self, at_harbour: Any) -> None:
        moved = text("UPDATE patients SET organization_id = :there WHERE name = 'Tom'")
        with reading(everywhere=True) as db_session:
            there = db_session.scalars(select(Patient).where(Patient.name == "June")).one().organization_id
        with pytest.raises((DBAPIError, Collision)), unit_of_work() as db_session:
            db_session.execute(moved, {"there": there})

    def test_a_connection_that_says_nothing_sees_nothing(self) -> None:
        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM documents")).scalar() == 0
