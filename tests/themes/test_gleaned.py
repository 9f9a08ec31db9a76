"""Answers that use again what was read before: the same as reckoned from scratch, whatever has happened in between."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from integration_api.action import progress
from integration_api.themes import gleaned as store
from integration_api.themes import motifs
from integration_api.themes.gleaned import Gleaned
from integration_api.themes.jobs import tag_pending
from integration_api.web.remembered import Memory
from integration_api.wiring import Parts
from models import sealing

TEXTS = (
    "The blue door again. I miss my father every time the boats come in.",
    "A blue door at the end of the hall, and I was afraid of dying. Called my sister.",
    "Slept badly. I miss my father, I miss him, and I climbed my hill.",
    "My sister rang. I felt held by everything, and the doors were blue.",
)
DAYS = ("2026-01-05", "2026-01-20", "2026-02-10", "2026-02-25", "2026-03-09")
READERS = ("maya", "therapist", "physician")  # the physician writes psychotherapy notes
PATHS = (
    "/themes?limit=200",
    "/themes?limit=200&assertion=any&source=journal",
    "/themes/grief",
    "/motifs?source=both",
    "/patterns",
    "/brief?since=2026-01-01T00:00:00Z",
)


class Forgetful(Memory):
    """A memory of whole answers that has none, so that each is reckoned."""

    def get(self, _key: Any) -> None:
        return None


class Course:
    """A patient's course, in which things happen."""

    def __init__(self, clinic: Any) -> None:
        self.clinic, self.callers = clinic, {name: clinic.caller(name) for name in READERS}
        self.maya, self.therapist = self.callers["maya"], self.callers["therapist"]
        self.patient = f"/v1/patients/{clinic.ids['maya']}"
        self.course = clinic.open_course()["id"]
        self.entries: list[str] = []
        self.sessions = [clinic.hold_session(self.course, f"{day}T10:00:00Z")["id"] for day in DAYS[::2]]
        for place in range(4):
            self.write(place, "care_team")
        self.maya.create("/v1/commitments", {"text": "Call my sister.", "visibility": "care_team"})
        self.maya.create("/v1/intentions", {"text": "Open the blue door.", "visibility": "private"})

    def write(self, lot: int, visibility: str) -> None:
        body = {"text": TEXTS[lot % 4], "visibility": visibility}
        day = f"{DAYS[lot % 5]}T12:0{lot % 10}:00Z"
        body["written_at"] = day if lot % 3 else datetime.now(UTC).isoformat()  # now: after what is followed
        self.entries.append(self.maya.create("/v1/journal-entries", body)["id"])

    def private(self, lot: int) -> None:
        self.write(lot, "private")

    def shared(self, lot: int) -> None:
        self.write(lot, "care_team")

    def _change(self, lot: int, body: Any) -> None:
        if self.entries:
            entry = self.entries[lot % len(self.entries)]
            assert self.maya.patch(f"/v1/journal-entries/{entry}", body, if_match="*").status_code == 200

    def edit(self, lot: int) -> None:
        self._change(lot, {"text": TEXTS[(lot + 1) % 4] + " Again."})

    def redate(self, lot: int) -> None:
        self._change(lot, {"written_at": f"{DAYS[(lot + 2) % 5]}T09:00:00Z"})

    def hide_or_show(self, lot: int) -> None:
        self._change(lot, {"visibility": ("private", "care_team")[lot % 2]})

    def delete(self, lot: int) -> None:
        if self.entries:
            entry = self.entries.pop(lot % len(self.entries))
            assert self.maya.delete(f"/v1/journal-entries/{entry}", if_match="*").status_code == 204

    def note(self, lot: int) -> None:
        kind = ("progress", "psychotherapy")[lot % 2]
        self.clinic.note(f"Pt speaks of a blue door, misses father. {lot}", kind, "physician")

    def move(self, lot: int) -> None:
        path = f"/v1/sessions/{self.sessions[lot % 3]}"
        self.therapist.patch(path, {"starts_at": f"{DAYS[lot % 5]}T0{lot % 10}:00:00Z"}, if_match="*")

    def cancel(self, lot: int) -> None:
        path = f"/v1/sessions/{self.sessions[lot % 3]}"
        status = ("cancelled", "completed")[lot % 2]
        self.therapist.patch(path, {"status": status}, if_match="*")

    def review(self, lot: int) -> None:
        timeline = self.therapist.read(f"{self.patient}/themes/grief?assertion=any")["mentions"]
        for mention in timeline[lot % 3 : lot % 3 + 1]:
            said = ({"verdict": "rejected"}, {"verdict": "confirmed"}, {"verdict": "corrected", "theme": "family"})
            self.therapist.post(f"/v1/mentions/{mention['id']}/review", said[lot % 3])

    def consent(self, lot: int) -> None:
        body = {"purpose": "care_team", "is_granted": bool(lot % 2), "wording": "As shown."}
        self.maya.create("/v1/me/consents", body)

    def tag(self, _lot: int) -> None:
        with self.clinic.app.app_context():
            tag_pending(everything=True)

    def own_theme(self, lot: int) -> None:
        body = {"theme": "our_hill", "label": f"Hill {lot}", "facet": "meaning", "definition": "D."}
        if self.therapist.post("/v1/themes", body | {"phrases": ["my hill"]}).status_code == 201:
            self.tag(lot)
        else:
            assert self.therapist.delete("/v1/themes/our_hill", if_match="*").status_code == 204

    def commit(self, lot: int) -> None:
        text = ("Call my sister.", "Sit by the blue door.")[lot % 2]
        self.maya.create("/v1/commitments", {"text": text, "visibility": "care_team"})

    def answers(self, who: str) -> dict[str, Any]:
        caller, found = self.callers[who], {}
        for path in (*[self.patient + each for each in PATHS], "/v1/commitments", "/v1/intentions", "/v1/caseload"):
            answer = caller.get(path)
            found[path] = (answer.status_code, answer.json)
        return found


