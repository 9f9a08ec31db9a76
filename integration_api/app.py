"""The application: the one module that knows every room."""

from flask import Flask

from integration_api.care.routes import blp as care
from integration_api.config import Settings
from integration_api.console.health import blp as operation
from integration_api.console.reference import blp as reference
from integration_api.db import db, migrate, tune
from integration_api.journal.routes import blp as journal
from integration_api.notes.routes import blp as notes
from integration_api.oauth.routes import blp as oauth
from integration_api.people.routes import blp as people
from integration_api.themes.routes import blp as themes
from integration_api.web import problems
from integration_api.web.openapi import document, make_api
from integration_api.wiring import Parts, parts_of


def create_app(settings: Settings, parts: Parts | None = None) -> Flask:
    """Build the application. `parts` replaces what tests and clinics may replace."""
    app = Flask(__name__, static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SETTINGS=settings,
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        # A driver's error shows the statement's parameters unless told not to, and those are people's words.
        SQLALCHEMY_ENGINE_OPTIONS={"hide_parameters": True},
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["parts"] = parts or parts_of(settings)
    db.init_app(app)
    migrate.init_app(app)
    with app.app_context():
        tune(db.engine)
    problems.register(app)
    api = make_api(app)
    for room in (people, care, journal, notes, themes, operation):
        api.register_blueprint(room)
    app.register_blueprint(reference)
    app.register_blueprint(oauth)
    app.extensions["api"] = api
    app.extensions["contract"] = document(api)
    return app
