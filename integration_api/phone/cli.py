"""`integration-api phone`: a phone in a shell, to try the sync with and to build apps after. See docs/clients.md."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import click

from integration_api.phone.connection import TRIES, Connection, Later, Refused, SignedOut, sync_patiently
from integration_api.phone.device import Device, Unreachable
from integration_api.phone.store import Account, Busy, Store

LONGEST, HANDLE, SHOWN = 50_000, 8, 60  # characters: of an entry, of the end of an id, of a line in the list
IN_CLEAR = "Words written here lie in clear in {folder}, readable by whoever can read your files. Use your own machine."


@dataclass(slots=True)
class Phone:
    """What the commands share."""

    store: Store

    @contextmanager
    def device(self, account: Account | None = None) -> Iterator[Device]:
        """Give the phone; without an account it has no way to the server."""
        with self.store.queue() as queue:
            send = _offline if account is None else Connection(account.server, account.token, account.language).send
            yield Device(queue, send)

    def signed_in(self) -> Account:
        """Give who is signed in."""
        found = self.store.account()
        if found is None:
            raise click.ClickException("nobody is signed in here; run: integration-api phone sign-in")
        return found


@click.group()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="INTEGRATION_PHONE_FOLDER",
    default=lambda: click.get_app_dir("integration-phone"),
    help="Where this phone keeps its things. [env: INTEGRATION_PHONE_FOLDER]",
)
@click.pass_context
def phone(context: click.Context, folder: Path) -> None:
    """Write as a patient, also without a network, and sync when there is one.

    What is written is kept on this machine in clear, in a folder that is yours alone.
    """
    context.obj = Phone(Store(Path(folder)))


@phone.command("sign-in")
@click.option("--server", required=True, metavar="URL", help="Such as https://journal.example.")
@click.option(
    "--token-file", type=click.File(), help="A file with an access token; else it is asked for, or read from stdin."
)
@click.option("--language", type=click.Choice(["en", "es"]), default="en", show_default=True, help="Of messages.")
@click.pass_obj
def sign_in(phone: Phone, server: str, token_file: IO[str] | None, language: str) -> None:
    """Sign in with an access token, and again when it has run out. Needs a network."""
    token = _token(token_file)
    try:
        status, me = Connection(server, token, language).ask("GET", "/v1/me")
    except (Later, SignedOut, ValueError) as error:
        raise click.ClickException(str(error)) from None
    if status != 200 or me.get("role") != "patient":  # noqa: PLR2004
        raise click.ClickException("this token is not a patient's, or its scope does not allow to read who one is")
    before = phone.store.account()
    if before is not None and before.user_id != me["user_id"]:
        raise click.ClickException("this folder holds another account's words; give another --folder")
    phone.store.keep_account(Account(server.rstrip("/"), token, me["user_id"], me["username"], language))
    click.echo(f"signed in as {me['username']}")
    click.echo(IN_CLEAR.format(folder=phone.store.folder), err=True)


@phone.command()
@click.argument("text", required=False)
@click.option("--draft", is_flag=True, help="Not finished; yours alone until it is.")
@click.option("--shared", is_flag=True, help="For the care team, too. Else it is yours alone.")
@click.option("--mood", type=(click.IntRange(-5, 5), click.IntRange(-5, 5)), metavar="VALENCE AROUSAL")
@click.pass_obj
def write(phone: Phone, /, text: str | None, mood: tuple[int, int] | None, **wished: bool) -> None:
    """Write an entry; without TEXT, or with -, it is read from stdin. Prints the id."""
    phone.signed_in()
    record: dict[str, Any] = {"text": _words(text), "written_at": datetime.now().astimezone().isoformat("T", "seconds")}
    record |= {"is_draft": wished["draft"], "visibility": "care_team" if wished["shared"] else "private"}
    if mood is not None:
        record["mood"] = {"valence": mood[0], "arousal": mood[1]}
    with phone.device() as device:
        click.echo(device.write(record))


@phone.command()
@click.argument("entry")
@click.argument("text", required=False)
@click.option("--finish", is_flag=True, help="It is no draft any longer.")
@click.option("--shared/--private", default=None, help="Who may read it.")
@click.option("--mood", type=(click.IntRange(-5, 5), click.IntRange(-5, 5)), metavar="VALENCE AROUSAL")
@click.pass_obj
def edit(phone: Phone, /, entry: str, text: str | None, mood: tuple[int, int] | None, **wished: bool | None) -> None:
    """Change an entry, named by its id or the end of it. With - as TEXT its words are read from stdin."""
    changes: dict[str, Any] = {} if text is None else {"text": _words(text)}
    if wished["finish"]:
        changes["is_draft"] = False
    if wished["shared"] is not None:
        changes["visibility"] = "care_team" if wished["shared"] else "private"
    if mood is not None:
        changes["mood"] = {"valence": mood[0], "arousal": mood[1]}
    if not changes:
        raise click.UsageError("say what to change")
    with phone.device() as device:
        device.edit(_named(device, entry), changes)


@phone.command()
@click.argument("entry")
@click.confirmation_option(prompt="Take this entry back for good?")
@click.pass_obj
def delete(phone: Phone, entry: str) -> None:
    """Take an entry back."""
    with phone.device() as device:
        device.delete(_named(device, entry))


@phone.command("list")
@click.pass_obj
def list_entries(phone: Phone) -> None:
    """List the entries, the newest first: the end of the id, when, what waits, how it begins."""
    with phone.device() as device:
        waiting = {each.id for each in device.queue.pending()}
        for each in sorted(device.view().values(), key=_when, reverse=True):
            marks = [mark for mark, holds in _marks(each, waiting) if holds]
            begins = " ".join(each["text"].split())[:SHOWN]
            click.echo(f"{each['id'][-HANDLE:]}  {_when(each)[:16]}  {','.join(marks) or '-'}  {begins}")


@phone.command()
@click.argument("entry")
@click.pass_obj
def show(phone: Phone, entry: str) -> None:
    """Show an entry's words."""
    with phone.device() as device:
        click.echo(device.view()[_named(device, entry)]["text"])


