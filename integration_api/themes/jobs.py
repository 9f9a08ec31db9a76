"""Tagging: stored documents, intentions and commitments, in the request that stored them or later."""

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from integration_api.db import reading, unit_of_work
from integration_api.safety.jobs import timing
from integration_api.themes import signals, tagging
from integration_api.wiring import parts

log = logging.getLogger(__name__)


def tag_stored(document_id: UUID) -> None:
    """Tag a document that is safely stored. Whatever goes wrong, it stays `pending` and can be tagged again."""
    try:
        with reading() as db_session:
            untagged = tagging.read_untagged(db_session, document_id)
        if untagged is None:
            return
        tagger = parts().load_tagger()
        analysis = tagger.tag(untagged.text, untagged.kind, untagged.own)
        beside = {each: tagger.tag(text, untagged.kind, untagged.own) for each, text in untagged.clashing}
        with unit_of_work() as db_session:
            tagging.keep_findings(db_session, untagged, analysis, timing(), beside)
    except Exception as error:  # noqa: BLE001  (the words are kept; no failure of the tagger may lose the answer)
        # Only the kind of the error: its message may quote the document.
        log.warning("document %s stays pending: %s", document_id, type(error).__name__)


def look_through(table: type[Any], resolve_id: UUID) -> None:
    """Look for danger in an intention or commitment that is safely stored. Whatever goes wrong, it waits."""
    try:
        with reading() as db_session:
            unread = signals.read_unread(db_session, table, resolve_id)
        if unread is None:
            return
        analysis = parts().load_tagger().tag(unread.text, "journal", unread.own)
        with unit_of_work() as db_session:
            signals.keep_signals(db_session, unread, analysis, timing())
    except Exception as error:  # noqa: BLE001  (as above)
        log.warning("%s %s waits to be looked through: %s", table.feed_kind, resolve_id, type(error).__name__)


def tag_pending(*, also_older: bool = False, everything: bool = False) -> tuple[int, int]:
    """Tag all that waits; with `also_older` also what another pipeline has tagged, or everything.

    Gives (waited, still waiting).
    """
    if also_older or everything:
        version = None if everything else parts().load_tagger().version
        with unit_of_work() as db_session:
            tagging.await_newer(db_session, version)
            signals.await_reading(db_session, version)
    with reading() as db_session:
        waiting, unread = tagging.list_untagged(db_session), signals.list_unread(db_session)
    for document_id in waiting:
        tag_stored(document_id)
    for table, resolve_id in unread:
        look_through(table, resolve_id)
    with reading() as db_session:
        still = len(tagging.list_untagged(db_session)) + len(signals.list_unread(db_session))
    return len(waiting) + len(unread), still


def tag_left_over() -> int:
    """Tag what a failure or a killed server has left waiting, for the worker; tell how much."""
    waited, still = tag_pending()
    return waited - still


def themes_in(text: str) -> Sequence[str]:
    """Find what a patient's words are about; a tagger that fails finds nothing, and holds nothing up."""
    try:
        return tuple(dict.fromkeys(each.theme for each in parts().load_tagger().tag(text, "journal").mentions))
    except Exception as error:  # noqa: BLE001  (only its kind is told: its message may quote the words)
        log.warning("themes of an intention or commitment were not found: %s", type(error).__name__)
        return ()
