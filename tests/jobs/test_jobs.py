"""Jobs: asked for with a change, done once it is kept, taken up where they stood; and no words in them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from integration_api.db import reading, unit_of_work
from integration_api.jobs.health import late_tasks, note_well
from integration_api.jobs.queue import Narrative, ask_for, call_off, check_plain, job_of
from integration_api.jobs.running import DEATHS, LEASE, TRIES, Run, does, run_next
from integration_api.jobs.worker import Worker
from models import Job, User, WorkerTask, now


@pytest.fixture
def later(clinic: Any) -> Iterator[list[timedelta]]:
    """How far the clock is turned."""
    turned, before = [timedelta()], clinic.app.extensions["parts"]
    known = dict(clinic.app.extensions["jobs"])

    def at() -> datetime:
        return now() + turned[0]

    clinic.app.extensions["parts"] = replace(before, now=at)
    with clinic.app.app_context():
        yield turned
    clinic.app.extensions["parts"] = before
    clinic.app.extensions["jobs"] = known


@pytest.fixture
def asked(later: Any) -> Callable[..., Job]:
    def ask(name: str, **arguments: Any) -> Job:
        with unit_of_work() as db_session:
            admin = db_session.scalars(select(User).where(User.username == "admin")).one()
            who = {"organization_id": admin.organization_id, "user_id": admin.id}
            return ask_for(db_session, name, arguments, **who, at=now())

    return ask


def again(job: Job) -> Job:
    with reading() as db_session:
        found = job_of(db_session, job.organization_id, job.user_id, job.id)
        assert found is not None
        return found


class Died(BaseException):
    """The process is gone in the middle."""


def test_a_job_goes_on_where_it_stood_when_its_worker_died(asked: Any, later: Any) -> None:
    counted: list[int] = []

    def count(run: Run) -> None:
        for number in range(int(run.kept.get("next", 0)), 4):
            if number == 2 and run.claim == 1:
                raise Died
            counted.append(number)
            run.step(number + 1, 4, next=number + 1)

    does("count", count)
    job = asked("count", patient_id="0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01")
    with pytest.raises(Died):
        run_next()
    assert (again(job).done, again(job).steps, again(job).state) == (2, 4, "waiting")
    assert run_next() == 0  # still thought to be in the dead one's hands
    later[0] += LEASE + timedelta(seconds=1)
    assert run_next() == 1
    assert (counted, again(job).state, again(job).done) == ([0, 1, 2, 3], "done", 4)
    assert run_next() == 0


def test_a_job_that_fails_is_tried_again_and_given_up(asked: Any, later: Any) -> None:
    def fail(_run: Run) -> None:
        raise RuntimeError("zinnober-quartz")

    does("fail", fail)
    job = asked("fail")
    for _ in range(TRIES + 1):
        run_next()
        later[0] += timedelta(minutes=5)
    assert (again(job).state, again(job).error, again(job).tries) == ("failed", "RuntimeError", TRIES)


def test_a_job_that_ends_its_worker_each_time_is_given_up(asked: Any, later: Any) -> None:
    def die(run: Run) -> None:
        run.step(1, 3, made="first")  # over and over the same: it gets no further
        raise Died

    does("die", die)
    job = asked("die")
    died = 0
    for _ in range(DEATHS + 3):
        try:
            run_next()
        except Died:
            died += 1
        later[0] += LEASE + timedelta(seconds=1)
    assert (died, again(job).state, again(job).error) == (DEATHS, "failed", "WorkerDied")
    assert run_next() == 0


def test_a_job_that_gets_on_is_not_given_up_for_restarts_nor_for_its_first_error(asked: Any, later: Any) -> None:
    def go_on(run: Run) -> None:
        reached = int(run.kept.get("next", 0))
        if reached == 3 * DEATHS and run.claim == 3 * DEATHS + 1:
            raise ConnectionError
        if reached <= 3 * DEATHS:
            run.step(1, 1, next=reached + 1)  # all are of one part
        if reached < 3 * DEATHS:
            raise Died

    does("go_on", go_on)
    job = asked("go_on")
    for _ in range(3 * DEATHS):
        with pytest.raises(Died):
            run_next()
        later[0] += LEASE + timedelta(seconds=1)
    run_next()
    assert (again(job).state, again(job).error, again(job).tries) == ("waiting", "ConnectionError", 1)
    later[0] += timedelta(minutes=5)
    run_next()
    assert (again(job).state, again(job).error) == ("done", None)


def test_who_was_thought_dead_and_comes_back_changes_nothing(asked: Any, later: Any) -> None:
    seen: list[str] = []

    def slow(run: Run) -> None:
        if run.claim > 1:
            raise ConnectionError
        later[0] += LEASE + timedelta(seconds=1)
        run_next()  # another takes it over, and fails
        seen.append(again(job).state)
        run.step(1)
        seen.append("went on")

    does("slow", slow)
    job = asked("slow")
    run_next()
    assert (seen, again(job).done, again(job).tries) == (["waiting"], 0, 1)


def test_a_job_that_is_called_off_stops_at_its_next_step(asked: Any, later: Any) -> None:
    stepped: list[int] = []

    def slow(run: Run) -> None:
        with unit_of_work() as db_session:
            found = job_of(db_session, run.organization_id, run.user_id, run.job_id)
            assert found is not None
            call_off(found, now())
        run.step(1)
        stepped.append(1)

    does("slow", slow)
    job = asked("slow")
    assert run_next() == 1
    assert (again(job).state, stepped) == ("cancelled", [])


def test_what_is_taken_back_is_not_done_and_nobody_elses_is_seen(asked: Any, later: Any) -> None:
    does("nothing", lambda _run: None)
    with pytest.raises(Narrative):
        asked("nothing", said="I miss him.")
    assert run_next() == 0
    job = asked("nothing")
    with reading() as db_session:
        other = db_session.scalars(select(User).where(User.username == "elsewhere.admin")).one()
        assert job_of(db_session, other.organization_id, other.id, job.id) is None


@pytest.mark.parametrize("told", ["I miss him.", "two words", {"a": ["öffnet"]}, b"x", object(), "a\nb", "x" * 201])
def test_words_are_no_arguments(told: Any) -> None:
    with pytest.raises(Narrative):
        check_plain({"told": told})


def test_a_worker_does_its_lines_side_by_side_until_it_is_stopped(clinic: Any) -> None:
    seen: list[str] = []

    def once(name: str) -> Callable[[], int]:
        def task() -> int:
            seen.append(name)
            if name == "bad":
                raise RuntimeError
            return 0

        task.__name__ = name
        return task

    worker = Worker(clinic.app, ({once("one"): 3600, once("bad"): 3600}, {once("two"): 3600})).start()
    worker.stop()
    assert sorted(seen) == ["bad", "one", "two"]
    with clinic.app.app_context(), reading() as db_session:
        assert set(db_session.scalars(select(WorkerTask.name))) == {"one", "two"}  # that went well


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=1)])
def test_what_a_clock_that_was_ahead_put_off_is_done_when_it_is_put_right(
    asked: Any, later: Any, ahead: timedelta
) -> None:
    def die(_run: Run) -> None:
        raise Died

    does("die", die)
    job = asked("die")
    later[0] = ahead
    with pytest.raises(Died):
        run_next()
    later[0] = -ahead  # which is as if the job had been asked for, and taken in hand, so much ahead
    does("die", lambda _run: None)
    assert run_next() == 1
    assert again(job).state == "done"


def test_what_is_noted_far_ahead_says_nothing_of_now(clinic: Any, later: Any) -> None:
    later[0] = timedelta(days=1)
    note_well(clinic.app.extensions["patience"])
    assert late_tasks() == {}
    later[0] = timedelta()
    assert set(late_tasks()) == set(clinic.app.extensions["patience"])
