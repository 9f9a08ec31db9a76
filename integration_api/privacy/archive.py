"""An archive that is packed while it is sent: a record with many pictures needs no more memory than one without."""

import logging
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from integration_api.attachments.cleaning import ENDINGS
from integration_api.attachments.receiving import opened
from integration_api.file_store import FileStore, StoreFailed
from models import Attachment
from models.key_service import KeyUnavailable

MEDIA_TYPE = "application/zip"

log = logging.getLogger(__name__)


class _Sent:
    """Where the archive is written to: what was written is taken away again, and nothing is sought."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        """Take what the packer gives."""
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        """There is nothing to flush."""

    def close(self) -> None:
        """There is nothing to close."""

    def taken(self) -> bytes:
        """Give what was written since the last time."""
        found = bytes(self._waiting)
        self._waiting.clear()
        return found


def packed(pages: Mapping[str, str], files: Iterable[Attachment], store: FileStore, at: datetime) -> Iterator[bytes]:
    """Pack pages and files. A file that cannot be read is left out, or cut short, rather than all of the archive."""
    sent = _Sent()
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, page in pages.items():
            archive.writestr(_entry(name, at, zipfile.ZIP_DEFLATED), page)
            yield sent.taken()
        for each in files:
            name = f"files/{each.id}.{ENDINGS[each.media_type]}"
            try:
                parts = opened(store, each)
                with archive.open(_entry(name, at, zipfile.ZIP_STORED), "w", force_zip64=True) as file:
                    for part in parts:
                        file.write(part)
                        yield sent.taken()
            except (KeyUnavailable, StoreFailed) as error:
                log.error("a file is not whole in an export: %s", type(error).__name__)  # noqa: TRY400  (no values)
    yield sent.taken()


def _entry(name: str, at: datetime, how: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
    entry.compress_type = how
    entry.external_attr = 0o600 << 16
    return entry
