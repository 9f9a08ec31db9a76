"""Commands for whoever keeps the service: the audit trail, keys, erasures that are due, clients of the API."""

import json
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import IO, Any, TextIO
from uuid import UUID

import click
from flask import Flask, current_app
from marshmallow import ValidationError, fields

from integration_api.access.keys import renew
from integration_api.attachments.jobs import TooMany, sweep
from integration_api.db import Collision, reading, unit_of_work
from integration_api.environment import LONGEST
from integration_api.errors import IntegrationError
from integration_api.jobs.health import late_tasks, note_well
from integration_api.oauth.clients import admin_named, draft_of, register_client, switch_off
from integration_api.people.founding import add_admin
from integration_api.people.leaving import switch_off_by_name, switch_on_by_name
from integration_api.people.schemas import Username
from integration_api.privacy.audit import verify_all
from integration_api.privacy.erasure import ask_by_letter
from integration_api.privacy.jobs import NotErased, carry_out_erasures
from integration_api.privacy.keys import rotate
from integration_api.safety.jobs import escalate_overdue
from integration_api.themes.clinic_counts import count_clinics
from integration_api.wiring import parts
from models.key_service import new_key, parse_keys

MakeApp = Callable[[], Flask]  # what the commands are given: the application is made when one is run


def as_by_http(field: fields.Field[Any]) -> Callable[[click.Context, click.Parameter, str], Any]:
    """Check what is said in the shell as the API checks the same."""

    def check(_context: click.Context, _parameter: click.Parameter, value: str) -> Any:
        try:
            return field.deserialize(value)
        except ValidationError as error:
            raise click.BadParameter(" ".join(str(each) for each in error.messages)) from None

    return check


@click.group()
def audit() -> None:
    """Make sure that the audit trail is whole."""


@audit.command("verify")
@click.option(
    "--noted", type=click.File(), help="What `audit verify` printed before; finds out a trail that was cut short."
)
@click.pass_obj
def verify_audit(make_app: MakeApp, noted: TextIO | None) -> None:
    """Reckon every organization's chain of events anew, and print where each ends: organization, number, digest.

    Keep what it prints where the database's keeper cannot change it, and give it back with --noted.
    """
    known = _noted(noted)
    with make_app().app_context(), reading() as db_session:
        verdicts = verify_all(db_session, known)
    for organization, verdict in verdicts:
        click.echo(f"{organization.id} {verdict.events} {verdict.head}")
    broken = [(organization, verdict.broken_at) for organization, verdict in verdicts if verdict.broken_at is not None]
    for organization, place in broken:
        click.echo(f"the trail of {organization.id} is broken at event {place}", err=True)
    if broken:
        sys.exit(1)


def _noted(lines: Iterable[str] | None) -> dict[UUID, tuple[int, str]]:
    """Read what was printed before."""
    try:
        parted = [line.split() for line in lines or () if line.strip()]
        return {UUID(organization): (int(number), digest) for organization, number, digest in parted}
    except ValueError:
        raise click.ClickException("the file is not what `audit verify` prints") from None


@click.command("count-clinic")
@click.pass_obj
def count_clinic(make_app: MakeApp) -> None:
    """Count how often each clinic's patients speak of each theme, for comparing with; for a daily job."""
    with make_app().app_context(), unit_of_work() as db_session:
        counted = count_clinics(db_session, parts().now())
    click.echo(f"{counted} rates counted")


@click.command("erase-due")
@click.pass_obj
def erase_due(make_app: MakeApp) -> None:
    """Carry out the erasures whose time of keeping is over, as the worker does every hour."""
    with make_app().app_context():
        try:
            click.echo(f"{carry_out_erasures()} erased")
            note_well([carry_out_erasures.__name__])
        except NotErased as error:
            click.echo(f"{error.done} erased")
            sys.exit(1)


@click.command("forget-patient")
@click.argument("patient_id", type=click.UUID)
@click.confirmation_option(prompt="All that is kept of this patient will be erased for good. Go on?")
@click.pass_obj
def forget_patient(make_app: MakeApp, patient_id: UUID) -> None:
    """Take a wish to be forgotten that came by letter, as POST /v1/me/erasure takes it.

    For who has no account or cannot use it, and for who was registered twice. What the clinic must keep waits.
    """
    with make_app().app_context():
        years = current_app.config["SETTINGS"].retain_years
        try:
            with unit_of_work() as db_session:
                held_until = ask_by_letter(db_session, patient_id, parts().now(), years).held_until
        except IntegrationError as error:
            raise click.ClickException(str(error)) from None
    click.echo("erased" if held_until is None else f"out of sight, and kept sealed until {held_until}")


@click.command("escalate-flags")
@click.pass_obj
def escalate_flags(make_app: MakeApp) -> None:
    """Put safety flags that nobody has acknowledged in time before their whole care teams; for every few minutes."""
    with make_app().app_context():
        escalated = escalate_overdue()
        note_well([escalate_overdue.__name__])
    click.echo(f"{escalated} escalated")


@click.command("check")
@click.pass_obj
def check(make_app: MakeApp) -> None:
    """Fail where work in the background is not done: escalation of flags, messages, withdrawals, exports.

    Names each task that has not gone well for too long. For whatever watches over the machine, every few minutes.
    """
    with make_app().app_context():
        late = late_tasks()
    for name, went_well_at in late.items():
        last = "never went well" if went_well_at is None else f"last went well at {went_well_at:%Y-%m-%dT%H:%M:%SZ}"
        click.echo(f"{name} {last}", err=True)
    if late:
        sys.exit(1)
    click.echo("all work in the background is done")


