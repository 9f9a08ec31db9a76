"""Themes together and in turn, on simulated courses whose truth is known: what is planted is found, and no more."""

from datetime import UTC, datetime, timedelta
from math import exp
from random import Random
from typing import Any

import pytest

from nlp import Assertion
from nlp.recurrence import Sighting, Writing, windows_of
from nlp.relations import in_turn, together

pytestmark = pytest.mark.database_free

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = timedelta(days=14)
RARE, COMMON = (0.02, 0.3), (0.1, 1.0)  # mentions per 100 words
ONE, OTHER = "grief", "family"


def sighting(document: str, theme: str, at: datetime, number: int = 0, place: int = 0) -> Sighting:
    return Sighting(
        f"{document}-{theme}-{number}", document, theme, Assertion.AFFIRMED, 0.9, at, "journal",
        is_confirmed=False, start=place, end=place + 1,
    )  # fmt: skip


class Course:
    """What a patient wrote over some windows, each theme for itself: at its own rate, which may vary and drift."""

    def __init__(
        self, seed: int, *, windows: int, entries: int, rates: tuple[float, float] = COMMON, **how: float
    ) -> None:
        self.random = Random(seed)
        self.windows = windows_of((f"s{n:03}", START + n * WINDOW) for n in range(1, windows))
        self.writings: list[Writing] = []
        self.sightings: list[Sighting] = []
        self.themes: dict[str, set[str]] = {}
        usual = [self.random.uniform(*rates) for _ in range(12)]
        drifts = [self.random.gauss(0, how.get("drift", 0.0)) for _ in usual]
        for n in range(windows):
            now = [
                rate * exp(drift * (2 * n / windows - 1)) * self.varied(how.get("varying", 0.0))
                for rate, drift in zip(usual, drifts, strict=True)
            ]
            for number in range(entries):
                self.write(f"d{n:03}-{number}", START + n * WINDOW + timedelta(days=number), now, how)

    def varied(self, by: float) -> float:
        return self.random.gammavariate(1 / by, by) if by else 1.0

    def write(self, document: str, at: datetime, rates: list[float], how: dict[str, float]) -> None:
        words = max(10, int(self.random.lognormvariate(5, how.get("lengths", 0.6))))
        self.writings.append(Writing(document, at, words, "journal"))
        for theme, rate in enumerate(rates):
            count = self.poisson(rate * words / 100 * self.varied(how.get("bunching", 0.0)))
            self.speak(self.writings[-1], f"theme {theme}", count)

    def poisson(self, mean: float) -> int:
        count, left = 0, self.random.random() - exp(-mean)
        chance = exp(-mean)
        while left > 0 and count < 50:
            count += 1
            chance *= mean / count
            left -= chance
        return count

    def speak(self, entry: Writing, theme: str, times: int = 1) -> None:
        place = 10 * len(self.sightings)
        self.sightings += [sighting(entry.document_id, theme, entry.written_at, k, place + 2 * k) for k in range(times)]

    def plant_pair(self, with_one: float, without: float) -> None:
        """One theme in three entries of ten, and another that leans on it."""
        for entry in self.writings:
            is_there = self.random.random() < 0.3
            self.speak(entry, ONE, is_there)
            self.speak(entry, OTHER, self.random.random() < (with_one if is_there else without))

    def plant_turn(self, entries: int, after_one: float, else_: float) -> None:
        """One theme in four windows of ten, and another that is spoken of in the window after it."""
        was_there = False
        for entry in self.writings[::entries]:
            self.speak(entry, OTHER, self.random.random() < (after_one if was_there else else_))
            was_there = self.random.random() < 0.4
            self.speak(entry, ONE, was_there)


@pytest.mark.parametrize(
    "how",
    [
        {"windows": 8, "entries": 5},
        {"windows": 8, "entries": 10, "lengths": 1.0, "bunching": 2.0},
        {"windows": 8, "entries": 8, "varying": 1.0},
        {"windows": 20, "entries": 4, "varying": 1.0, "rates": RARE},
        {"windows": 20, "entries": 4, "drift": 1.5, "rates": RARE},
        {"windows": 36, "entries": 3, "drift": 2.0, "rates": RARE},
    ],
)
def test_of_unrelated_themes_nothing_is_said(how: dict[str, Any]) -> None:
    """In at most one course in twenty, both kinds of statement taken together."""
    runs, said = 100, 0
    for seed in range(runs):
        course = Course(seed, **how)
        pairs = together(course.writings, course.sightings).pairs
        turns = in_turn(course.windows, course.writings, course.sightings).turns
        said += bool(pairs or turns)
    assert said <= 0.05 * runs


def test_a_planted_pair_is_found() -> None:
    """In 64 entries: in 85 % of those with the one theme also the other, in 15 % of those without."""
    found = 0
    for seed in range(100):
        course = Course(seed, windows=8, entries=8)
        course.plant_pair(0.85, 0.15)
        pairs = together(course.writings, course.sightings).pairs
        found += any({pair.theme, pair.other} == {ONE, OTHER} for pair in pairs)
    assert found >= 80


def test_a_planted_turn_is_found() -> None:
    """In 36 windows: after 95 % of those with the one theme the other follows, after 10 % of those without."""
    found = 0
    for seed in range(100):
        course = Course(seed, windows=36, entries=3, rates=RARE)
        course.plant_turn(3, 0.95, 0.1)
        turns = in_turn(course.windows, course.writings, course.sightings).turns
        found += any((turn.theme, turn.next_theme) == (ONE, OTHER) for turn in turns)
    assert found >= 80
