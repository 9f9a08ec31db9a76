"""Whatever phones, network, server and clinic do, in the end all hold the same, and no word is lost."""

import functools
import itertools
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from callers import Caller
from fleet import FAULTS, Network, Phone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from upheld import (
    Kept,
    all_hold_the_same,
    no_words_are_lost_or_doubled,
    no_words_are_overwritten_unseen,
    outcomes,
    words_the_server_left_are_on_their_phone,
)

from integration_api.themes.jobs import tag_pending

PHONES = 3
SKEWS = (0.0, -86_400.0, 900.0)  # seconds by which a phone's clock is wrong
phones = st.integers(0, PHONES - 1)
picks = st.integers(0, 1_000)
BEGINNINGS = (
    "a_clash",
    "a_delete_against_an_edit",
    "a_draft_is_finished_elsewhere",
    "an_answer_is_lost_and_others_go_on",
    "the_server_crashes",
    "a_session_is_held",
    "a_clash_of_intentions",
    "a_token_expires",
    "an_old_request_arrives",
)


def step(**drawn: Any) -> Callable[[Callable[..., None]], Any]:
    """Make a rule of a method, and count how often it is followed."""

    def counted(method: Callable[..., None]) -> Any:
        @functools.wraps(method)
        def follow(self: "Fleet", *args: Any, **kwargs: Any) -> None:
            self.met["steps"] += 1
            method(self, *args, **kwargs)

        return rule(**drawn)(follow)

    return counted


