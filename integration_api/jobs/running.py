"""Doing jobs: one at a time is claimed, done step by step, and taken up again where it stood if its worker dies."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import or_, select
from sqlalchemy.orm import Session as DbSession

from integration_api.db import reading, unit_of_work
from integration_api.jobs.queue import check_plain
from integration_api.wiring import parts
from models import Job, has_come

LEASE = timedelta(minutes=5)  # between two steps; who takes longer is thought dead
TRIES = 5  # that fail at the same step
DEATHS = 5  # of workers that had it in hand at the same step
DIED = "WorkerDied"
_WAIT = timedelta(seconds=30)
log = logging.getLogger(__name__)


class Stopped(Exception):
    """The job was called off, or somebody else has taken it over: do no more."""


@dataclass(slots=True)
class Run:
    """One job under way, as its work sees it. `kept` is what `step` kept last, also by a run before that died.

    `claim` counts the runs: whoever has an older number has been thought dead, and may change nothing any more.
    """

    job_id: UUID
    organization_id: UUID
    user_id: UUID
    arguments: Mapping[str, Any]
    kept: Mapping[str, Any]
    done: int
    claim: int

    def step(self, done: int, steps: int | None = None, /, **kept: Any) -> None:
        """Note how far it is, and what it needs to go on from here; raise `Stopped` where it is to end."""
        check_plain(kept)
        with unit_of_work() as db_session:
            job = _in_hand(db_session, self)
            if job is None:
                raise Stopped
            if done > job.done or {**job.kept, **kept} != job.kept:
                job.tries = job.deaths = 0  # it gets on
            job.done, job.steps = done, steps if steps is not None else job.steps
            job.kept = {**job.kept, **kept}
            job.claimed_until = parts().now() + LEASE
            self.kept, self.done = job.kept, done


Work = Callable[[Run], None]


def does(name: str, work: Work) -> None:
    """Say what does the jobs of a name. `work` may be run again from any step: it looks at `kept` first."""
    current_app.extensions.setdefault("jobs", {})[name] = work


def run_next() -> int:
    """Do the next job that waits; tell whether there was one (1 or 0)."""
    with reading() as db_session:
        if _next(db_session) is None:
            return 0
    with unit_of_work() as db_session:
        job = _next(db_session, is_claimed=True)
        if job is None:
            return 0
        is_given_up = _is_deadly(job)
        job.claimed_until, job.claims = parts().now() + LEASE, job.claims + 1
        run = Run(job.id, job.organization_id, job.user_id, job.arguments, job.kept, job.done, job.claims)
        name = job.name
    if not is_given_up:
        _do(name, run)
    return 1


def _is_deadly(job: Job) -> bool:
    """Count the worker that died over a job, if one did; give up a job that too many died over at the same step."""
    if job.claimed_until is not None:
        job.deaths += 1
    if job.deaths < DEATHS:
        return False
    job.state, job.error, job.ended_at = "failed", DIED, parts().now()
    log.warning("job %s (%s): %s", job.id, job.name, DIED)
    return True


def _next(db_session: DbSession, *, is_claimed: bool = False) -> Job | None:
    at = parts().now()
    is_free = or_(Job.claimed_until.is_(None), has_come(Job.claimed_until, at, LEASE))
    known = list(current_app.extensions.get("jobs", {}))
    query = select(Job).where(
        Job.state == "waiting", has_come(Job.next_at, at, _WAIT * TRIES), is_free, Job.name.in_(known)
    )
    if is_claimed:
        query = query.with_for_update(skip_locked=True)
    return db_session.scalars(query.order_by(Job.next_at, Job.id).limit(1)).one_or_none()


def _do(name: str, run: Run) -> None:
    work: Work = current_app.extensions["jobs"][name]
    try:
        work(run)
    except Stopped:
        return
    except Exception as error:  # noqa: BLE001  (a job that fails is tried again; only the kind of its error is told)
        log.warning("job %s (%s): %s", run.job_id, name, type(error).__name__)
        _end(run, error)
        return
    _end(run, None)


def _in_hand(db_session: DbSession, run: Run) -> Job | None:
    """Give the job of a run, locked; None where it was called off or somebody else has taken it over."""
    mine = (Job.id == run.job_id, Job.state == "waiting", Job.claims == run.claim)
    return db_session.scalars(select(Job).where(*mine).with_for_update()).one_or_none()


def _end(run: Run, error: Exception | None) -> None:
    with unit_of_work() as db_session:
        job = _in_hand(db_session, run)
        if job is None:
            return
        job.claimed_until, job.error = None, None if error is None else type(error).__name__[:80]
        job.tries += error is not None
        if error is not None and job.tries < TRIES:
            job.next_at = parts().now() + _WAIT * job.tries
            return
        job.state, job.ended_at = "done" if error is None else "failed", parts().now()
