"""What returns and what changes, on simulated courses whose truth is known."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from math import log, log1p
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import Assertion
from nlp.recurrence import RecurringTheme, Sighting, Tally, Trajectory, Writing, recurring_themes, windows_of
from nlp.recurrence.comparison import incomplete_beta
from nlp.recurrence.windows import window_for

pytestmark = pytest.mark.database_free

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = timedelta(days=14)
CHANGES = {Trajectory.NEW, Trajectory.EMERGING, Trajectory.FADING, Trajectory.RESURFACED}


def said(random: Random, chance: float, words: int) -> int:
    """Count the words that are mentions, as if each were drawn: one draw gives how many pass until the next."""
    count, at = 0, 0
    while chance and (at := at + 1 + int(log(1 - random.random()) / log1p(-chance))) <= words:
        count += 1
    return count


def simulate(
    rates: list[float], *, documents: int = 6, words: int = 200, seed: int = 0, clinic: float | None = None
) -> RecurringTheme | None:
    """Write documents in each window, with mentions at that window's rate per 100 words; window 0 has no session.

    `clinic` is the rate of all patients, where it is to be known.
    """
    random = Random(seed)
    windows = windows_of((f"s{n}", START + n * WINDOW) for n in range(1, len(rates)))
    writings, sightings = [], []
    for n, rate in enumerate(rates):
        for number in range(documents):
            document = f"d{n}-{number}"
            at = START + n * WINDOW + timedelta(days=number)
            length = random.randint(words // 2, words * 3 // 2)
            writings.append(Writing(document, at, length, "journal"))
            mentions = said(random, rate / 100, length)
            sightings += [
                Sighting(
                    f"{document}-{k}", document, "grief", Assertion.AFFIRMED, 0.9, at, "journal", is_confirmed=False
                )
                for k in range(mentions)
            ]
    usual = None if clinic is None else {"grief": Tally(round(clinic * 10_000), 1_000_000)}
    found = recurring_themes(windows, writings, sightings, usual)
    return found[0] if found else None


def trajectories(rates: list[float], runs: int = 200, **how: Any) -> Counter[Trajectory | None]:
    found = (simulate(rates, seed=seed, **how) for seed in range(runs))
    return Counter(one.trajectory if one else None for one in found)


@pytest.mark.parametrize("rate", [0.1, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("documents", [2, 6])
@pytest.mark.parametrize("clinic", [None, 0.1, 10.0])
def test_a_rate_that_never_changes_is_seldom_called_a_change(rate: float, documents: int, clinic: float | None) -> None:
    """At most one in twenty, all names of change together; also where the clinic speaks ten times less or more."""
    usual = None if clinic is None else clinic * rate
    found = trajectories([rate] * 6, documents=documents, runs=300, clinic=usual)
    assert sum(found[each] for each in CHANGES) <= 0.05 * found.total()


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ([0, 0, 0, 0, 0, 2.0], {Trajectory.NEW}),
        ([0.3, 0.3, 0.3, 0.3, 0.3, 3.0], {Trajectory.EMERGING}),
        ([2.0, 2.0, 2.0, 2.0, 0.05, 0.0], {Trajectory.FADING}),
        ([2.0, 2.0, 0.0, 0.0, 0.0, 2.0], {Trajectory.RESURFACED}),
        ([1.0] * 6, {Trajectory.PERSISTENT}),
    ],
)
@pytest.mark.parametrize("clinic", [None, 0.1, 10.0])
def test_a_planted_course_is_found(rates: list[float], expected: set[Trajectory], clinic: float | None) -> None:
    found = trajectories(rates, clinic=None if clinic is None else clinic * sum(rates) / len(rates))
    assert sum(found[each] for each in expected) >= 0.8 * found.total(), found


def test_sparse_data_looks_uncertain() -> None:
    windows = windows_of((f"s{n}", START + n * WINDOW) for n in (1, 2))
    writings = [Writing(f"d{n}", START + n * WINDOW, 60, "journal") for n in range(3)]
    at = writings[-1].written_at
    seen = Sighting("m", "d2", "grief", Assertion.AFFIRMED, 0.9, at, "journal", is_confirmed=False)
    (one,) = recurring_themes(windows, writings, [seen])
    assert one.trajectory is Trajectory.ONCE
    assert one.probability_rising is not None
    assert 0.5 < one.probability_rising < 0.975
    (latest,) = one.sessions[-1:]
    assert latest.rate_low is not None
    assert latest.rate_high is not None
    assert latest.rate_high > 3 * latest.rate_low


def width(found: RecurringTheme | None) -> tuple[float, float]:
    assert found is not None
    latest = found.sessions[-1]
    assert latest.rate_low is not None
    assert latest.rate_high is not None
    return latest.rate_low, latest.rate_high


def test_a_sparse_patient_leans_towards_the_clinic_and_a_talkative_one_hardly() -> None:
    sparse, much = ([0.0, 1.0], 2), ([1.0] * 6, 40)
    for clinic, is_above in ((0.02, False), (20.0, True)):
        alone, with_clinic = (width(simulate(sparse[0], documents=sparse[1], seed=1, clinic=c)) for c in (None, clinic))
        assert (with_clinic[1] > alone[1]) == is_above
        assert abs(with_clinic[1] / alone[1] - 1) > 0.05
        alone, with_clinic = (width(simulate(much[0], documents=much[1], seed=1, clinic=c)) for c in (None, clinic))
        assert with_clinic == pytest.approx(alone, rel=0.02)


def test_one_long_outpouring_is_one_occasion() -> None:
    """Twenty mentions in one document say less about a rise than twenty over many documents."""
    windows = windows_of([("s1", START), ("s2", START + WINDOW)])

    def rising(in_documents: int) -> float:
        writings = [Writing(f"d{n}", START + timedelta(days=n), 200, "journal") for n in range(14)]
        writings += [Writing(f"e{n}", START + WINDOW + timedelta(days=n), 200, "journal") for n in range(10)]
        sightings = [
            Sighting(
                str(k), f"e{k % in_documents}", "grief", Assertion.AFFIRMED, 0.9,
                START + WINDOW + timedelta(days=k % in_documents), "journal", is_confirmed=False,
            )
            for k in range(20)
        ]  # fmt: skip
        (found,) = recurring_themes(windows, writings, sightings)
        assert found.probability_rising is not None
        return found.probability_rising

    assert rising(1) < rising(10)
    assert rising(1) < 0.975


class TestEdges:
    def test_no_document_and_no_session(self) -> None:
        assert recurring_themes(windows_of([]), [], []) == []

    def test_documents_before_any_session_and_texts_without_a_word(self) -> None:
        windows = windows_of([])
        seen = Sighting("m", "d", "joy", Assertion.AFFIRMED, 0.5, START, "journal", is_confirmed=False)
        (found,) = recurring_themes(windows, [Writing("d", START, 0, "journal")], [seen])
        assert (found.sessions[0].rate_per_100_words, found.sessions[0].rate_low) == (0.0, None)
        assert (found.trajectory, found.probability_rising) == (Trajectory.ONCE, None)

    def test_two_sessions_at_one_moment_have_an_order(self) -> None:
        windows = windows_of([("b", START), ("a", START)])
        assert window_for(windows, START).session_id == "b"
        assert window_for(windows, START - timedelta(seconds=1)).session_id is None

    def test_evidence_is_the_strongest_and_not_all_from_one_document(self) -> None:
        windows = windows_of([])
        writings = [Writing(f"d{n}", START + timedelta(days=n), 50, "journal") for n in range(4)]
        sightings = [
            Sighting(
                f"{n}-{k}", f"d{n}", "joy", Assertion.AFFIRMED, 0.9 - n / 10, START, "journal", is_confirmed=n == 3
            )
            for n in range(4)
            for k in range(5)
        ]
        (found,) = recurring_themes(windows, writings, sightings)
        assert {each.split("-")[0] for each in found.evidence} == {"0", "1", "2", "3"}
        assert found.evidence[0].startswith("3-")


@given(st.floats(0.001, 0.999), st.floats(0.5, 200), st.floats(0.5, 200))
def test_the_incomplete_beta_function_mirrors_itself(x: float, a: float, b: float) -> None:
    assert incomplete_beta(x, a, b) == pytest.approx(1 - incomplete_beta(1 - x, b, a), abs=1e-9)


@pytest.mark.parametrize(
    ("x", "a", "b", "known"), [(0.5, 1, 1, 0.5), (0.25, 2, 1, 0.0625), (0.3, 1, 3, 1 - 0.7**3), (0.5, 7, 7, 0.5)]
)
def test_the_incomplete_beta_function_at_known_places(x: float, a: float, b: float, known: float) -> None:
    assert incomplete_beta(x, a, b) == pytest.approx(known, abs=1e-12)