class Fleet(RuleBasedStateMachine):
    """Three phones of one patient, and a therapist. `make` gives a patient that nobody has written for yet.

    Every fleet begins with each of `BEGINNINGS`, in some order and between some phones; then anything may happen.
    """

    make: Callable[[], tuple[Any, Caller, str]]
    folder: Path
    names = itertools.count()
    met: ClassVar[Counter[str]] = Counter()  # what came of all changes of all fleets

    def __init__(self) -> None:
        super().__init__()
        self.clinic, self.patient, self.patient_id = self.make()
        here = self.folder / str(next(self.names))
        here.mkdir()
        self.phones = [
            Phone(here / f"{number}.sqlite3", Network(self.patient), lambda skew=skew: time.time() + skew)
            for number, skew in enumerate(SKEWS)
        ]
        self.words = itertools.count()
        self.therapist = self.clinic.therapist
        self.course = self.therapist.create("/v1/courses", {"patient_id": self.patient_id})["id"]

    def text(self) -> str:
        return f"I walked to the sea, word {next(self.words)}."

    @initialize(order=st.permutations(BEGINNINGS), first=phones, after=st.integers(0, 8))
    def all_kinds_of_trouble(self, order: list[str], first: int, after: int) -> None:
        here, there = self.phones[first], self.phones[(first + 1) % PHONES]
        for _ in range(4):
            here.device.write({"text": self.text()})
        here.device.write({"text": self.text()}, "intention")
        here.sync()
        there.sync()
        for number, name in enumerate(order):
            getattr(self, f"begin_with_{name}")(here, there, sorted(here.device.view()), after + number)
            here, there = there, here

    def begin_with_a_clash(self, here: Phone, there: Phone, entries: list[str], _: int) -> None:
        for phone in (here, there):
            if entries[0] in phone.device.view():
                phone.device.edit(entries[0], {"text": self.text()})
        here.sync()
        there.sync()

    def begin_with_a_delete_against_an_edit(self, here: Phone, there: Phone, entries: list[str], after: int) -> None:
        if entries[1] in there.device.view():
            there.device.edit(entries[1], {"text": self.text()})
        here.device.delete(entries[1])
        for phone in (here, there) if after % 2 else (there, here):
            phone.sync()

    def begin_with_a_draft_is_finished_elsewhere(self, here: Phone, there: Phone, _: list[str], __: int) -> None:
        draft = here.device.write({"text": self.text(), "is_draft": True})
        here.sync()
        there.sync()
        there.device.edit(draft, {"is_draft": False})

    def begin_with_an_answer_is_lost_and_others_go_on(
        self, here: Phone, there: Phone, entries: list[str], _: int
    ) -> None:
        here.device.edit(entries[2], {"text": self.text()})
        here.sync("lose the answer")
        there.sync()
        if entries[2] in there.device.view():
            there.device.edit(entries[2], {"text": self.text()})
        there.sync()
        here.sync()

    def begin_with_the_server_crashes(self, here: Phone, _: Phone, __: list[str], after: int) -> None:
        for _number in range(2):
            here.device.write({"text": self.text()})
        here.sync("crash the server", dies_after=after % 9)
        here.restart()

    def begin_with_a_session_is_held(self, *_: Any) -> None:
        self.a_session_is_held(days=-1)

    def begin_with_a_clash_of_intentions(self, here: Phone, there: Phone, _: list[str], __: int) -> None:
        for phone, faults in ((here, ()), (there, ("lose the answer",))):
            for intention in list(phone.device.view("intention"))[:1]:
                phone.device.edit(intention, {"text": self.text()}, "intention")
            phone.sync(*faults)

    def begin_with_an_old_request_arrives(self, *_: Any) -> None:
        self.an_old_request_arrives(1)

    def begin_with_a_token_expires(self, here: Phone, *_: Any) -> None:
        here.lose_token()

    def pick(self, phone: int, which: int) -> str | None:
        there = sorted(self.phones[phone].device.view())
        return there[which % len(there)] if there else None

    @step(phone=phones, is_draft=st.booleans(), is_shared=st.booleans())
    def write(self, phone: int, is_draft: Any, is_shared: Any) -> None:
        at = datetime.fromtimestamp(self.phones[phone].clock(), UTC).isoformat()
        visibility = "care_team" if is_shared else "private"
        said = {"text": self.text(), "written_at": at, "is_draft": is_draft, "visibility": visibility}
        self.phones[phone].device.write(said)

    @step(phone=phones, which=picks)
    def edit(self, phone: int, which: int) -> None:
        entry = self.pick(phone, which)
        if entry:
            self.phones[phone].device.edit(entry, {"text": self.text()})

    @step(
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

    @step(phone=phones, which=picks)
    def delete(self, phone: int, which: int) -> None:
        entry = self.pick(phone, which)
        if entry:
            self.phones[phone].device.delete(entry)

    @step(phone=phones, which=picks, takes_back=st.booleans())
    def check_in(self, phone: int, which: int, takes_back: Any) -> None:
        device = self.phones[phone].device
        there = sorted(device.view("mood_check_in"))
        if there and takes_back:
            device.delete(there[which % len(there)], "mood_check_in")
        else:
            device.write({"valence": which % 5, "arousal": 0}, "mood_check_in")

    @step(phone=phones, which=picks, takes_theirs=st.booleans())
    def resolve(self, phone: int, which: int, takes_theirs: Any) -> None:
        device = self.phones[phone].device
        clashing = [each for each in device.view().values() if each.get("conflicts")]
        if clashing:
            entry = clashing[which % len(clashing)]
            first = entry["conflicts"][0]
            text = first["text"] if takes_theirs else self.text()
            device.edit(entry["id"], {"text": text}, resolves=(first["id"],))

    @step(phone=phones, faults=st.lists(st.sampled_from(FAULTS), max_size=3), dies_after=st.integers(0, 9))
    def sync(self, phone: int, faults: list[str], dies_after: int) -> None:
        self.phones[phone].sync(*faults, dies_after=dies_after)

    @step(phone=phones, after=st.integers(1, 3))
    def stop_in_the_middle(self, phone: int, after: int) -> None:
        self.phones[phone].stop_in_the_middle(after)

    @step(which=picks)
    def an_old_request_arrives(self, which: int) -> None:
        old = [(each.network, body) for each in self.phones for body in each.network.sent if body["changes"]]
        network, body = old[which % len(old)]
        network.post(body)

    @step(phone=phones)
    def a_token_expires(self, phone: int) -> None:
        self.phones[phone].lose_token()

    @precondition(lambda self: self.notes_left > 0)
    @step(kind=st.sampled_from(["progress", "psychotherapy"]))
    def the_therapist_writes(self, kind: str) -> None:
        self.notes_left -= 1
        self.therapist.create("/v1/notes", {"patient_id": self.patient_id, "kind": kind, "text": "Pt seen."})

    @precondition(lambda self: self.sessions_left > 0)
    @step(days=st.integers(-2, 0))
    def a_session_is_held(self, days: int) -> None:
        self.sessions_left -= 1
        at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        self.therapist.create("/v1/sessions", {"course_id": self.course, "kind": "dosing", "starts_at": at})

    notes_left, sessions_left = 2, 3  # more of them shows nothing new

    def teardown(self) -> None:
        with self.clinic.app.app_context():
            tag_pending()  # as the server does when it comes up again
        for phone in (*self.phones, *self.phones):
            phone.queue.until_stop = -1
            phone.device.sync()
        exchanges = [each for phone in self.phones for each in phone.network.answers]
        changes = [each for phone in self.phones for body in phone.network.sent for each in body["changes"]]
        self.met.update(outcomes(exchanges) + Counter(fleets=1))
        all_hold_the_same(self.patient, self.phones)
        kept = Kept(self.clinic.app, self.patient, self.patient_id)
        no_words_are_lost_or_doubled(kept, exchanges, changes)
        no_words_are_overwritten_unseen(kept, changes)
        for phone in self.phones:
            words_the_server_left_are_on_their_phone(phone, phone.network.answers)
            phone.queue.close()


def test_a_fleet_of_phones_ends_with_the_same_record_and_every_word(
    make: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    made = type("MadeFleet", (Fleet,), {"make": staticmethod(make), "folder": tmp_path})
    Fleet.met.clear()
    fleets, steps = (request.config.getoption(name) for name in ("--fleets", "--steps"))
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=fleets,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=fleets <= 10,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(dict(Fleet.met))  # noqa: T201  (for a long run with -s)
    wanted = {"put applied", "put unchanged", "put conflict", "delete applied"}
    assert wanted <= Fleet.met.keys(), "the fleets were too tame to show anything"