HAPPENINGS = (
    "private", "shared", "edit", "redate", "hide_or_show", "delete", "note", "move", "cancel", "review", "consent",
    "tag", "own_theme", "commit",
)  # fmt: skip


@pytest.fixture
def course(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> Course:
    parts: Parts = clinic.app.extensions["parts"]
    at = parts.now() + timedelta(minutes=30)  # in one moment, later than all that happens
    monkeypatch.setitem(clinic.app.extensions, "parts", Parts(parts.key_service, parts.load_tagger, lambda: at))
    monkeypatch.setitem(clinic.app.extensions, "memory", Forgetful())
    monkeypatch.setitem(clinic.app.extensions, "gleaned", Gleaned())
    return Course(clinic)


@settings(
    max_examples=3,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(happened=st.lists(st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, 9)), min_size=3, max_size=6))
def test_whatever_happened_the_answers_are_those_of_a_process_that_knows_nothing(
    course: Course, happened: list[tuple[str, int]]
) -> None:
    kept = course.clinic.app.extensions["gleaned"]
    for place, (what, lot) in enumerate(happened):
        getattr(course, what)(lot)
        course.callers[READERS[place % 3]].get(f"{course.patient}/themes")  # what is kept goes through it, too
    for who in READERS:
        course.clinic.app.extensions["gleaned"] = kept
        again = course.answers(who)
        course.clinic.app.extensions["gleaned"] = Gleaned()
        assert course.answers(who) == again, (who, happened)
    course.clinic.app.extensions["gleaned"] = kept


def test_each_kind_of_change_is_seen(course: Course) -> None:
    """What no sequence of the test above may happen to have met."""
    kept = course.clinic.app.extensions["gleaned"]
    paths = [course.patient + each for each in (PATHS[0], "/motifs", PATHS[-1])]
    for lot, happening in enumerate(HAPPENINGS):
        getattr(course, happening)(lot)
        again = [course.therapist.get(path).json for path in paths]
        course.clinic.app.extensions["gleaned"] = Gleaned()
        assert [course.therapist.get(path).json for path in paths] == again, happening
        course.clinic.app.extensions["gleaned"] = kept