@click.command("sweep-attachments")
@click.option(
    "--hours", default=24, show_default=True, type=click.IntRange(1, LONGEST), help="Younger files are left alone."
)
@click.option("--even-many", is_flag=True, help="Also when most of the files are named by nothing in the database.")
@click.pass_obj
def sweep_attachments(make_app: MakeApp, hours: int, even_many: bool) -> None:  # noqa: FBT001  (click gives flags by position)
    """Delete files that nothing in the database names any more, and count those that it names and are not there."""
    with make_app().app_context():
        try:
            done = sweep(parts().now() - timedelta(hours=hours), even_many=even_many)
        except TooMany as error:
            raise click.ClickException(f"{error}; is it the right database? If so: --even-many") from None
    click.echo(f"{done.files} files, {done.deleted} deleted, {done.missing} missing")
    if done.missing:
        sys.exit(1)


@click.group()
def keys() -> None:
    """Make and change the keys that people's words are sealed with."""


@keys.command("new")
@click.argument("name", default=lambda: f"k{datetime.now(UTC):%Y%m%d}")
def new_wrapping_key(name: str) -> None:
    """Print a new wrapping key, for the front of INTEGRATION_API_KEYS. Keep a copy where the database is not."""
    made = new_key(name)
    try:
        parse_keys(made)
    except ValueError:
        raise click.BadParameter("a name is a word without a colon or comma", param_hint="NAME") from None
    click.echo(made)


@keys.command("new-signing")
@click.pass_obj
def new_signing_key(make_app: MakeApp) -> None:
    """Make a key that signs access tokens from now on. The ones before it verify for a day more."""
    with make_app().app_context(), unit_of_work() as db_session:
        click.echo(renew(db_session, parts().key_service, parts().now()))


@keys.command("rotate")
@click.option("--data-keys", is_flag=True, help="Also give every patient, author and clinic a new data key.")
@click.pass_obj
def rotate_keys(make_app: MakeApp, data_keys: bool) -> None:  # noqa: FBT001  (click gives flags by position)
    """Wrap every data key with the newest wrapping key. The service may go on serving."""
    with make_app().app_context():
        done = rotate(parts().now(), data_keys=data_keys)
    click.echo(
        f"{done.wrapped} keys wrapped anew, {done.replaced} data keys replaced, {done.destroyed} old ones destroyed"
    )
    if done.unreadable:
        click.echo(f"{done.unreadable} rows could not be opened, and stay under their old keys", err=True)
        sys.exit(1)


@click.command("new-admin")
@click.argument("username", callback=as_by_http(Username()))
@click.option("--beside", required=True, metavar="USERNAME", help="An admin whose organization is to have one more.")
@click.pass_obj
def new_admin(make_app: MakeApp, username: str, beside: str) -> None:
    """Give an organization a further admin account; `invite` lets it in."""
    with make_app().app_context():
        try:
            with unit_of_work() as db_session:
                add_admin(db_session, admin_named(db_session, beside), username)
        except Collision:
            raise click.ClickException("there is an account of that name already; take another one") from None
        except IntegrationError as error:
            raise click.ClickException(str(error)) from None


@click.command("new-client")
@click.argument("name")
@click.option("--admin", required=True, metavar="USERNAME", help="An admin of the organization that lets it in.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Where a code may be sent; may be repeated.")
@click.option("--jwks", type=click.File("rb"), help="A file with the client's public keys (JWK Set).")
@click.option("--jwks-uri", help="Or the https address where it publishes them.")
@click.option("--system", metavar="USERNAME", help="The system account that a backend service acts as; made if new.")
@click.option("--scope", help="The most it may ask for. [default: what the role allows; system/*.rs with --system]")
@click.pass_obj
def new_client(make_app: MakeApp, /, name: str, admin: str, **told: Any) -> None:
    """Register an application and print its client id. With keys it is confidential, without it is public."""
    with make_app().app_context():
        try:
            draft = draft_of(name, jwks=_json(told.pop("jwks")), **told)
            with unit_of_work() as db_session:
                click.echo(register_client(db_session, admin_named(db_session, admin), draft).client_id)
        except IntegrationError as error:
            raise click.ClickException(str(error)) from None


@click.command("switch-off-client")
@click.argument("client_id")
@click.pass_obj
def switch_off_client(make_app: MakeApp, client_id: str) -> None:
    """Let a client in no more. All tokens that it has are no longer good."""
    with make_app().app_context():
        try:
            with unit_of_work() as db_session:
                switch_off(db_session, client_id)
        except IntegrationError as error:
            raise click.ClickException(str(error)) from None


@click.command("switch-off")
@click.argument("username")
@click.pass_obj
def switch_off_account(make_app: MakeApp, username: str) -> None:
    """Let an account in no more: sign-ins, tokens and invitations end, and a clinician's places in care teams."""
    with make_app().app_context():
        try:
            with unit_of_work() as db_session:
                switch_off_by_name(db_session, username, parts().now())
        except IntegrationError as error:
            raise click.ClickException(str(error)) from None


@click.command("switch-on")
@click.argument("username")
@click.pass_obj
def switch_on_account(make_app: MakeApp, username: str) -> None:
    """Let an account in again that was switched off. It signs in anew; places in care teams are given anew."""
    with make_app().app_context():
        try:
            with unit_of_work() as db_session:
                switch_on_by_name(db_session, username, parts().now())
        except IntegrationError as error:
            raise click.ClickException(str(error)) from None


def _json(file: IO[bytes] | None) -> Any:
    try:
        return None if file is None else json.load(file)
    except ValueError:
        raise click.ClickException("the file does not hold JSON") from None
