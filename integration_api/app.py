"""The application: the one module that knows every room."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask

from integration_api.access.key_sets import KeyCache
from integration_api.access.outside import OutsideIssuer
from integration_api.action.routes import blp as action
from integration_api.attachments.jobs import discard
from integration_api.attachments.routes import blp as attachments
from integration_api.care.routes import blp as care
from integration_api.config import Environment, Settings
from integration_api.console.health import blp as operation
from integration_api.console.reference import blp as reference
from integration_api.db import db, migrate, tune
from integration_api.ehr.routes import blp as ehr
from integration_api.environment import UnsafeSettings
from integration_api.events.jobs import beat, deliver, dispatch_events, notice_rising, prune_events
from integration_api.events.routes import blp as events
from integration_api.fhir import outcome as fhir_outcome
from integration_api.fhir.bulk.jobs import drop_expired_exports, write_export
from integration_api.fhir.bulk.use_cases import JOB as BULK_EXPORT
from integration_api.fhir.pushing import notice_copies, send_copy
from integration_api.fhir.routes import blp as fhir
from integration_api.fhir.subscription_routes import blp as subscriptions
from integration_api.home.routes import blp as home
from integration_api.jobs.running import Work, run_next
from integration_api.jobs.worker import Task
from integration_api.journal.routes import blp as journal
from integration_api.login.pages import blp as login_pages
from integration_api.login.password_page import blp as password_page
from integration_api.login.passwords import Passwords, profile_of
from integration_api.login.routes import blp as login
from integration_api.login.use_cases import AT_MOST
from integration_api.measures.due import load_schedule
from integration_api.measures.routes import blp as measures
from integration_api.moods.routes import blp as moods
from integration_api.notes.routes import blp as notes
from integration_api.oauth.app_routes import blp as apps
from integration_api.oauth.routes import blp as oauth
from integration_api.oauth.use_cases import revoke_families
from integration_api.offers.routes import blp as offers
from integration_api.overview.routes import blp as overview
from integration_api.people.routes import blp as people
from integration_api.privacy.damage import open_every_text
from integration_api.privacy.jobs import carry_out_erasures
from integration_api.privacy.routes import blp as privacy
from integration_api.prompts.routes import blp as prompts
from integration_api.reminders.routes import blp as reminders
from integration_api.safety.jobs import escalate_overdue
from integration_api.safety.routes import blp as safety
from integration_api.sync.routes import blp as sync
from integration_api.themes.gleaned import Gleaned
from integration_api.themes.jobs import tag_left_over
from integration_api.themes.routes import blp as themes
from integration_api.web import catalogs, compression, languages, problems
from integration_api.web.creation import forget_creations
from integration_api.web.edges import guard
from integration_api.web.openapi import document, make_api
from integration_api.web.rates import Rates
from integration_api.web.remembered import Memory
from integration_api.wiring import Parts, parts_of
from models import Keyring

# What the worker does, line by line in threads of their own, and how many seconds each task may rest.
LINES: tuple[Mapping[Task, float], ...] = (
    {dispatch_events: 0, deliver: 0, beat: 15, escalate_overdue: 60, prune_events: 3600, forget_creations: 3600},
    {run_next: 0, tag_left_over: 60, notice_rising: 5, drop_expired_exports: 600},
    {carry_out_erasures: 3600, open_every_text: 3600},  # much to read, once a day; hourly until damage is mended
    {notice_copies: 5, send_copy: 0},  # record systems may be slow
)
# For how long a task may not have gone well until `integration-api check` fails: beyond its rest, so that one long
# export, or one record system that does not answer, is no alarm.
PATIENCE = timedelta(hours=1)
URGENT: Mapping[Task, timedelta] = {escalate_overdue: timedelta(minutes=10)}
JOBS: Mapping[str, Work] = {BULK_EXPORT: write_export}
STATEMENTS_KEPT = 2_000  # as compiled SQL, some 9 KB each; a part of the tests alone asks for 1,059, and 500 are usual


def _check_schedule(settings: Settings) -> None:
    """Read when measures are asked for: a mistake in it must show now."""
    try:
        load_schedule(settings.measure_schedule)
    except ValueError as error:
        raise UnsafeSettings(f"INTEGRATION_API_MEASURE_SCHEDULE: {error}") from None


def create_app(settings: Settings, parts: Parts | None = None) -> Flask:
    """Build the application. `parts` replaces what tests and clinics may replace."""
    app = Flask(__name__, static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SETTINGS=settings,
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        # A driver's error shows the statement's parameters unless told not to, and those are people's words.
        SQLALCHEMY_ENGINE_OPTIONS={
            "hide_parameters": True,
            "query_cache_size": STATEMENTS_KEPT,
            "pool_pre_ping": True,  # a connection may have ended unheard: by a restart, or a firewall that forgot it
        },
        **_session_cookie(settings),
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["parts"] = parts or parts_of(settings)
    app.extensions["keyring"] = Keyring(app.extensions["parts"].key_service)
    app.extensions["passwords"] = Passwords(profile_of(settings.environment))
    app.extensions["outside_issuer"] = _outside_issuer(settings)
    app.extensions["rates"] = Rates(settings)
    app.extensions |= {"memory": Memory(), "gleaned": Gleaned(), "jobs": dict(JOBS)}
    app.extensions["patience"] = {
        task.__name__: URGENT.get(task, PATIENCE + timedelta(seconds=rest))
        for line in LINES
        for task, rest in line.items()
    }
    app.extensions["on_credentials_reset"] = (revoke_families,)  # when a person has new credentials
    app.extensions["discard_files"] = discard  # when rows that name them are gone
    db.init_app(app)
    migrate.init_app(app)
    with app.app_context():
        tune(db.engine)
    _check_schedule(settings)
    catalogs.register(app)
    languages.register(app)
    problems.register(app)
    api = make_api(app)
    for room in (
        people,
        care,
        journal,
        attachments,
        moods,
        notes,
        themes,
        safety,
        measures,
        action,
        prompts,
        offers,
        reminders,
        home,
        sync,
        overview,
        privacy,
        apps,
        events,
        ehr,
        login,
        operation,
    ):
        api.register_blueprint(room)
    app.extensions[problems.SHAPES] = ((fhir_outcome.is_ours, fhir_outcome.answer),)
    for pages in (login_pages, password_page, reference, oauth, subscriptions, fhir):
        app.register_blueprint(pages)
    guard(app, settings)
    compression.register(app)
    app.extensions["api"] = api
    app.extensions["contract"] = document(api)
    return app


def _outside_issuer(settings: Settings) -> OutsideIssuer | None:
    """Take an outside issuer's word, where the settings name one. The clinic chose its address: it may be inside."""
    if settings.outside_issuer is None:
        return None
    return OutsideIssuer(
        issuer=settings.outside_issuer,
        audience=settings.outside_audience,
        jwks_url=settings.outside_jwks_url,
        claim=settings.outside_claim,
        keys=KeyCache(is_local_allowed=True),
    )


def _session_cookie(settings: Settings) -> dict[str, Any]:
    """Keep the browser's session to this host, to HTTPS, and from scripts; over http only where people develop."""
    is_secure = settings.environment is Environment.PRODUCTION or settings.public_url.startswith("https://")
    return {
        "SESSION_COOKIE_NAME": "__Host-login" if is_secure else "login",
        "SESSION_COOKIE_SECURE": is_secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "PERMANENT_SESSION_LIFETIME": AT_MOST,  # a cookie that is older does not even open
    }
