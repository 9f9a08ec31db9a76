"""The `integration-api` command: thin over what the rooms can do."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import click
import flask_migrate
from flask import Flask
from sqlalchemy.orm import Session as DbSession

from integration_api import upkeep
from integration_api.access.audit import tell_of_shell
from integration_api.access.keys import signer
from integration_api.access.policy import full_scope
from integration_api.access.tokens import mint_token
from integration_api.access.use_cases import user_named
from integration_api.app import LINES, create_app
from integration_api.config import Environment, Settings
from integration_api.db import Collision, is_migrated, is_newer, is_reachable, reading, unit_of_work
from integration_api.demo import welcome
from integration_api.demo.loader import is_empty, seed
from integration_api.development import development_settings, is_set_up
from integration_api.environment import UnsafeSettings
from integration_api.errors import IntegrationError
from integration_api.jobs.worker import Worker, everything_once
from integration_api.login.invitations import Inviter
from integration_api.people.founding import found_organization
from integration_api.people.schemas import Username
from integration_api.phone.cli import phone
from integration_api.server import serve as serve_app
from integration_api.themes.export import export_reviews
from integration_api.themes.jobs import tag_pending, tag_stored
from integration_api.upkeep import as_by_http
from integration_api.web.openapi import contract
from integration_api.web.schema import Words
from integration_api.wiring import parts
from models import Role, User
from models.key_service import KeyUnavailable, new_key, parse_keys

CONTRACT = Path("openapi.yaml")
_PORT = click.IntRange(1, 65_535)


class _Commands(click.Group):
    """Says in a line what would end any of the commands."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except KeyUnavailable:
            told = "something is sealed with a key that is not there; is the right key among INTEGRATION_API_KEYS?"
            raise click.ClickException(told) from None


@click.group(cls=_Commands)
@click.pass_context
def main(context: click.Context) -> None:
    """Run the integration journal. Settings come from the environment; see the README."""
    context.obj = _ready


for each in (
    upkeep.audit,
    upkeep.check,
    upkeep.keys,
    upkeep.count_clinic,
    upkeep.erase_due,
    upkeep.escalate_flags,
    upkeep.forget_patient,
    upkeep.new_admin,
    upkeep.new_client,
    upkeep.sweep_attachments,
    upkeep.switch_off_account,
    upkeep.switch_off_client,
    upkeep.switch_on_account,
    phone,
):
    main.add_command(each)


def _settings() -> Settings:
    """Read the environment; in a clone where `make run` has been, its own installation will do."""
    here = Path.cwd()
    if "INTEGRATION_API_SECRET_KEY" not in os.environ and is_set_up(here):
        return development_settings(here)
    try:
        return Settings.from_env(os.environ)
    except UnsafeSettings as error:
        raise click.ClickException(str(error)) from None


def _app() -> Flask:
    """Make the application on a database that answers, and that this software knows."""
    try:
        app = create_app(_settings())
    except UnsafeSettings as error:  # what shows only when it is used
        raise click.ClickException(str(error)) from None
    with app.app_context():
        if not is_reachable():
            raise click.ClickException("the database does not answer")
        if is_newer():
            raise click.ClickException("the database is of a newer version of this software; install that one")
    return app


def _ready() -> Flask:
    """Make it on one that stands at the newest migration, and say what to do where it does not."""
    app = _app()
    with app.app_context():
        if not is_migrated():
            raise click.ClickException("the database is not at the newest migration; run: integration-api migrate")
    return app


@main.command()
@click.option("--port", default=8000, show_default=True, type=_PORT, help="Where to listen on this machine.")
def run(port: int) -> None:
    """Serve for trying out: set up, migrate, seed the demo clinic when empty, and say what to try."""
    app = create_app(development_settings(Path.cwd(), port))
    with app.app_context():
        flask_migrate.upgrade()
        with reading() as db_session:
            is_new = is_empty(db_session)
        if is_new:
            click.echo("Seeding the demo clinic ...")
            with unit_of_work() as db_session:
                documents = seed(db_session)
            for document_id in documents:
                tag_stored(document_id)
        with unit_of_work() as db_session:
            click.echo(welcome.text(db_session, f"http://127.0.0.1:{port}", lambda user: _mint(app, db_session, user)))
    serve_app(app, host="127.0.0.1", port=port, workers=1, threads=8, lines=LINES)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=_PORT)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(min=1))
@click.option("--threads", default=8, show_default=True, type=click.IntRange(min=1), help="Threads of each worker.")
@click.option("--work/--no-work", "works", default=True, help="Do the background work, too.  [default: work]")
def serve(*, host: str, port: int, workers: int, threads: int, works: bool) -> None:
    """Serve with the settings of the environment. The database must stand at the newest migration."""
    app = _ready()
    with app.app_context():
        try:
            parts().load_tagger()
        except ValueError as error:  # a pipeline of another make, or without what it needs
            raise click.ClickException(f"the pipeline cannot be loaded: {error}") from None
    serve_app(app, host=host, port=port, workers=workers, threads=threads, lines=LINES if works else ())


