"""Migrations: up and down on whichever database, and nothing between them and the tables that we declare."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from sqlalchemy import create_engine, inspect, text

from integration_api.app import create_app
from integration_api.config import Settings
from integration_api.db import db
from models import Base


@pytest.fixture
def bare(settings: Settings, database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on a database with nothing in it."""
    url = f"sqlite:///{tmp_path}/bare.sqlite3"
    if database_url.startswith("postgresql"):
        admin = create_engine(database_url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS bare"))
            connection.execute(text("CREATE DATABASE bare"))
        admin.dispose()
        url = database_url.replace("/postgres?", "/bare?", 1)
        assert url != database_url
    app = create_app(replace(settings, database_url=url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.mark.usefixtures("bare")
def test_up_down_and_up_again() -> None:
    flask_migrate.upgrade()
    tables = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    assert tables == set(Base.metadata.tables)
    flask_migrate.downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    flask_migrate.upgrade()
    assert set(inspect(db.engine).get_table_names()) - {"alembic_version"} == tables


@pytest.mark.usefixtures("bare")
def test_the_newest_migration_makes_the_tables_that_we_declare() -> None:
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
