"""Whether the work in the background is done: each task's latest time of going well, held against our patience."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select

from integration_api.db import Collision, reading, unit_of_work
from integration_api.wiring import parts
from models import WorkerTask


def note_well(names: Iterable[str]) -> None:
    """Note that tasks have just gone well."""
    at = parts().now()
    try:
        with unit_of_work() as db_session:
            for name in sorted(names):  # in one order everywhere, so that nobody waits for each other
                task = db_session.get(WorkerTask, name, with_for_update=True)
                if task is None:
                    db_session.add(WorkerTask(name=name, went_well_at=at))
                else:
                    task.went_well_at = at
    except Collision:
        return  # another process noted them first, at this very moment


def went_well_at(name: str) -> datetime | None:
    """Tell when a task last went well; None: never."""
    with reading() as db_session:
        return db_session.scalar(select(WorkerTask.went_well_at).where(WorkerTask.name == name))


def late_tasks() -> dict[str, datetime | None]:
    """Name the tasks that have not gone well for longer than is good, with when they last did; None: never."""
    patience: Mapping[str, timedelta] = current_app.extensions["patience"]
    with reading() as db_session:
        went_well = {each.name: each.went_well_at for each in db_session.scalars(select(WorkerTask))}
    at = parts().now()
    last = {name: went_well.get(name) for name in patience}
    # Abs: what is noted far ahead was noted by a clock that was wrong, and says nothing of now.
    return {name: moment for name, moment in last.items() if moment is None or abs(at - moment) > patience[name]}
