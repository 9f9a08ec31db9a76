"""Themes together, in turn, around the dose and across voices: rules, minima and exact chances, case by case."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from math import comb, exp
from random import Random
from typing import Any

import pytest

from nlp import Assertion
from nlp.recurrence import Sighting, Writing, windows_of
from nlp.relations import Dosing, Mood, Together, across_voices, around_dose, in_turn, together
from nlp.relations.exact import added, believed, follows, mid_p, overlap

pytestmark = pytest.mark.database_free

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = timedelta(days=14)
ONE, OTHER = "grief", "family"


def sighting(document: str, theme: str, at: datetime, number: int = 0, place: int = 0) -> Sighting:
    return Sighting(
        f"{document}-{theme}-{number}", document, theme, Assertion.AFFIRMED, 0.9, at, "journal",
        is_confirmed=False, start=place, end=place + 1,
    )  # fmt: skip


def plain(themes: dict[str, set[int]], count: int, *, words: int = 100) -> tuple[list[Writing], list[Sighting]]:
    """Make entries, one a day, in which each theme stands at its places, never in the same words as another."""
    entries = [Writing(f"d{n:03}", START + timedelta(days=n), words, "journal") for n in range(count)]
    seen = [
        sighting(entries[n].document_id, theme, entries[n].written_at, place=10 * number)
        for number, (theme, places) in enumerate(themes.items())
        for n in sorted(places)
    ]
    return entries, seen


class TestTogether:
    BOTH = {ONE: set(range(0, 40, 4)), OTHER: set(range(0, 40, 4)) | {1}}  # noqa: RUF012

    def found(self, themes: dict[str, set[int]], count: int = 40) -> Together:
        return together(*plain(themes, count))

    def test_a_pair_has_its_numbers_and_its_evidence(self) -> None:
        (pair,) = self.found(self.BOTH).pairs
        assert (pair.theme, pair.other) == (ONE, OTHER)
        assert (pair.both, pair.with_theme, pair.other_only, pair.without_theme) == (10, 10, 1, 30)
        assert (len(pair.evidence), len(pair.other_evidence)) == (3, 3)
        assert {each.split("-")[0] for each in pair.evidence} <= {f"d{n:03}" for n in range(0, 40, 4)}

    def test_below_the_minimum_nothing_is_said(self) -> None:
        everywhere = {ONE: set(range(0, 19, 2)), OTHER: set(range(0, 19, 2))}
        assert self.found(everywhere, 19) == Together(19)
        assert not Together(19).is_enough
        assert self.found(everywhere, 20).pairs

    def test_notes_are_not_looked_at(self) -> None:
        entries, seen = plain(self.BOTH, 40)
        notes = [Writing(each.document_id, each.written_at, each.words, "note") for each in entries]
        assert together(notes, seen) == Together(0)

    def test_the_same_words_are_not_two_themes_together(self) -> None:
        entries, seen = plain(self.BOTH, 40)
        merged = [sighting(each.document_id, each.theme, each.written_at) for each in seen]
        assert together(entries, merged).pairs == ()
        apart = [each for each in seen if each.document_id > "d012"]
        (pair,) = together(entries, [*apart, *(each for each in merged if each.document_id <= "d012")]).pairs
        assert (pair.both, pair.with_theme, pair.without_theme, pair.same_words) == (6, 6, 30, 4)

    def test_two_themes_of_the_same_months_do_not_go_together(self) -> None:
        """Each is in every second entry of the first half, independently of the other."""
        early = {ONE: set(range(0, 32, 2)), OTHER: {n for n in range(32) if n % 4 in (0, 1)}}
        assert self.found(early, 64).pairs == ()

    def test_two_themes_of_the_long_entries_do_not_go_together(self) -> None:
        random = Random(5)
        said = 0
        for _ in range(60):
            entries, seen = plain({}, 48)
            entries = [
                Writing(each.document_id, each.written_at, 1000 if n % 4 == 0 else 30, "journal")
                for n, each in enumerate(entries)
            ]
            for number, theme in enumerate((ONE, OTHER)):
                seen += [
                    sighting(each.document_id, theme, each.written_at, place=10 * number)
                    for each in entries
                    if random.random() < 1 - exp(-each.words / 700)
                ]
            said += bool(together(entries, seen).pairs)
        assert said <= 3


class TestInTurn:
    def course(self, one: str, other: str) -> Any:
        """Windows in which the themes are spoken of (x) or not; one entry each."""
        windows = windows_of((f"s{n:03}", START + n * WINDOW) for n in range(1, len(one)))
        places = {ONE: {n for n, each in enumerate(one) if each == "x"}}
        places[OTHER] = {n for n, each in enumerate(other) if each == "x"}
        entries = [Writing(f"d{n}", START + n * WINDOW, 100, "journal") for n in range(len(one))]
        seen = [sighting(f"d{n}", theme, START + n * WINDOW) for theme, found in places.items() for n in found]
        return in_turn(windows, entries, seen)

    def test_a_turn_has_its_numbers_and_its_evidence(self) -> None:
        (turn,) = self.course("x..xx...x.x..x....xx....", ".x..xx...x.x..x....xx..x").turns
        assert (turn.theme, turn.next_theme) == (ONE, OTHER)
        assert (turn.followed, turn.after_theme, turn.followed_others, turn.after_others) == (8, 8, 1, 15)
        assert {each.split("-")[1] for each in turn.next_evidence} == {OTHER}
        assert len(turn.evidence) == 3

    def test_below_the_minimum_nothing_is_said(self) -> None:
        found = self.course("x.x.x.x", ".x.x.x.")
        assert (found.windows, found.is_enough, found.turns) == (7, False, ())

    def test_themes_that_stay_side_by_side_do_not_follow_one_another(self) -> None:
        assert self.course("xxxxxxxx................", "xxxxxxxxx...............").turns == ()


class TestExact:
    @pytest.mark.parametrize(
        "kinds", [(2, 1, 2, 1), (0, 3, 0, 3), (3, 0, 3, 0), (1, 0, 3, 2), (3, 3, 0, 0), (0, 0, 3, 3), (2, 0, 0, 3)]
    )
    def test_follows_in_all_orders_one_by_one(self, kinds: tuple[int, int, int, int]) -> None:
        which = [(True, False), (True, True), (False, True), (False, False)]
        windows = [kind for kind, count in zip(which, kinds, strict=True) for _ in range(count)]
        orders = Counter(sum(a[0] and b[1] for a, b in pairwise(order)) for order in permutations(windows))
        known = [orders[count] / orders.total() for count in range(len(windows) + 1)]
        found = follows(*kinds)
        assert [*found, *[0.0] * (len(known) - len(found))] == pytest.approx(known)

    def test_equal_weights_are_fishers_exact_test(self) -> None:
        found = overlap([2.0] * 7, [2.0] * 31, 15)
        assert found[6] == pytest.approx(comb(7, 6) * comb(31, 9) / comb(38, 15))
        assert sum(found) == pytest.approx(1)

    def test_weights_are_odds(self) -> None:
        """Of one hit on two places, the heavier is likelier by its weight."""
        assert overlap([3.0], [1.0], 1) == pytest.approx([0.25, 0.75])

    def test_what_was_seen_counts_by_half(self) -> None:
        assert mid_p(added([[0.5, 0.5], [0.5, 0.5]]), 1) == pytest.approx(0.25 + 0.25)

    def test_of_many_findings_few_are_believed(self) -> None:
        """The example of Benjamini and Hochberg (1995), 3.2: fifteen tests, of which four are believed at 0.05."""
        chances = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.000,
        ]  # fmt: skip
        assert believed(chances[::-1], 0.05) == {14, 13, 12, 11}
        assert believed([], 0.05) == frozenset()


class TestAroundTheDose:
    def test_doses_of_different_routes_are_never_compared(self) -> None:
        dosings = [
            Dosing(f"s{n}", START + n * WINDOW, route, dose, weight)
            for n, (route, dose, weight) in enumerate(
                [("oral", 100.0, 80.0), ("oral", 200.0, None), ("intravenous", 40.0, 80.0), (None, None, None)]
            )
        ]
        entries = [Writing(f"d{n}", START + n * WINDOW, 50, "journal") for n in range(4)]
        phases = {"d0": "dosing", "d1": "dosing", "d2": "integration"}
        found = around_dose(dosings, entries, [], {"d0": Mood(3, None), "d1": Mood(-1, 2)}, phases)
        assert [(each.phase, each.group.documents) for each in found.by_phase] == [
            ("dosing", 2),
            ("integration", 1),
            (None, 1),
        ]
        rows = [(each.route, each.band, each.lowest, each.unit, each.group.documents) for each in found.by_dose]
        assert rows == [
            ("intravenous", "same", 0.5, "mg_per_kg", 1),
            ("oral", "lower", 100, "mg", 1),
            ("oral", "higher", 200, "mg", 1),
        ]
        assert [(each.route, each.sessions) for each in found.by_route] == [("intravenous", 1), ("oral", 2), (None, 1)]
        (day,) = found.since_dosing
        assert day.group.valence is not None
        assert (day.group.valence.documents, day.group.valence.mean, day.group.valence.lowest) == (2, 1.0, -1)

    @pytest.mark.parametrize("doses", [[40.0, 80.0, 80.0], [40.0, 40.0, 80.0], [40.0, 60.0, 80.0]])
    def test_unlike_doses_always_have_a_lower_and_a_higher_part(self, doses: list[float]) -> None:
        dosings = [Dosing(f"s{n}", START + n * WINDOW, "oral", dose) for n, dose in enumerate(doses)]
        entries = [Writing(f"d{n}", START + n * WINDOW, 50, "journal") for n in range(3)]
        lower, higher = around_dose(dosings, entries, [], {}).by_dose
        assert lower.highest < higher.lowest
        assert (lower.sessions + higher.sessions, lower.unit) == (3, "mg")

    def test_a_theme_of_two_mentions_has_no_row(self) -> None:
        entries, seen = plain({ONE: {0, 1}, OTHER: {0, 1, 2}}, 5)
        assert [each.theme for each in around_dose([], entries, seen, {}).themes] == [OTHER]


def test_silence_of_the_one_who_hardly_wrote_is_likely() -> None:
    entries, seen = plain({ONE: set(range(10))}, 10)

    def silence(words: int) -> float:
        note = Writing("note", START, words, "note")
        (found,) = across_voices([*entries, note], seen).themes
        assert (found.named_by, found.note.mentions) == ("journal", 0)
        assert found.chance_of_silence is not None
        return found.chance_of_silence

    assert silence(50) > 0.6
    assert silence(1000) < 0.1
