"""The catalogue against what was published, and scores against its bands; pure."""

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_api.measures.catalogue import FOLDER, Measure, measure_from, measures
from integration_api.measures.due import USUAL, Care, Plan, due, load_schedule
from integration_api.measures.scoring import Score, faults_of, safety_of, score
from integration_api.measures.trends import trend_of
from models import new_id
from nlp.relations import Dosing, Since

pytestmark = pytest.mark.database_free
EDGES = {  # measure: items, highest total, and the published bands
    "phq_9": (9, 27, {"minimal": (0, 4), "mild": (5, 9), "moderate": (10, 14), "moderately_severe": (15, 19),
                      "severe": (20, 27)}),
    "gad_7": (7, 21, {"minimal": (0, 4), "mild": (5, 9), "moderate": (10, 14), "severe": (15, 21)}),
    "phq_2": (2, 6, {"below_cut_point": (0, 2), "at_or_above_cut_point": (3, 6)}),
    "gad_2": (2, 6, {"below_cut_point": (0, 2), "at_or_above_cut_point": (3, 6)}),
    "pcl_5": (20, 80, {"below_cut_point": (0, 30), "within_cut_point_range": (31, 33), "above_cut_point": (34, 80)}),
    "pc_ptsd_5": (5, 5, {"below_cut_point": (0, 2), "at_lower_cut_point": (3, 3), "at_or_above_cut_point": (4, 5)}),
    "k6": (6, 24, {"below_cut_point": (0, 12), "at_or_above_cut_point": (13, 24)}),
}  # fmt: skip
NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def gate_of(measure: Measure) -> int | None:
    return 1 if measure.gate else None


def adding_up_to(measure: Measure, total: int) -> list[int]:
    """Answers with a total, filled from the first item on."""
    most, left, answers = max(measure.values), total, []
    for _ in measure.items:
        answers.append(min(most, left))
        left -= answers[-1]
    assert left == 0
    return answers


def test_the_catalogue_is_what_was_published() -> None:
    assert set(measures()) == set(EDGES)
    for name, (items, highest, bands) in EDGES.items():
        measure = measures()[name]
        assert (len(measure.items), measure.highest) == (items, highest)
        assert {each.name: (each.lowest, each.highest) for each in measure.bands} == bands
        assert measure.licence
        assert measure.source
    bilingual = {"phq_9", "gad_7", "phq_2", "gad_2"}
    assert {name for name, each in measures().items() if each.languages == ("en", "es")} == bilingual
    assert measures()["phq_2"].items == measures()["phq_9"].items[:2]
    assert measures()["gad_2"].items == measures()["gad_7"].items[:2]
    points = {name: each.reliable_change.points for name, each in measures().items() if each.reliable_change}
    assert points == {"phq_9": 6, "gad_7": 4, "pcl_5": 15}
    assert [(each.item, each.at_least, each.theme) for each in measures()["phq_9"].safety] == [("9", 1, "suicidality")]


@pytest.mark.parametrize("name", sorted(EDGES))
def test_totals_at_every_edge_of_every_band(name: str) -> None:
    measure, (items, highest, bands) = measures()[name], EDGES[name]
    for band, edges in bands.items():
        for total in edges:
            found = score(measure, adding_up_to(measure, total), gate_of(measure))
            assert (found.total, found.band and found.band.name, found.answered) == (total, band, items)
    assert score(measure, [max(measure.values)] * items, gate_of(measure)).total == highest
    missing: list[int | None] = [*adding_up_to(measure, highest)[:-1], None]
    assert score(measure, missing, gate_of(measure)) == Score(None, None, items - 1, items)


@given(st.data())
def test_a_total_is_the_sum_of_all_answers_or_there_is_none(data: st.DataObject) -> None:
    measure = measures()[data.draw(st.sampled_from(sorted(EDGES)))]
    one = st.none() | st.sampled_from(sorted(measure.values))
    answers = data.draw(st.lists(one, min_size=len(measure.items), max_size=len(measure.items)))
    found = score(measure, answers, gate_of(measure))
    if None in answers:
        assert (found.total, found.band) == (None, None)
    else:
        assert found.total == sum(each for each in answers if each is not None)
        assert found.band is not None
        assert found.band.lowest <= found.total <= found.band.highest
    is_nothing = gate_of(measure) is None and all(each is None for each in answers)
    assert bool(faults_of(measure, answers, gate_of(measure))) == is_nothing


def test_a_no_to_the_first_question_is_a_total_of_zero() -> None:
    screen = measures()["pc_ptsd_5"]
    found = score(screen, [None] * 5, 0)
    assert (found.total, found.band and found.band.name) == (0, "below_cut_point")
    assert list(faults_of(screen, [1, 0, 0, 0, 0], 0)) == ["/answers"]
    assert list(faults_of(screen, [1, 0, 0, 0, 0], None)) == ["/gate"]
    assert list(faults_of(measures()["phq_2"], [1, 0], 1)) == ["/gate"]


