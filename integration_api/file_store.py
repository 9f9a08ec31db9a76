"""Where files lie: one small interface, a local folder, and any store that speaks S3.

What is given to a store is sealed already (`models/sealed_file.py`), and its name tells nothing.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

PART = 65_536  # bytes that are read at once


class FileMissing(Exception):
    """There is no file of this name."""


class StoreFailed(Exception):
    """The store did not do what it was asked, or did not answer."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as a store lists it."""

    name: str
    stored_at: datetime


class FileStore(Protocol):
    """Keeps files by name. A file is there as a whole or not at all; another file never gets its name.

    Every method raises `StoreFailed` where the store fails.
    """

    def put(self, name: str, parts: Iterable[bytes]) -> None:
        """Keep a file; once this returns it outlasts a crash."""

    def open(self, name: str, size: int) -> Iterator[bytes]:
        """Give a file of so many bytes piece by piece; raise `FileMissing` at once where there is none of this size."""

    def delete(self, name: str) -> None:
        """Take a file out; one that is not there is no error."""

    def files(self) -> Iterator[StoredFile]:
        """List all files, in no order."""


class LocalFiles:
    """Files in a folder of this machine, readable by the service's account alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, parts: Iterable[bytes]) -> None:
        """Write beside, then rename: nobody sees half a file, and a power cut leaves it whole or not there."""
        path = self._path(name)
        beside = path.with_suffix(".part")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.writelines(parts)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            for folder in (path.parent, self._folder):
                _sync_folder(folder)
        except BaseException as error:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise StoreFailed(type(error).__name__) from None
            raise

    def open(self, name: str, size: int) -> Iterator[bytes]:
        """Open the file now, and read it as it is asked for."""
        try:
            file = self._path(name).open("rb")
        except FileNotFoundError:
            raise FileMissing(name) from None
        except OSError as error:
            raise StoreFailed(type(error).__name__) from None
        if os.fstat(file.fileno()).st_size != size:
            file.close()
            raise FileMissing(name)

        def parts() -> Iterator[bytes]:
            with file:
                while part := file.read(PART):
                    yield part

        return parts()

    def delete(self, name: str) -> None:
        """Take the file out."""
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise StoreFailed(type(error).__name__) from None

    def files(self) -> Iterator[StoredFile]:
        """List what lies there, also what a crash left half written."""
        for path in self._folder.glob("??/*"):
            with suppress(FileNotFoundError):  # gone meanwhile
                yield StoredFile(path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC))

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name


class ObjectFiles:
    """Files in an object store (S3 and its like), through `obstore`."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, name: str, parts: Iterable[bytes]) -> None:
        """Send the file, in parts of five megabytes where it is longer than that."""
        try:
            obstore.put(self._store, name, iter(parts))
        except (BaseError, OSError) as error:
            raise StoreFailed(type(error).__name__) from None

    def open(self, name: str, size: int) -> Iterator[bytes]:
        """Ask for the file now, and read it as it comes."""
        try:
            found = obstore.get(self._store, name)
        except FileNotFoundError:
            raise FileMissing(name) from None
        except (BaseError, OSError) as error:
            raise StoreFailed(type(error).__name__) from None
        if found.meta["size"] != size:
            raise FileMissing(name)

        def parts() -> Iterator[bytes]:
            try:
                for part in found.stream(min_chunk_size=PART):
                    yield bytes(part)
            except (BaseError, OSError) as error:
                raise StoreFailed(type(error).__name__) from None

        return parts()

    def delete(self, name: str) -> None:
        """Take the file out."""
        try:
            obstore.delete(self._store, name)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise StoreFailed(type(error).__name__) from None

    def files(self) -> Iterator[StoredFile]:
        """List what lies there, a thousand at a time."""
        try:
            for page in obstore.list(self._store):
                for each in page:
                    yield StoredFile(each["path"], each["last_modified"])
        except (BaseError, OSError) as error:
            raise StoreFailed(type(error).__name__) from None


def _sync_folder(folder: Path) -> None:
    """Have the folder remember its new name after a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
