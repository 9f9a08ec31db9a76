"""Work in the background for people's right to be forgotten."""

import logging

from integration_api.db import reading, unit_of_work
from integration_api.privacy.erasure import carry_out, due_erasures
from integration_api.wiring import parts

log = logging.getLogger(__name__)


class NotErased(Exception):
    """Erasures that are due fail. Which, the log says. `done` tells how many others were carried out."""

    def __init__(self, done: int) -> None:
        super().__init__("erasures that are due fail")
        self.done = done


def carry_out_erasures() -> int:
    """Carry out the erasures whose time of keeping is over, and tell how many.

    One that fails keeps no other from it; then `NotErased` is raised, so that somebody comes to know.
    """
    with reading() as db_session:
        due = due_erasures(db_session, parts().now().date())
    done = failed = 0
    for erasure_id in due:
        try:
            with unit_of_work() as db_session:
                done += carry_out(db_session, erasure_id, parts().now())
        except Exception as error:  # noqa: BLE001  (whatever it was; its kind alone, since its message may quote)
            log.error("erasure %s failed: %s", erasure_id, type(error).__name__)  # noqa: TRY400  (the trace quotes, too)
            failed += 1
    if failed:
        raise NotErased(done)
    return done
