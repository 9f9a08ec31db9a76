"""Choosing: the same for the same state; never the same first prompt twice in a row, and every one in its turn."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_api.prompts.choosing import History, Reason, Situation, Spoken, Why, choose, phases_at
from integration_api.prompts.library import Gentleness, Need, Phase, Prompt, Purpose, load_library

pytestmark = pytest.mark.database_free
AT = datetime(2026, 3, 20, 12, tzinfo=UTC)
ONE, TWO = UUID(int=101), UUID(int=102)


def prompt(
    number: int, needs: Need | None = None, gentleness: Gentleness = Gentleness.GENTLE, **more: object
) -> Prompt:
    given = {"phases": frozenset({Phase.LATER}), "needs": needs} | more
    return Prompt(UUID(int=number), {"en": str(number)}, Purpose.OPEN, gentleness, **given)  # type: ignore[arg-type]


def rank(prompt_id: UUID) -> int:
    return prompt_id.int


class Diary:
    """A patient's history as the server keeps it, without a database."""

    def __init__(self) -> None:
        self.turns: dict[UUID, int] = {}
        self.offered: UUID | None = None
        self.stands = False

    @property
    def history(self) -> History:
        return History(dict(self.turns), self.offered, self.offered if self.stands else None)

    def offer(self, prompts: list[Prompt], now: Situation, limit: int = 5) -> list[UUID]:
        found = [each.prompt.id for each in choose(prompts, now, self.history, limit, rank)]
        if found and not (self.stands and self.offered == found[0]):
            self.turns[found[0]] = max(self.turns.values(), default=0) + 1
            self.offered, self.stands = found[0], True
        return found

    def see(self, prompt_id: UUID) -> None:
        if self.turns.get(prompt_id, 0) != max(self.turns.values(), default=0) or prompt_id not in self.turns:
            self.turns[prompt_id] = max(self.turns.values(), default=0) + 1
        self.stands = False

    def sleep(self) -> None:
        self.stands = False


NEEDS = st.sampled_from([None, None, *Need])
SPOKEN = (Spoken("grief", 4, (ONE,)),)
FULL = Situation((Phase.LATER,), SPOKEN, SPOKEN, ONE, TWO)
STEPS = st.lists(st.sampled_from(["day", "see first", "see last", "again", "tender", "calm"]), max_size=60)


@given(st.lists(NEEDS, min_size=1, max_size=12), STEPS)
def test_never_the_same_first_twice_in_a_row(needs: list[Need | None], steps: list[str]) -> None:
    prompts = [prompt(number, need) for number, need in enumerate([None, *needs], start=1)]
    prompts += [prompt(50 + each, gentleness=Gentleness.GROUNDING) for each in range(2)]
    diary, now = Diary(), FULL
    before = diary.offer(prompts, now, 50)
    for step in steps:
        if step == "day":
            diary.sleep()
        elif step.startswith("see"):
            diary.see(before[0 if step == "see first" else -1])
        elif step in ("tender", "calm"):
            now = Situation(FULL.phases, is_tender=True) if step == "tender" else FULL
        is_same_occasion, stood = diary.stands, before
        before = diary.offer(prompts, now, 50)
        if is_same_occasion and stood[0] in before:
            assert before[0] == stood[0]  # asking again on the same day changes nothing
        elif step == "see last" and len(before) == 2:
            assert before[0] != stood[-1]  # of two, the one that was not seen
        else:
            assert before[0] != stood[0]
            assert step != "see last" or before[0] != stood[-1]
        assert len(set(before)) == len(before)


@given(st.lists(NEEDS, max_size=10), st.integers(1, 5))
def test_every_prompt_comes_in_its_turn(needs: list[Need | None], limit: int) -> None:
    prompts = [prompt(number, need) for number, need in enumerate([None, *needs], start=1)]
    diary, seen = Diary(), set()
    for _ in range(4 * len(prompts) + 4):
        seen.add(diary.offer(prompts, FULL, limit)[0])
        diary.sleep()
    assert seen == {each.id for each in prompts}


