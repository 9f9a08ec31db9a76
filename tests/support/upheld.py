"""What must be true when a fleet of phones has come to rest: nothing lost, doubled, or overwritten unseen."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from callers import Caller
from flask import Flask
from fleet import Phone
from sqlalchemy import select

from integration_api.db import reading
from models import DocumentVersion

PATHS = {
    "journal_entry": "/v1/journal-entries",
    "intention": "/v1/intentions",
    "mood_check_in": "/v1/mood-check-ins",
    "note": "/v1/notes",
    "session": "/v1/sessions",
}
ENTRY = "journal_entry"


def all_of(caller: Caller, path: str) -> list[Any]:
    """Read a list to its end."""
    found, cursor = [], ""
    while True:
        page = caller.read(f"{path}?limit=200{cursor}")
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def all_hold_the_same(patient: Caller, phones: Iterable[Phone]) -> None:
    """Hold every phone against what the API gives at each kind's own address."""
    for kind, path in PATHS.items():
        there = {each["id"]: each for each in all_of(patient, path)}
        for phone in phones:
            assert phone.device.is_quiet()
            seen = phone.device.view(kind)
            assert seen.keys() == there.keys(), kind
            for record_id, record in seen.items():
                both = record.keys() & there[record_id].keys()
                assert {name: record[name] for name in both} == {name: there[record_id][name] for name in both}
            if kind == "note":
                assert {each["kind"] for each in seen.values()} <= {"progress"}


@dataclass
class Kept:
    """All words of a patient's entries: the entries' own, former ones, and those of conflicts."""

    app: Flask
    patient: Caller
    patient_id: str
    entries: dict[str, Any] = field(init=False)
    versions: dict[str, list[tuple[int, str, str]]] = field(init=False)  # by entry: (version, reason, text)

    def __post_init__(self) -> None:
        self.entries = {each["id"]: each for each in all_of(self.patient, PATHS[ENTRY])}
        self.versions = {each: [] for each in self.entries}
        with self.app.app_context(), reading(everywhere=True) as db_session:
            for each in db_session.scalars(select(DocumentVersion).order_by(DocumentVersion.version)):
                if str(each.patient_id) == self.patient_id and each.text is not None:
                    self.versions[str(each.document_id)].append((each.version, each.reason, each.text))

    def words(self) -> Counter[str]:
        """Count how often each text is kept."""
        kept = Counter(each["text"] for each in self.entries.values())
        kept.update(text for versions in self.versions.values() for _, _, text in versions)
        return kept

    def history(self, entry_id: str) -> list[tuple[int, str]]:
        """Give an entry's texts in order, each with the last version that said so."""
        former = [(version, text) for version, reason, text in self.versions[entry_id] if reason == "former"]
        return [*former, (self.entries[entry_id]["version"], self.entries[entry_id]["text"])]


def no_words_are_lost_or_doubled(kept: Kept, exchanges: Sequence[tuple[Any, Any]], changes: Sequence[Any]) -> None:
    """Look for the words of each change that the server ever answered.

    Words may be kept as often as their writer said so: two phones may both choose the same words of a conflict.
    """
    words = kept.words()
    said = _by_text(changes)
    doubled = {
        text: times for text, times in words.items() if times > max(1, len({each["change_id"] for each in said[text]}))
    }
    assert not doubled, doubled
    deleted = {each["id"] for each in changes if each["op"] == "delete"}
    for change, result in _answered(exchanges, ENTRY):
        text = (change["record"] or {}).get("text")
        if text is None:
            continue
        homes = {change["id"], change["change_id"]}
        assert result["outcome"] in {"applied", "unchanged", "conflict", "gone"}, result
        if result["outcome"] == "gone" and change["base_version"] is not None:
            assert result["recovered_id"] == change["change_id"]
            homes = {change["change_id"]}
        assert words[text] or homes & deleted, (change, result)


def no_words_are_overwritten_unseen(kept: Kept, changes: Iterable[Any]) -> None:
    """Hold every text that replaced another against the version that its writer had before the eyes."""
    said = _by_text(changes)
    for entry_id in kept.entries:
        history = kept.history(entry_id)
        for (_, before), (_, after) in itertools.pairwise(history):
            bases = [each["base_version"] for each in said[after] if each["id"] == entry_id]
            seen = {next(text for last, text in history if last >= base) for base in bases if base is not None}
            assert not seen or before in seen, f"{after!r} was written on top of {seen!r} and replaced {before!r}"


def _by_text(changes: Iterable[Any]) -> dict[str, list[Any]]:
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for each in changes:
        if each["kind"] == ENTRY and each["record"]:
            found[each["record"].get("text")].append(each)
    return found


def words_the_server_left_are_on_their_phone(phone: Phone, exchanges: Sequence[tuple[Any, Any]]) -> None:
    """A clash of intentions is kept nowhere but on the phone, also where the first answer was lost."""
    on_phone = {each.change_id: each for each in phone.device.turned_down()}
    left = {
        change["change_id"]: change
        for change, result in _answered(exchanges, "intention")
        if change["op"] == "put" and result["outcome"] == "conflict"
    }
    assert on_phone.keys() == left.keys()
    assert all(each.record == left[change_id]["record"] for change_id, each in on_phone.items())


def outcomes(exchanges: Sequence[tuple[Any, Any]]) -> Counter[str]:
    """Count what came of changes."""
    return Counter(
        f"{change['op']} {result['outcome']}"
        for body, answer in exchanges
        for change, result in zip(body["changes"], answer["results"], strict=True)
    )


def _answered(exchanges: Sequence[tuple[Any, Any]], kind: str) -> Iterable[tuple[Any, Any]]:
    for body, answer in exchanges:
        for change, result in zip(body["changes"], answer["results"], strict=True):
            if change["kind"] == kind:
                yield change, result