def test_item_9_is_heard_whatever_else_is_missing() -> None:
    phq = measures()["phq_9"]
    assert safety_of(phq, [0] * 9) == []
    assert safety_of(phq, [3] * 8 + [None]) == []
    for value in (1, 2, 3):
        assert [answer for _, answer in safety_of(phq, [None] * 8 + [value])] == [value]


SPOILT = {
    "in one language": lambda table: table["items"][0]["text"].pop("es"),
    "the bands": lambda table: table["bands"].pop(),
    "count the same": lambda table: table["options"][0].update(value=1),
    "numbered": lambda table: table["items"].pop(0),
    "none of its items": lambda table: table["safety"][0].update(item="10"),
    "missing answers": lambda table: table.update(missing="zero"),
    "not known": lambda table: table.update(colour="red"),
}


@pytest.mark.parametrize("told", sorted(SPOILT))
def test_a_file_that_does_not_fit_together_is_refused(told: str) -> None:
    table: dict[str, Any] = deepcopy(tomllib.loads((FOLDER / "phq_9.toml").read_text("utf-8")))
    SPOILT[told](table)
    with pytest.raises(ValueError, match=told):
        measure_from(table)


def trend(totals: Mapping[datetime, int | None], *dosings: datetime) -> Any:
    phq = measures()["phq_9"]
    answers = {None: [None] * 9} | {each: adding_up_to(phq, each) for each in totals.values() if each is not None}
    told = [(new_id(), at, score(phq, answers[total])) for at, total in totals.items()]
    return trend_of(new_id(), phq, told, [Dosing(str(number), at) for number, at in enumerate(dosings)])


def test_a_trend_of_none_one_two_and_many() -> None:
    none, one = trend({}), trend({NOON: 12})
    assert (none.n, none.last, none.since_first, none.around_dosing) == (0, None, None, ())
    assert (one.n, one.last.score.total, one.since_previous, one.since_first) == (1, 12, None, None)
    two = trend({NOON + DAY: 7, NOON: 12})
    assert [each.score.total for each in two.series] == [12, 7]
    assert (two.since_first.points, two.since_first.exceeds) == (-5, False)
    same_day = {NOON: 18, NOON + timedelta(hours=3): 17, NOON + 3 * DAY: None, NOON + 9 * DAY: 11}
    many = trend(same_day, NOON + timedelta(hours=1))
    assert (many.n, many.unscored, many.last.score.total) == (3, 1, 11)
    assert (many.since_previous.points, many.since_previous.exceeds) == (-6, True)
    assert (many.since_first.points, many.since_first.exceeds) == (-7, True)
    around = {each.since: (each.n, each.mean, each.lowest, each.highest) for each in many.around_dosing}
    assert around == {Since.BEFORE: (1, 18, 18, 18), Since.DAY: (1, 17, 17, 17), Since.LATER: (1, 11, 11, 11)}


def reasons(answered: list[float], dosings: list[float], now: float = 0) -> list[str]:
    """What is due of the PHQ-9, with times in days from noon."""
    plan = Plan(measure="phq_9", every_days=14, before_dosing_days=3, after_dosing_days=7)
    at = [NOON + each * DAY for each in answered]
    sessions = [NOON + each * DAY for each in dosings]
    return [each.reason for each in due([plan], Care({"phq_9": at}, sessions, NOON - 100 * DAY), NOON + now * DAY)]


def test_what_is_due_when() -> None:
    assert reasons([], []) == ["first"]
    assert reasons([-13.9], []) == []
    assert reasons([-14], []) == ["in_turn"]
    assert reasons([-1], [2]) == []
    assert reasons([-2], [2]) == ["before_dosing"]
    assert reasons([-4], [4]) == []
    assert reasons([-5], [-6.9]) == []
    assert reasons([-5], [-7]) == ["after_dosing"]
    assert reasons([0], [-7]) == []
    assert due([Plan(measure="phq_9")], Care({}, [], NOON), NOON) == []


def test_a_schedule_that_cannot_be_meant_is_refused(tmp_path: Any) -> None:
    assert {plan.measure for plan in load_schedule(USUAL)} == {"phq_9", "gad_7", "pcl_5"}
    for number, words in enumerate(('measure = "tarot"', 'measure = "phq_9"\nevery_days = 0', 'colour = "red"', "")):
        path = tmp_path / f"{number}.toml"
        path.write_text(f"[[measures]]\n{words}\n")
        with pytest.raises(ValueError, match="schedule"):
            load_schedule(path)
