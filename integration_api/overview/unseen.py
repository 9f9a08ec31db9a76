"""What nothing was looked for in: said in the brief, so that its silence does not read as if there were nothing."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.overview.evidence import Evidence, of_opening
from integration_api.themes.gleaned import Listed, gleaned
from integration_api.themes.opening import quotes_of
from models import Reach
from nlp.motifs import Passage

SHOWN = 2  # documents a line, the latest
OPENING = 140  # code points shown of each
WAITING = "pending"


def unseen(
    db_session: DbSession, limits: Reach, patient_id: UUID, written: Sequence[Listed]
) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    """Say how much of some documents, in the order of writing, nothing was looked for in, and show how it begins."""
    waiting = [each for each in written if each.tagging_state == WAITING]
    other = [each for each in written if each.tagging_state != WAITING and not each.is_looked_through]
    for why, theirs in (("Not looked through yet", waiting), ("Not in English, and so not looked through", other)):
        if theirs:
            says = f"{why}: {len(theirs)} of what was written since then. Please read it."
            yield says, _openings(db_session, limits, patient_id, theirs[: -SHOWN - 1 : -1])


def _openings(db_session: DbSession, limits: Reach, patient_id: UUID, listed: Sequence[Listed]) -> tuple[Evidence, ...]:
    with gleaned(db_session).of(patient_id) as known:
        known.fill(db_session, limits, listed)
        quotes = quotes_of(db_session, limits, known, [Passage(str(each.id), 0, OPENING) for each in listed])
    return tuple(of_opening(each, quote) for each, quote in zip(listed, quotes, strict=True) if quote)