@main.command()
@click.option("--once", is_flag=True, help="Do what is to be done now, and end.")
def work(*, once: bool) -> None:
    """Do the background work: messages to other systems, jobs, escalation. Several may run side by side."""
    app = _ready()
    if once:
        click.echo(f"{everything_once(app, LINES)} done")
        return
    worker = Worker(app, LINES).start()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: worker.stopping.set())
    worker.stopping.wait()
    worker.stop()


@main.command()
def migrate() -> None:
    """Bring the database to the newest migration."""
    with _app().app_context():
        flask_migrate.upgrade()


@main.command("new-organization")
@click.argument("name", callback=as_by_http(Words(200)))
@click.option(
    "--admin",
    required=True,
    metavar="USERNAME",
    callback=as_by_http(Username()),
    help="The account of its first admin.",
)
def new_organization(name: str, admin: str) -> None:
    """Set up an organization with its first admin account."""
    with _ready().app_context():
        try:
            with unit_of_work() as db_session:
                found_organization(db_session, name, admin)
        except Collision:
            raise click.ClickException("there is an account of that name already; take another one") from None


@main.command()
@click.option("--as", "username", required=True, metavar="NAME", help="Whom to invite.")
def invite(username: str) -> None:
    """Print a one-use link by which a person sets password and second factor. Older links are void from then on."""
    app = _ready()
    with app.app_context():
        inviter = Inviter(parts().key_service, app.config["SETTINGS"].public_url, parts().now())
        try:
            with unit_of_work() as db_session:
                invited = inviter.invite_by_name(db_session, username)
        except IntegrationError as error:
            raise click.ClickException(str(error)) from None
    click.echo(invited.url)


@main.command("export-reviews")
def export_reviews_command() -> None:
    """Write what clinicians said of mentions as labelled sentences, of patients who have consented to it.

    One JSON line a sentence, as `python -m nlp evaluate` reads them. They are patients' words: keep them as such.
    """
    with _ready().app_context(), unit_of_work() as db_session:
        for line in export_reviews(db_session, parts().now()):
            click.echo(line)


@main.command()
@click.option("--as", "username", required=True, metavar="NAME", help="Whose token.")
@click.option("--scope", help="SMART v2 scopes, such as 'patient/JournalEntry.rs'. [default: all the role may do]")
@click.option("--minutes", type=click.IntRange(1, 24 * 60), help="How long it is good for.")
def token(username: str, scope: str | None, minutes: int | None) -> None:
    """Print a signed, short-lived bearer token for an account."""
    app = _ready()
    with app.app_context():
        try:
            with unit_of_work() as db_session:
                user = user_named(db_session, username)
                minted = _mint(app, db_session, user, scope, minutes)
                tell_of_shell(db_session, user, "giveToken", "Token")
        except (IntegrationError, ValueError) as error:
            raise click.ClickException(str(error)) from None
    click.echo(minted)


def _mint(app: Flask, db_session: DbSession, user: User, scope: str | None = None, minutes: int | None = None) -> str:
    settings: Settings = app.config["SETTINGS"]
    ours = signer(db_session, parts().key_service, settings.public_url)
    asked = scope or full_scope(Role(user.role))
    return mint_token(ours, user.id, asked, at=parts().now(), minutes=minutes or settings.token_minutes)


@main.command("tag-pending")
@click.option("--older", is_flag=True, help="Also what an older version of the pipeline has tagged.")
@click.option("--all", "everything", is_flag=True, help="Everything, as after a change of a clinic's own themes.")
def tag_pending_documents(older: bool, everything: bool) -> None:  # noqa: FBT001  (click gives flags by position)
    """Tag the documents, intentions and commitments that wait for it."""
    with _ready().app_context():
        waited, still = tag_pending(also_older=older, everything=everything)
    click.echo(f"{waited - still} tagged, {still} still waiting")
    if still:
        sys.exit(1)


@main.command()
@click.option("--write", "mode", flag_value="write", default=True, help="Write openapi.yaml out from the code.")
@click.option("--check", "mode", flag_value="check", help="Fail where openapi.yaml and the code differ.")
def openapi(mode: str) -> None:
    """Write or check the contract."""
    settings = Settings(
        environment=Environment.TEST,
        secret_key="",
        database_url="sqlite://",
        public_url="http://localhost",
        wrapping_keys=parse_keys(new_key("none")),
    )
    written = contract(create_app(settings).extensions["api"])
    if mode == "write":
        CONTRACT.write_text(written, "utf-8")
    elif not CONTRACT.exists() or CONTRACT.read_text("utf-8") != written:
        raise click.ClickException("openapi.yaml and the code differ; run: make openapi")
