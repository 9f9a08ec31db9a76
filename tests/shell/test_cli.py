"""The `integration-api` command, as somebody in a shell meets it."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from shell import run
from thinc.api import Config

from integration_api.config import Settings
from integration_api.wiring import parts_of
from models import new_id
from nlp.tagger import PIPELINE

pytestmark = pytest.mark.database_free

COMMAND = str(Path(sys.executable).parent / "integration-api")


def test_from_nothing_to_a_token(tmp_path: Path, env: dict[str, str]) -> None:
    assert run("migrate", **env).exit_code == 0
    assert run("new-organization", "Harbour", "--admin", "ada", **env).exit_code == 0
    minted = subprocess.run(
        [COMMAND, "token", "--as", "ada"], env=os.environ | env, capture_output=True, text=True, check=False
    )
    assert minted.returncode == 0, minted.stderr
    assert len(minted.stdout.strip().split(".")) == 3
    invited = run("invite", "--as", "ada", **env)
    assert re.fullmatch(r"https://journal\.example/oauth/welcome\?token=[\w-]{43}\n", invited.stdout), invited.stderr
    assert run("tag-pending", **env).stdout == "0 tagged, 0 still waiting\n"
    behind = run("check", **env)
    assert (behind.exit_code, "escalate_overdue never went well\n" in behind.stderr) == (1, True)
    assert run("escalate-flags", **env).stdout == "0 escalated\n"
    assert "escalate_overdue" not in run("check", **env).stderr
    assert run("work", "--once", **env).stdout == "0 done\n"
    assert run("check", **env).exit_code == 0


def test_clients_and_signing_keys(tmp_path: Path, env: dict[str, str]) -> None:
    run("migrate", **env)
    run("new-organization", "Harbour", "--admin", "ada", **env)
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps({"keys": [ECKey.generate_key("P-384", auto_kid=True).as_dict(private=False)]}))
    by_ada = ("new-client", "Record", "--admin", "ada")
    for arguments in (("--redirect-uri", "org.example.app:/back"), ("--jwks", str(keys), "--system", "ehr")):
        made = run(*by_ada, *arguments, **env)
        assert made.exit_code == 0, made.stderr
        assert len(made.stdout.strip()) > 20
    gone = made.stdout.strip()
    assert run("switch-off-client", gone, **env).exit_code == 0
    assert "no active client" in run("switch-off-client", gone, **env).stderr
    for arguments, says in (
        ((), "redirect"),
        (("--redirect-uri", "http://else.example/"), "redirect address begins with"),
        (("--system", "ehr"), "public client"),
        (("--jwks-uri", "http://keys.example/", "--system", "ehr"), "https"),
        (("--jwks", str(keys), "--system", "ada"), "system account"),
        (("--jwks", str(keys), "--system", "ehr", "--scope", "all"), "scope"),
        (("--jwks", __file__, "--system", "ehr"), "JSON"),
    ):
        done = run(*by_ada, *arguments, **env)
        assert (done.exit_code, done.stdout) == (1, "")
        assert says in done.stderr
        assert isinstance(done.exception, SystemExit)
    kids = {run("keys", "new-signing", **env).stdout for _ in range(2)}
    assert len(kids) == 2
    assert run("token", "--as", "ada", **env).exit_code == 0


def test_mistakes_are_told_in_one_line(tmp_path: Path, env: dict[str, str]) -> None:
    run("migrate", **env)
    for arguments, says in (
        (("token", "--as", "nobody"), "no active user"),
        (("token",), "--as"),
        (("invite", "--as", "nobody"), "no active user"),
        (("nonsense",), "No such command"),
    ):
        done = run(*arguments, **env)
        assert done.exit_code != 0
        assert says in done.stderr
        assert isinstance(done.exception, SystemExit)
    run("new-organization", "Harbour", "--admin", "ada", **env)
    assert "scope" in run("token", "--as", "ada", "--scope", "everything", **env).stderr
    assert run("new-organization", "Other", "--admin", "ada", **env).exit_code == 1
    assert "no words" in run("new-organization", "\u200b", "--admin", "eve", **env).stderr
    for name in ("\u200b", "x" * 201):
        refused = run("new-client", name, "--admin", "ada", "--redirect-uri", "org.example.app:/x", **env)
        assert "name" in refused.stderr, name


def test_an_organization_has_as_many_admins_as_it_needs(env: dict[str, str]) -> None:
    """Who is the only one, and is gone, can let nobody in any more."""
    run("migrate", **env)
    run("new-organization", "Harbour", "--admin", "ada", **env)
    assert run("new-admin", "grace", "--beside", "ada", **env).exit_code == 0
    assert run("switch-off", "ada", **env).exit_code == 0
    assert run("invite", "--as", "grace", **env).stdout.startswith("https://journal.example/oauth/welcome?token=")
    assert run("token", "--as", "grace", "--scope", "user/Patient.cruds", **env).exit_code == 0
    for name, beside, says in (
        ("grace", "grace", "already"),
        ("eve", "ada", "no active user"),
        ("e v", "grace", "USERNAME"),
    ):
        done = run("new-admin", name, "--beside", beside, **env)
        assert (done.exit_code != 0, says in done.stderr) == (True, True), done.stderr


@pytest.mark.parametrize("command", [("token", "--as", "ada"), ("keys", "rotate")], ids=" ".join)
def test_a_key_that_is_not_there_is_told_in_one_line(env: dict[str, str], command: tuple[str, ...]) -> None:
    """As after a restore with another set of keys."""
    run("migrate", **env)
    run("new-organization", "Harbour", "--admin", "ada", **env)
    assert run("token", "--as", "ada", **env).exit_code == 0
    done = run(*command, **env | {"INTEGRATION_API_KEYS": run("keys", "new", "other").stdout.strip()})
    assert (done.exit_code, isinstance(done.exception, SystemExit)) == (1, True), command
    assert ("INTEGRATION_API_KEYS" in done.stderr) or "could not be opened" in done.stderr


def test_serving_needs_settings_and_the_newest_migration(tmp_path: Path, env: dict[str, str]) -> None:
    assert "INTEGRATION_API_SECRET_KEY is not set" in run("serve").stderr
    assert "not at the newest migration" in run("serve", **env).stderr


@pytest.mark.parametrize("command", [("migrate",), ("check",), ("serve",)])
def test_an_older_version_says_that_the_database_is_newer(
    tmp_path: Path, env: dict[str, str], command: tuple[str, ...]
) -> None:
    assert run("migrate", **env).exit_code == 0
    with sqlite3.connect(env["DATABASE_URL"].removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    told = run(*command, **env)
    assert (told.exit_code, isinstance(told.exception, SystemExit)) == (1, True)
    assert "newer" in told.stderr
    assert "run: integration-api migrate" not in told.stderr


def test_a_file_that_is_no_database_is_told_in_a_line(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "words.txt").write_text("This is no database, and longer than the head of one would be. " * 9)
    told = run("check", **env | {"DATABASE_URL": f"sqlite:///{tmp_path}/words.txt"})
    assert (told.exit_code, told.stderr) == (1, "Error: the database does not answer\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("new-organization", "Harbour", "--admin", "ada"), ("invite", "--as", "ada"), ("token", "--as", "ada"),
        ("tag-pending",), ("work",), ("work", "--once"), ("export-reviews",), ("audit", "verify"), ("keys", "rotate"),
        ("count-clinic",), ("erase-due",), ("escalate-flags",), ("sweep-attachments",), ("check",),
        ("switch-off", "ada"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_before_the_migration_every_command_says_what_to_run(env: dict[str, str], arguments: tuple[str, ...]) -> None:
    done = run(*arguments, **env)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "run: integration-api migrate" in done.stderr
    assert isinstance(done.exception, SystemExit)


def test_a_database_that_is_not_there_is_told(env: dict[str, str]) -> None:
    for command in (("migrate",), ("invite", "--as", "ada"), ("serve",)):
        done = run(*command, **env | {"DATABASE_URL": "postgresql://me:hidden@127.0.0.1:1/journal"})
        assert (done.exit_code, "the database does not answer" in done.stderr) == (1, True)
        assert "hidden" not in done.stderr
        assert isinstance(done.exception, SystemExit)


def test_what_is_set_up_from_the_shell_is_checked_as_by_http(env: dict[str, str]) -> None:
    run("migrate", **env)
    for arguments, says in (
        (("new-organization", "", "--admin", "ada"), "NAME"),
        (("new-organization", "Harb\x1bour", "--admin", "ada"), "U+001B"),
        (("new-organization", "Harbour", "--admin", "Ada Lovelace"), "Lower-case letters"),
        (("new-organization", "Harbour", "--admin", "ada\n"), "Lower-case letters"),
        (("keys", "new", "a:b"), "NAME"),
        (("keys", "new", ""), "NAME"),
        (("serve", "--workers", "0"), "--workers"),
    ):
        done = run(*arguments, **env)
        assert (done.exit_code, done.stdout, says in done.stderr) == (2, "", True), done.stderr
    assert run("new-organization", "Harbour", "--admin", "ada", **env).exit_code == 0
    assert "account of that name" in run("new-organization", "Other", "--admin", "ada", **env).stderr


def test_what_the_trail_is_held_against_may_have_blank_lines_and_nothing_else(
    env: dict[str, str], tmp_path: Path
) -> None:
    run("migrate", **env)
    run("new-organization", "Harbour", "--admin", "ada", **env)
    noted = tmp_path / "noted"
    noted.write_text(run("audit", "verify", **env).stdout + "\n")
    assert run("audit", "verify", "--noted", str(noted), **env).exit_code == 0
    for line in ("x y z\n", f"{new_id()}\n", f"{new_id()} one {'0' * 64}\n"):
        noted.write_text(line)
        done = run("audit", "verify", "--noted", str(noted), **env)
        assert (done.exit_code, "is not what" in done.stderr) == (1, True)
        assert isinstance(done.exception, SystemExit)


def test_a_clinic_may_name_another_pipeline(env: dict[str, str], tmp_path: Path) -> None:
    shutil.copytree(PIPELINE, tmp_path / "own")
    (tmp_path / "own" / "note.txt").write_text("ours")
    settings = Settings.from_env(env | {"INTEGRATION_API_PIPELINE": str(tmp_path / "own")})
    tagger = parts_of(settings).load_tagger()
    assert tagger.version != parts_of(Settings.from_env(env)).load_tagger().version
    assert tagger.tag("I am afraid of dying.", "journal").mentions


def test_serve_says_in_a_line_what_a_pipeline_lacks(env: dict[str, str], tmp_path: Path) -> None:
    """Here a pipeline in which an encoder reads along, whose files are not there: nobody is served with half of it."""
    own = tmp_path / "own"
    shutil.copytree(PIPELINE, own)
    config = Config().from_disk(own / "config.cfg")
    names = config["nlp"]["pipeline"]
    names.insert(names.index("combiner"), "reader")
    config["components"]["reader"] = {"factory": "reader"}
    config.to_disk(own / "config.cfg")
    (own / "reader").mkdir()
    assert run("migrate", **env).exit_code == 0
    done = run("serve", **env, INTEGRATION_API_PIPELINE=str(own))
    assert done.exit_code == 1
    assert "the pipeline cannot be loaded: " in done.stderr
    assert "Traceback" not in done.stderr
