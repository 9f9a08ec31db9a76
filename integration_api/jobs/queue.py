"""Jobs as those who want something done see them: asked for in the transaction of the change, looked at, called off."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from models import Job, new_id

# What a job may be given and may keep: ids, numbers, times, names. People's words have blanks, and no place here.
_PLAIN = re.compile(r"[A-Za-z0-9_.:+/-]{0,200}")


class Narrative(ValueError):
    """A job was about to be given something that is no id, number, time or name. Always a mistake of ours."""


def ask_for(
    db_session: DbSession,
    name: str,
    arguments: Mapping[str, Any],
    *,
    organization_id: UUID,
    user_id: UUID,
    at: datetime,
) -> Job:
    """Have a job done in somebody's name once this transaction is kept. Ids are given as strings."""
    check_plain(arguments)
    made = Job(
        id=new_id(), organization_id=organization_id, user_id=user_id, name=name, arguments=dict(arguments), kept={}
    )
    made.next_at, made.state, made.done = at, "waiting", 0
    made.claims = made.tries = made.deaths = 0
    db_session.add(made)
    db_session.flush()
    return made


def job_of(db_session: DbSession, organization_id: UUID, user_id: UUID, job_id: UUID) -> Job | None:
    """Find somebody's job; None: there is none."""
    own = (Job.id == job_id, Job.organization_id == organization_id, Job.user_id == user_id)
    return db_session.scalars(select(Job).where(*own)).one_or_none()


def call_off(job: Job, at: datetime) -> None:
    """Have a job stop at its next step. What it made by then is its own to clean up."""
    if job.state == "waiting":
        job.state, job.ended_at = "cancelled", at


def check_plain(value: object) -> None:
    """Raise `Narrative` on anything that could be somebody's words."""
    match value:
        case None | bool() | int() | float():
            return
        case str() if _PLAIN.fullmatch(value):
            return
        case list() | tuple():
            for each in value:
                check_plain(each)
        case Mapping():
            for name, each in value.items():
                check_plain(name)
                check_plain(each)
        case _:
            raise Narrative