@phone.command()
@click.pass_obj
def conflicts(phone: Phone) -> None:
    """Show entries that were changed in two places, with the words of both."""
    with phone.device() as device:
        for each in device.view().values():
            if each.get("conflicts"):
                click.echo(f"{each['id'][-HANDLE:]}  as it stands:\n{each['text']}\n")
                for other in each["conflicts"]:
                    click.echo(f"  set aside, {other['received_at'][:16]}:\n{other['text']}\n")


@phone.command()
@click.argument("entry")
@click.argument("text", required=False)
@click.option("--keep", type=click.Choice(["standing", "aside", "both"]), help="Instead of TEXT: which words to keep.")
@click.pass_obj
def resolve(phone: Phone, entry: str, text: str | None, keep: str | None) -> None:
    """Settle an entry's conflicts: with TEXT (- for stdin), or with what is there. What goes stays a version."""
    if (text is None) == (keep is None):
        raise click.UsageError("give either TEXT or --keep")
    with phone.device() as device:
        record = device.view()[_named(device, entry)]
        aside = record.get("conflicts", ())
        if not aside:
            raise click.ClickException("this entry has no conflict")
        others = [each["text"] for each in aside]
        choices = {"standing": [record["text"]], "aside": others, "both": [record["text"], *others]}
        words = _words(text) if keep is None else "\n\n".join(choices[keep])
        device.edit(record["id"], {"text": words}, resolves=tuple(each["id"] for each in aside))


@phone.command()
@click.option(
    "--tries", type=click.IntRange(1), default=TRIES, show_default=True, help="How often in a row, before it gives up."
)
@click.pass_obj
def sync(phone: Phone, tries: int) -> None:
    """Send what waits, and get what is new. Ends with 1 where something still waits; nothing is lost by that."""
    account = phone.signed_in()
    try:
        with phone.store.alone(), phone.device(account) as device:
            try:
                sync_patiently(device, tries)
            except (Unreachable, SignedOut, Refused) as error:
                raise click.ClickException(f"{error}\n{_waiting(device)}; nothing is lost") from None
            click.echo(_waiting(device))
            found = [each for each in device.view().values() if each.get("conflicts")]
    except Busy:
        raise click.ClickException("another sync is at work") from None
    if found:
        click.echo(f"changed in two places: {len(found)}; see: integration-api phone conflicts")


@phone.command()
@click.pass_obj
def status(phone: Phone) -> None:
    """Say who is signed in, and what waits."""
    account = phone.store.account()
    click.echo("nobody is signed in" if account is None else f"{account.username} at {account.server}")
    with phone.device() as device:
        click.echo(_waiting(device))
        for each in device.turned_down():
            wished = (each.problem or {}).get("detail", "no reason given")
            click.echo(f"turned down: {each.change_id[-HANDLE:]} of entry {each.id[-HANDLE:]}: {wished}")
            click.echo(f"  {(each.record or {}).get('text', '(no words)')}")


@phone.command("let-go")
@click.argument("change")
@click.confirmation_option(prompt="Its words are here alone. Forget them?")
@click.pass_obj
def let_go(phone: Phone, change: str) -> None:
    """Forget a change that the server has turned down."""
    with phone.device() as device, device.queue.transaction():
        found = [each for each in device.turned_down() if each.change_id.endswith(change)]
        if len(found) != 1:
            raise click.ClickException("there is no such change, or more than one")
        device.queue.drop(found[0].change_id)


def _offline(_body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    raise Later("nobody is signed in here")


def _token(file: IO[str] | None) -> str:
    if file is not None:
        token = file.read()
    elif sys.stdin.isatty():
        token = click.prompt("Access token", hide_input=True)
    else:
        token = sys.stdin.read()
    if not token.strip().isascii() or len(token.split()) != 1:
        raise click.ClickException("that is no token")
    return str(token.strip())


def _words(text: str | None) -> str:
    words = sys.stdin.read() if text in (None, "-") else str(text)
    words = words.strip()
    if not words:
        raise click.UsageError("there are no words in it yet")
    if len(words) > LONGEST:
        raise click.UsageError(f"an entry holds {LONGEST} characters at most")
    return words


def _named(device: Device, entry: str) -> str:
    """Find the one entry whose id is, or ends with, what was wished."""
    known = {*device.view(), *(each.id for each in device.turned_down())}
    found = [each for each in known if each.endswith(entry.lower())]
    if len(found) != 1:
        raise click.ClickException("there is no such entry" if not found else "more than one entry's id ends so")
    return found[0]


def _when(record: dict[str, Any]) -> str:
    return str(record.get("written_at") or record.get("created_at") or "")


def _marks(record: dict[str, Any], waiting: set[str]) -> list[tuple[str, bool]]:
    return [
        ("waits", record["id"] in waiting),
        ("draft", bool(record.get("is_draft"))),
        ("shared", record.get("visibility") == "care_team"),
        ("conflict", bool(record.get("conflicts"))),
    ]


def _waiting(device: Device) -> str:
    everything, refused = len(device.queue.pending()), len(device.turned_down())
    return f"waiting: {everything - refused}" + (f", turned down: {refused}" if refused else "")
