"""`integration-api phone` against a running server, over a network that fails."""

import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from serving import served

from integration_api.phone.cli import phone
from integration_api.phone.connection import Connection, Later, sync_patiently
from integration_api.phone.device import Device
from integration_api.phone.queue import Queue
from integration_api.phone.store import Store

NOWHERE = "http://127.0.0.1:9"
ENTRIES = "/v1/journal-entries"


class Network:
    """What stands between phone and application; `faults` are met one a sync."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app, self.faults, self.asked = app, list[str](), list[dict[str, str]]()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append(environ)
        fault = self.faults.pop(0) if self.faults and environ["PATH_INFO"] == "/v1/sync" else ""
        if fault == "be busy":
            start("503 Service Unavailable", [("Retry-After", "7"), ("Content-Length", "0")])
            return []
        whole = b"".join(self.app(environ, start))
        return [whole[: len(whole) // 2]] if fault == "cut the answer" else [whole]


@pytest.fixture
def network(clinic: Any) -> Network:
    return Network(clinic.app)


@pytest.fixture
def address(network: Network) -> Iterator[str]:
    with served(network) as found:
        yield found


class Shell:
    """Somebody in a shell, with a phone of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, said: str | None = None) -> Result:
        return CliRunner().invoke(phone, ["--folder", str(self.folder), *arguments], input=said)

    def do(self, *arguments: str, said: str | None = None) -> str:
        done = self.run(*arguments, said=said)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout.strip()


@pytest.fixture
def shell(address: str, clinic: Any, tmp_path: Path) -> Callable[[str], Shell]:
    def open_shell(name: str) -> Shell:
        found = Shell(tmp_path / name)
        found.do("sign-in", "--server", address, said=clinic.maya.token)
        return found

    return open_shell


