"""Whatever phones, network, server and clinic do, in the end all hold the same, and no word is lost."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from callers import Caller
from fleet import Cut, Network, Phone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from integration_api.sync.exchange import Exchange

ENTRIES = "/v1/journal-entries"
PHONES = 3
phones = st.integers(0, PHONES - 1)
picks = st.integers(0, 1_000)
FAULTS = ("", "", "lose the request", "lose the answer", "crash the server")


class Crash(Exception):
    """The server died."""


class Fleet(RuleBasedStateMachine):
    """Three phones of one patient, and a therapist. `make` gives a patient that nobody has written for yet."""

    make: Callable[[], tuple[Any, Caller, str]]
    folder: Path
    names = itertools.count()
    met: ClassVar[Counter[str]] = Counter()  # what came of all changes of all fleets

    def __init__(self) -> None:
        super().__init__()
        self.clinic, self.patient, self.patient_id = self.make()
        self.networks = [Network(self.patient, crash=self.dying) for _ in range(PHONES)]
        here = self.folder / str(next(self.names))
        here.mkdir()
        self.phones = [
            Phone(here / f"{number}.sqlite3", network, clock=lambda skew=skew: time.time() + skew)
            for number, (network, skew) in enumerate(zip(self.networks, (0.0, -86_400.0, 900.0), strict=True))
        ]
        self.words = itertools.count()
        self.dies_after = 0
        self.course: str | None = None
        self.therapist = self.clinic.therapist

    @initialize()
    def all_hold_entries_and_edit_one(self) -> None:
        for phone in self.phones:
            phone.device.write({"text": self.text()})
        for phone in (*self.phones, *self.phones):
            phone.device.sync()
        for number in range(PHONES):  # all of them in one lift
            self.edit(number, 0)

    def text(self) -> str:
        return f"I walked to the sea, word {next(self.words)}."

    @contextmanager
    def dying(self) -> Iterator[None]:
        """Let the server die between two units of work."""
        take, left = Exchange._take, itertools.count(self.dies_after, -1)

        def take_or_die(exchange: Any, change: Any) -> Any:
            if next(left) <= 0:
                raise Crash
            return take(exchange, change)

        Exchange._take = take_or_die  # type: ignore[method-assign]
        try:
            yield
        except Crash:
            pass
        finally:
            Exchange._take = take  # type: ignore[method-assign]

    def pick(self, phone: int, which: int) -> str | None:
        there = sorted(self.phones[phone].device.view())
        return there[which % len(there)] if there else None

    @rule(phone=phones, is_draft=st.booleans(), is_shared=st.booleans())
    def write(self, phone: int, is_draft: Any, is_shared: Any) -> None:
        at = datetime.fromtimestamp(self.phones[phone].clock(), UTC).isoformat()
        visibility = "care_team" if is_shared else "private"
        said = {"text": self.text(), "written_at": at, "is_draft": is_draft, "visibility": visibility}
        self.phones[phone].device.write(said)

    @rule(phone=phones, which=picks)
    def edit(self, phone: int, which: int) -> None:
        entry = self.pick(phone, which)
        if entry:
            self.phones[phone].device.edit(entry, {"text": self.text()})

    @rule(
        phone=phones, which=picks, what=st.sampled_from(["mood", "visibility", "is_draft"]), number=st.integers(-5, 5)
    )
    def describe(self, phone: int, which: int, what: str, number: int) -> None:
        entry = self.pick(phone, which)
        said = {
            "mood": {"valence": number, "arousal": 0},
            "visibility": "private" if number < 0 else "care_team",
            "is_draft": False,
        }
        if entry:
            self.phones[phone].device.edit(entry, {what: said[what]})

    @rule(phone=phones, which=picks)
    def delete(self, phone: int, which: int) -> None:
        entry = self.pick(phone, which)
        if entry:
            self.phones[phone].device.delete(entry)

    @rule(phone=phones, which=picks, takes_theirs=st.booleans())
    def resolve(self, phone: int, which: int, takes_theirs: Any) -> None:
        device = self.phones[phone].device
        clashing = [each for each in device.view().values() if each.get("conflicts")]
        if clashing:
            entry = clashing[which % len(clashing)]
            first = entry["conflicts"][0]
            text = first["text"] if takes_theirs else self.text()
            device.edit(entry["id"], {"text": text}, resolves=(first["id"],))

    @rule(phone=phones, faults=st.lists(st.sampled_from(FAULTS), max_size=3), dies_after=st.integers(0, 3))
    def sync(self, phone: int, faults: list[str], dies_after: int) -> None:
        self.networks[phone].faults, self.dies_after = list(faults), dies_after
        self.exchange(phone)

    @rule(phone=phones, after=st.integers(1, 3))
    def stop_in_the_middle(self, phone: int, after: int) -> None:
        self.phones[phone].queue.until_stop = after
        self.exchange(phone)
        self.phones[phone].restart()

    def exchange(self, phone: int) -> None:
        with suppress(Cut):
            self.phones[phone].device.sync()
        self.networks[phone].faults = []

    @rule(phone=phones)
    def switch_off_and_on(self, phone: int) -> None:
        self.phones[phone].restart()

    @precondition(lambda self: any(each.sent for each in self.networks))
    @rule(which=picks)
    def an_old_request_arrives(self, which: int) -> None:
        old = [(network, body) for network in self.networks for body in network.sent]
        network, body = old[which % len(old)]
        network.post(body)

    @rule(phone=phones)
    def a_token_expires(self, phone: int) -> None:
        queue = self.phones[phone].queue
        if queue.fact("token"):
            with queue.transaction():
                queue.set_fact("token", "x" + str(queue.fact("token")))

    @rule(kind=st.sampled_from(["progress", "psychotherapy"]))
    def the_therapist_writes(self, kind: str) -> None:
        body = {"patient_id": self.patient_id, "kind": kind, "text": "Pt seen."}
        self.therapist.create("/v1/notes", body)

    @rule(days=st.integers(-2, 0))
    def a_session_is_held(self, days: int) -> None:
        if self.course is None:
            self.course = self.therapist.create("/v1/courses", {"patient_id": self.patient_id})["id"]
        at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        self.therapist.create("/v1/sessions", {"course_id": self.course, "kind": "dosing", "starts_at": at})

    def teardown(self) -> None:
        for _ in range(3):
            for phone in self.phones:
                phone.queue.until_stop = -1
                phone.device.sync()
        self.all_hold_the_same()
        self.no_word_is_lost_or_doubled()
        for phone in self.phones:
            phone.queue.close()

    def all_hold_the_same(self) -> None:
        for kind, path in {"journal_entry": ENTRIES, "note": "/v1/notes", "session": "/v1/sessions"}.items():
            there = {each["id"]: each for each in self.all_of(path)}
            for phone in self.phones:
                assert phone.device.is_quiet()
                assert phone.device.turned_down() == []
                assert phone.device.view(kind) == there
        assert all(each["kind"] == "progress" for each in self.all_of("/v1/notes"))

    def all_of(self, path: str) -> list[Any]:
        found, cursor = [], ""
        while True:
            page = self.patient.read(f"{path}?limit=200{cursor}")
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def no_word_is_lost_or_doubled(self) -> None:
        kept: Counter[str] = Counter()
        entries = self.all_of(ENTRIES)
        for entry in entries:
            kept[entry["text"]] += 1
            kept.update(each["text"] for each in self.all_of(f"{ENTRIES}/{entry['id']}/versions"))
        assert [text for text, times in kept.items() if times > 1] == []
        deleted = self.rightly_deleted()
        for network in self.networks:
            for body, answer in network.answers:
                for change, result in zip(body["changes"], answer["results"], strict=True):
                    self.met[f"{change['op']} {result['outcome']}"] += 1
                    self.is_kept(change, result, kept, deleted)

    def rightly_deleted(self) -> set[str]:
        return {change["id"] for network in self.networks for body in network.sent for change in body["changes"]
                if change["op"] == "delete"}  # fmt: skip

    @staticmethod
    def is_kept(change: Any, result: Any, kept: Counter[str], deleted: set[str]) -> None:
        text = (change["record"] or {}).get("text")
        if text is None:
            return
        homes = {change["id"], change["change_id"]}
        assert result["outcome"] in {"applied", "unchanged", "conflict", "gone"}, result
        if result["outcome"] == "gone" and change["base_version"] is not None:
            assert result["recovered_id"] == change["change_id"]
            homes = {change["change_id"]}
        assert kept[text] == 1 or homes & deleted, (change, result)


@pytest.fixture
def make(clinic: Any) -> Callable[[], tuple[Any, Caller, str]]:
    """Make a patient whom the therapist cares for."""
    numbers = itertools.count()

    def one() -> tuple[Any, Caller, str]:
        name = f"patient{next(numbers)}"
        made = clinic.admin.create("/v1/patients", {"name": name, "username": name})["id"]
        path = f"/v1/patients/{made}/care-team"
        members = {"members": [{"clinician_id": clinic.ids["therapist"]}]}
        assert clinic.admin.put(path, members, if_match="*").status_code == 200
        return clinic, clinic.caller(name), made

    return one


def test_a_fleet_of_phones_ends_with_the_same_record_and_every_word(
    make: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    made = type("MadeFleet", (Fleet,), {"make": staticmethod(make), "folder": tmp_path})
    Fleet.met.clear()
    few = request.config.getoption("--fleets")
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=few,
            stateful_step_count=40,
            deadline=None,
            database=None,
            derandomize=few <= 10,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(dict(Fleet.met))  # noqa: T201  (for a long run with -s)
    wanted = {"put applied", "put unchanged", "put conflict", "delete applied"}
    assert wanted <= Fleet.met.keys(), "the fleets were too tame to show anything"
