"""The way of a file: in, cleaned, sealed, stored, and only then named by a row; and back out."""

import logging
from collections.abc import Callable, Iterator
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.attachments import use_cases
from integration_api.attachments.cleaning import cleaned
from integration_api.attachments.pictures import NotTaken
from integration_api.config import FileSettings
from integration_api.db import reading, unit_of_work
from integration_api.errors import IntegrationError, Invalid, NotFound
from integration_api.file_store import FileMissing, FileStore, StoreFailed
from integration_api.web.creation import Once
from models import Attachment, BulkFile, JournalEntry
from models.key_service import KeyUnavailable
from models.sealed_file import open_file, seal_file, sealed_size

log = logging.getLogger(__name__)


class Receiving:
    """Takes files in: with this store, within these limits."""

    def __init__(self, store: FileStore, limits: FileSettings, discard: Callable[[list[str]], None]) -> None:
        self._store, self._limits, self._discard = store, limits, discard

    def receive(
        self,
        caller: Principal,
        entry_id: UUID,
        attachment_id: UUID | None,
        said: use_cases.Said,
        sent: Callable[[], tuple[bytes, Once]],
    ) -> Attachment:
        """Keep a file of an entry. `sent` reads the body, which is not done for an entry that is not there.

        Should the process die on the way, a file may lie there that no row names; the sweep takes it. The other way
        round cannot be.
        """
        with reading() as db_session:
            use_cases.entry_for(db_session, caller, entry_id, Action.CREATE)
        raw, once = sent()
        with reading() as db_session:
            is_done = once.is_done(db_session)
            entry = None if is_done else use_cases.make_room(db_session, caller, entry_id, self._limits)
        made = None if entry is None else self._stored(caller, entry, attachment_id, said, raw)

        def write(db_session: DbSession) -> Attachment:
            if made is None:
                raise NotFound("There is no such attachment.")
            return use_cases.attach(db_session, caller, made, self._limits)

        try:
            with unit_of_work() as db_session:
                found: Attachment = once(
                    db_session,
                    lambda: write(db_session),
                    lambda known_id: use_cases.read_attachment(db_session, caller, entry_id, known_id),
                )
        except IntegrationError:  # nothing was kept; of any other error that is not known, so the file stays
            self._discard([made.storage_name] if made else [])
            raise
        if made is not None and found is not made:
            self._discard([made.storage_name])
        return found

    def _stored(
        self, caller: Principal, entry: JournalEntry, attachment_id: UUID | None, said: use_cases.Said, raw: bytes
    ) -> Attachment:
        try:
            clean = cleaned(raw, self._limits.most_pixels)
        except NotTaken as error:
            raise Invalid.at("", str(error)) from None
        size = len(clean.content)
        found = use_cases.Found(
            kind=clean.kind, media_type=clean.media_type, byte_count=size, width=clean.width, height=clean.height
        )
        made = use_cases.prepare(caller, entry, attachment_id, found, said)
        self._store.put(made.storage_name, seal_file(made.file_key, made.place, clean.content))
        return made


def opened(store: FileStore, attachment: Attachment | BulkFile) -> Iterator[bytes]:
    """Give a file piece by piece; raise `KeyUnavailable` where it is not there, not whole, or not this one."""
    key, place = attachment.file_key, attachment.place
    try:
        sealed = store.open(attachment.storage_name, sealed_size(attachment.byte_count))
    except FileMissing:
        raise KeyUnavailable("the file is not there, or not whole") from None
    plain = open_file(key, place, sealed)
    return _watched(next(plain), plain)  # a wrong file is noticed before anything is answered


def _watched(first: bytes, plain: Iterator[bytes]) -> Iterator[bytes]:
    """Have an answer that breaks off in the middle be known of: its length was told, so the reader notices, too."""
    try:
        yield first
        yield from plain
    except (KeyUnavailable, StoreFailed) as error:
        log.error("a stored file cannot be read to its end: %s", type(error).__name__)  # noqa: TRY400  (no trace: values)
        raise