def test_what_is_written_offline_arrives_once_and_whole(
    shell: Callable[[str], Shell], network: Network, clinic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hers = shell("hers")
    monkeypatch.setattr("integration_api.phone.connection.time.sleep", lambda _: None)
    words = "I miss him every time the boats come in 🌊.\nMañana."
    first = hers.do("write", "--shared", "--mood", "2", "-1", said=words)
    second = hers.do("write", "--draft", "Not done yet")
    hers.do("edit", first[-8:], words + " Still.")
    assert hers.do("status").endswith("waiting: 2")
    assert "waits,shared" in hers.do("list")

    with _server_down(hers):
        gone = hers.run("sync", "--tries", "2")
        assert gone.exit_code == 1
        assert "waiting: 2; nothing is lost" in gone.stderr

    network.faults = ["cut the answer"]
    assert hers.run("sync", "--tries", "1").exit_code == 1
    assert len(clinic.maya.read(ENTRIES)["items"]) == 2  # it arrived, and the phone does not know
    assert "waits" in hers.do("list")
    network.faults = ["be busy", "cut the answer", "cut the answer"]
    hers.do("edit", second, "--finish", "--private")  # behind what was sent
    assert hers.do("sync") == "waiting: 0"

    there = {each["id"]: each for each in clinic.maya.read(ENTRIES)["items"]}
    assert there.keys() == {first, second}
    assert there[first]["text"] == words + " Still." == hers.do("show", first)
    assert (there[first]["visibility"], there[first]["mood"]) == ("care_team", {"valence": 2, "arousal": -1})
    assert (there[second]["is_draft"], there[second]["version"]) == (False, 2)
    assert [each["id"] for each in clinic.therapist.read(ENTRIES)["items"]] == [first]
    assert {each["HTTP_ACCEPT_ENCODING"] for each in network.asked if each["PATH_INFO"] == "/v1/sync"} == {"gzip"}


def test_what_was_deleted_goes_also_when_the_phone_does_not_know_that_it_arrived(
    shell: Callable[[str], Shell], network: Network, clinic: Any
) -> None:
    hers = shell("hers")
    entry = hers.do("write", "--shared", "The sea, and what I regret.")
    network.faults = ["cut the answer"]
    assert hers.run("sync", "--tries", "1").exit_code == 1
    hers.do("edit", entry, "The sea, and what I regret, told again.")
    hers.do("delete", entry, "--yes")
    assert hers.run("show", entry).exit_code == 1
    assert hers.do("sync") == "waiting: 0"
    assert clinic.maya.get(f"{ENTRIES}/{entry}").status_code == 404
    assert hers.run("show", entry).exit_code == 1
    assert clinic.therapist.read(ENTRIES)["items"] == []


def test_two_phones_that_clash_keep_both_words_until_one_settles_it(shell: Callable[[str], Shell], clinic: Any) -> None:
    hers, other = shell("hers"), shell("other")
    entry = hers.do("write", "The sea.")
    hers.do("sync")
    other.do("sync")
    hers.do("edit", entry, "The sea, again.")
    other.do("edit", entry, "The sea, at night.")
    hers.do("sync")
    assert "changed in two places: 1" in other.do("sync")
    shown = other.do("conflicts")
    assert "The sea, again." in shown
    assert "The sea, at night." in shown
    assert other.run("resolve", entry).exit_code == 2
    other.do("resolve", entry, "--keep", "both")
    assert other.do("sync") == "waiting: 0"
    hers.do("sync")
    assert hers.do("show", entry) == "The sea, again.\n\nThe sea, at night."
    assert hers.do("conflicts") == ""
    assert clinic.maya.read(f"{ENTRIES}/{entry}")["conflicts"] == []
    hers.do("delete", entry, "--yes")
    hers.do("sync")
    assert clinic.maya.get(f"{ENTRIES}/{entry}").status_code == 404
    assert hers.run("show", entry).exit_code == 1


def test_a_phone_is_one_patients_and_says_what_is_turned_down(
    shell: Callable[[str], Shell], clinic: Any, address: str
) -> None:
    hers = shell("hers")
    for token, why in (
        (clinic.tom.token, "another account"),
        (clinic.therapist.token, "not a patient's"),
        ("x", "not good"),
    ):
        refused = hers.run("sign-in", "--server", address, said=token)
        assert refused.exit_code == 1
        assert why in refused.stderr
        assert token not in refused.output or token == "x"
    assert hers.run("sign-in", "--server", "http://journal.example", said="x").exit_code == 1  # words go over https
    assert hers.run("write", " ").exit_code == 2
    bad = hers.do("write", "A bell: \x07.")
    assert hers.do("sync") == "waiting: 0, turned down: 1"
    told = hers.do("status")
    assert "A bell" in told
    assert bad[-8:] in told
    hers.do("let-go", told.split("turned down: ")[2][:8], "--yes")
    assert hers.do("status").endswith("waiting: 0")
    assert stat.S_IMODE(hers.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in hers.folder.iterdir()} == {0o600}
    with Store(hers.folder).alone():
        assert "another sync" in hers.run("sync").stderr


def test_a_phone_comes_back_when_it_was_asked_to(address: str, network: Network, clinic: Any, tmp_path: Path) -> None:
    queue, pauses = Queue(tmp_path / "queue"), list[float]()
    device = Device(queue, Connection(address, clinic.maya.token).send)
    device.write({"text": "The sea."})
    network.faults = ["be busy", "be busy", "cut the answer"]
    sync_patiently(device, sleep=pauses.append)
    assert [int(each) for each in pauses[:2]] == [7, 7]
    assert 0.9 < pauses[2] < 2.1  # the third in a row
    assert device.is_quiet()
    device.send = Connection(NOWHERE, clinic.maya.token).send
    pauses.clear()
    with pytest.raises(Later):
        sync_patiently(device, 4, pauses.append)
    assert len(pauses) == 3
    assert pauses == sorted(pauses)
    queue.close()


@contextmanager
def _server_down(shell: Shell) -> Iterator[None]:
    store = Store(shell.folder)
    account = store.account()
    assert account is not None
    store.keep_account(
        type(account)(**{name: getattr(account, name) for name in account.__slots__} | {"server": NOWHERE})
    )
    yield
    store.keep_account(account)