def test_a_library_of_one_is_offered_again_and_one_of_none_gives_nothing() -> None:
    diary = Diary()
    assert [diary.offer([prompt(1)], FULL) for _ in range(3)] == [[UUID(int=1)]] * 3
    diary.see(UUID(int=1))
    assert diary.offer([prompt(1)], FULL) == [UUID(int=1)]
    assert diary.offer([], FULL) == []


def test_two_take_turns_whatever_the_app_says() -> None:
    prompts, diary = [prompt(1), prompt(2)], Diary()
    firsts = []
    for number in range(6):
        firsts.append(diary.offer(prompts, FULL)[0].int)
        if number % 2:
            diary.see(UUID(int=firsts[-1]))
        diary.sleep()
    assert firsts == [1, 2, 1, 2, 1, 2]


def test_reasons_tell_what_the_patient_has_done_and_take_turns() -> None:
    prompts = [
        prompt(1),
        prompt(2, Need.COMMITMENT),
        prompt(3, Need.RETURNING, themes=frozenset({"grief"})),
        prompt(4, Need.RETURNING, themes=frozenset({"nature"})),
        prompt(5, Need.QUIET),
        prompt(6, Need.INTENTION),
    ]
    found = choose(prompts, FULL, History(), 10, rank)
    assert [each.prompt.id.int for each in found] == [2, 3, 5, 1, 6]
    assert [each.reasons[0].why for each in found] == [Why.COMMITMENT_DUE, Why.RETURNS, Why.QUIET, Why.PHASE, Why.PHASE]
    assert found[0].reasons == (Reason(Why.COMMITMENT_DUE, commitment=ONE), Reason(Why.PHASE))
    assert found[1].reasons[0] == Reason(Why.RETURNS, sessions=4, entries=(ONE,))
    assert found[4].reasons == (Reason(Why.PHASE, intention=TWO),)
    assert [each.prompt.id.int for each in choose(prompts, Situation((Phase.LATER,)), History(), 10, rank)] == [1]


def _fit(now: Situation) -> Iterator[Prompt]:
    yield from (each.prompt for each in choose(load_library().prompts.values(), now, History(), 500, rank))


def test_within_a_day_nothing_digs_and_after_signs_of_danger_only_grounding_is_left() -> None:
    day = list(_fit(Situation((Phase.DAY,), SPOKEN, SPOKEN, ONE, TWO)))
    assert {each.gentleness for each in day} == {Gentleness.GROUNDING, Gentleness.GENTLE}
    assert all(each.needs is None and len(each.texts["en"]) <= 120 for each in day)
    assert len(day) > 20
    for phase in Phase:
        tender = list(_fit(Situation((phase,), SPOKEN, SPOKEN, ONE, TWO, is_tender=True)))
        assert {each.gentleness for each in tender} == {Gentleness.GROUNDING}
        assert len(tender) >= 10


@pytest.mark.parametrize(
    ("dosings", "is_prepared", "expected"),
    [
        ([], False, [Phase.SCREENING]),
        ([], True, [Phase.PREPARATION]),
        ([49], False, [Phase.PREPARATION]),
        ([48], False, [Phase.BEFORE_DOSING]),
        ([0], True, [Phase.DAY]),
        ([-3, 20], True, [Phase.DAY]),
        ([-23.9], True, [Phase.DAY]),
        ([-24], True, [Phase.THREE_DAYS]),
        ([-30, 40], True, [Phase.THREE_DAYS, Phase.BEFORE_DOSING]),
        ([-72], True, [Phase.WEEK]),
        ([-168], True, [Phase.LATER]),
        ([-400, 24], True, [Phase.BEFORE_DOSING, Phase.LATER]),
        ([-28 * 24], True, [Phase.ONGOING]),
        ([-2000, -30], True, [Phase.THREE_DAYS]),
    ],
)
def test_phases_follow_the_dosings(dosings: list[float], is_prepared: bool, expected: list[Phase]) -> None:  # noqa: FBT001  (a case of a table)
    starts = [AT + timedelta(hours=hours) for hours in dosings]
    assert list(phases_at(AT, starts, is_prepared=is_prepared)) == expected