class Work:
    """Counts how often something is done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: dict[str, int] = {}
        for module, name in (
            (motifs, "read_document"), (progress, "read_sentences"), (store, "account_of"), (sealing, "open_sealed")
        ):  # fmt: skip
            monkeypatch.setattr(module, name, self._counting(name, getattr(module, name)))

    def _counting(self, name: str, act: Any) -> Any:
        def counted(*given: Any, **named: Any) -> Any:
            self.done[name] = self.done.get(name, 0) + 1
            return act(*given, **named)

        return counted

    def of(self, act: Any) -> dict[str, int]:
        self.done.clear()
        act()
        return dict(self.done)


def test_one_more_entry_is_one_more_to_read(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    for lot in range(24):
        course.write(0, "care_team" if lot % 4 else "private")
    work, documents = Work(monkeypatch), len(course.entries)
    paths = (f"{course.patient}/themes", f"{course.patient}/themes/grief?limit=5")
    paths = (*paths, f"{course.patient}/motifs", "/v1/caseload")
    brief = f"{course.patient}/brief"
    cold = work.of(lambda: [course.therapist.read(path) for path in (*paths, brief)])
    assert cold["account_of"] == cold["read_document"] == documents - 6
    assert cold["read_sentences"] == documents - 10  # written after what was promised
    course.write(0, "care_team")
    one_more = work.of(lambda: [course.therapist.read(path) for path in paths])
    assert (one_more["account_of"], one_more["read_document"]) == (1, 1)
    again = work.of(lambda: course.therapist.read(brief))
    assert (again.get("account_of", 0), again.get("read_document", 0), again["read_sentences"]) == (0, 0, 1)
    # The rest of what is opened is what is shown, however much was written.
    for _ in range(12):
        course.write(0, "care_team")
    work.of(lambda: [course.therapist.read(path) for path in (*paths, brief)])
    course.write(0, "care_team")
    assert work.of(lambda: [course.therapist.read(path) for path in paths]) == one_more
    assert work.of(lambda: course.therapist.read(brief)) == again
    # A colleague of the same team reads nothing anew, the patient only what is the patient's alone.
    nurse = course.clinic.caller("nurse")
    assert "account_of" not in work.of(lambda: [nurse.read(path) for path in paths])
    assert work.of(lambda: [course.maya.read(path) for path in paths[:-1]])["account_of"] == 6


def test_what_is_deleted_or_erased_is_forgotten_at_once(course: Course) -> None:
    kept: Gleaned = course.clinic.app.extensions["gleaned"]
    course.answers("maya")
    with kept.of(next(iter(kept._patients))) as known:
        assert len(known.documents) == 4
        assert "boat" in known.vocabulary.forms
        assert "river" not in known.vocabulary.forms
    rivers = course.maya.create("/v1/journal-entries", {"text": "A river. The blue door.", "visibility": "care_team"})
    memory: Memory = course.clinic.app.extensions["memory"]
    course.answers("maya")
    assert "river" in known.vocabulary.forms
    assert memory._answers
    course.maya.delete(f"/v1/journal-entries/{rivers['id']}", if_match="*")
    assert UUID(rivers["id"]) not in known.documents  # at once, and what was read off the others stays
    assert len(known.documents) == 4
    assert "river" not in known.vocabulary.forms
    assert "boat" in known.vocabulary.forms
    assert not memory._answers
    course.answers("maya")
    course.maya.create("/v1/me/erasure", {"confirm": "erase everything"})
    assert known.patient_id not in kept._patients
    assert not memory._answers


def test_who_is_not_asked_about_is_forgotten(course: Course) -> None:
    kept: Gleaned = course.clinic.app.extensions["gleaned"]
    course.maya.read(f"{course.patient}/themes")
    with kept.of(next(iter(kept._patients))) as known:
        assert len(known.documents) == 4
    course.delete(0)
    course.shared(1)
    course.maya.read(f"{course.patient}/themes")
    assert len(known.documents) == 4  # one went, one came
    short = Gleaned(kept=0)
    course.clinic.app.extensions["gleaned"] = short
    course.maya.read(f"{course.patient}/themes")
    with short.of(known.patient_id) as nothing:
        assert not nothing.documents
    brief = Gleaned(seconds=0)
    with brief.of(known.patient_id) as first, brief.of(course.clinic.ids["tom"]):
        pass
    with brief.of(known.patient_id) as second:
        assert second is not first
