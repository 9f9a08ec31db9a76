"""Free text at rest: sealed with the owner's data key (AES-256-GCM), bound to the row and column that it belongs to.

A row with free text is `Sealed`; each of its texts is a `SealedText`, which reads and writes like any attribute. What
was written is sealed when the session flushes, and opened when it is read.

A text may have been damaged where it lies: then it does not open, and whoever reads it is told so (`CannotOpen`). Where
a session shows many rows (`GAPS` in its `info`), that one stands as a gap instead, and its row says so.
"""

import json
import logging
import os
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, overload
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ForeignKey, event, inspect
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column, object_session, relationship

from models.base import new_id
from models.data_key import DataKey, KeyOwner, current_key
from models.key_service import NONCE_BYTES, KeyUnavailable

Value = TypeVar("Value")

GAPS = "gaps"  # where a database session says that texts which do not open are shown as gaps
log = logging.getLogger(__name__)

_OPENED_OR_NOT_AT_ALL: Any = object()
_FORMAT = b"\x01"  # AES-256-GCM, a nonce of 96 bits, then the sealed text with its tag
_WAITING = b""  # stands in the column from the writing of a text until the flush that seals it


class CannotOpen(KeyUnavailable):
    """This one text does not open, while its key is there: it was damaged, or was not sealed for this place."""


def place_of(table: str, column: str, row_id: UUID, key: DataKey) -> bytes:
    """Say where a text belongs: what it is sealed for, and without which it does not open."""
    return f"{table}|{column}|{row_id}|{key.owner_kind}|{key.owner_id}|{key.id}".encode()


def seal_value(cipher: AESGCM, place: bytes, value: Any) -> bytes:
    """Seal a value for its place under a fresh nonce."""
    nonce = os.urandom(NONCE_BYTES)
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return _FORMAT + nonce + cipher.encrypt(nonce, plain, place)


def open_sealed(cipher: AESGCM, place: bytes, sealed: bytes) -> Any:
    """Open what was sealed for this place; raise `CannotOpen` for anything else."""
    if sealed[:1] != _FORMAT:
        raise CannotOpen("the text was sealed in a form that is not known here")
    try:
        return json.loads(cipher.decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], place))
    except (InvalidTag, ValueError):  # the latter where it was cut short
        raise CannotOpen("the text was not sealed for this place") from None


class Sealed:
    """A row with free text. `key_owner` says whose key seals it."""

    data_key_id: Mapped[UUID | None] = mapped_column(ForeignKey("data_keys.id", ondelete="RESTRICT"))
    sealed_texts: ClassVar[tuple["SealedText[Any]", ...]] = ()

    if TYPE_CHECKING:
        id: Mapped[UUID]
        data_key: Mapped[DataKey | None]
    else:

        @declared_attr
        def data_key(cls) -> Mapped[DataKey | None]:  # noqa: N805
            """The key, read together with the row."""
            return relationship(DataKey, lazy="joined")

    @property
    def key_owner(self) -> KeyOwner:
        """Whose key seals the row."""
        raise NotImplementedError

    @property
    def has_gaps(self) -> bool:
        """Tell whether a text was asked for that does not open, and that was given as a gap."""
        return bool(self.__dict__.get("_gaps"))

    def seal(self, key: DataKey) -> None:
        """Seal every text of the row with a key."""
        self.id = self.id or new_id()
        found = [(each, each.read(self)) for each in self.sealed_texts]
        self.data_key = key
        for each, value in found:
            each.seal(self, key, value)


class SealedText(Generic[Value]):
    """One free text of a row, or any value that JSON can hold; kept in `column`, sealed.

    `gap` stands for it in a list if it does not open. Without one there is no list without it.
    """

    def __init__(self, column: str, *, gap: Any = _OPENED_OR_NOT_AT_ALL) -> None:
        self.column = column
        self.gap = gap

    def __set_name__(self, owner: type[Sealed], name: str) -> None:
        self.name = name
        owner.sealed_texts = (*owner.sealed_texts, self)

    @overload
    def __get__(self, row: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, row: Any, owner: type[Any]) -> Value: ...
    def __get__(self, row: Any, owner: type[Any]) -> Any:
        return self if row is None else self.read(row)

    def __set__(self, row: Any, value: Value) -> None:
        if value == self.read(row):
            return
        self._opened(row)[self.name] = (_WAITING, value)
        setattr(row, self.column, _WAITING)

    def read(self, row: Sealed) -> Any:
        """Open the text; raise `KeyUnavailable` where its key is gone, `CannotOpen` where it is damaged."""
        sealed: bytes | None = getattr(row, self.column)
        if sealed is None:
            return None
        known = self._opened(row).get(self.name)
        if known is not None and known[0] == sealed:
            return known[1]
        try:
            if row.data_key is None:
                raise CannotOpen("the row names no key")  # noqa: TRY301  (it is damage as the other is)
            value = open_sealed(row.data_key.cipher, self.place(row, row.data_key), sealed)
        except CannotOpen:
            self._note(row)
            if not self._may_be_a_gap(row):
                raise
            self._gaps(row).add(self.name)
            return self.gap
        self._opened(row)[self.name] = (sealed, value)
        return value

    def _note(self, row: Sealed) -> None:
        if self.name not in self._gaps(row):
            log.error("%s of %s %s cannot be opened", self.column, inspect(type(row)).local_table.name, row.id)

    def _may_be_a_gap(self, row: Sealed) -> bool:
        """Tell whether the session shows many rows, so that this text must hide no other."""
        db_session = object_session(row)
        return self.gap is not _OPENED_OR_NOT_AT_ALL and db_session is not None and bool(db_session.info.get(GAPS))

    @staticmethod
    def _gaps(row: Sealed) -> set[str]:
        gaps: set[str] = row.__dict__.setdefault("_gaps", set())
        return gaps

    def seal(self, row: Sealed, key: DataKey, value: Any) -> None:
        """Seal a value under a fresh nonce."""
        if value is None:
            setattr(row, self.column, None)
            return
        sealed = seal_value(key.cipher, self.place(row, key), value)
        setattr(row, self.column, sealed)
        self._opened(row)[self.name] = (sealed, value)

    def place(self, row: Sealed, key: DataKey) -> bytes:
        """Say where the text belongs, so that it opens nowhere else."""
        return place_of(inspect(type(row)).local_table.name, self.column, row.id, key)

    @staticmethod
    def _opened(row: Any) -> dict[str, tuple[bytes, Any]]:
        found: dict[str, tuple[bytes, Any]] = row.__dict__.setdefault("_opened_texts", {})
        return found

    def is_waiting(self, row: Any) -> bool:
        """Tell whether something was written that is not sealed yet."""
        return bool(getattr(row, self.column) == _WAITING)


@event.listens_for(Session, "before_flush")
def _seal_what_waits(db_session: Session, _context: Any, _instances: Any) -> None:
    keys: dict[KeyOwner, DataKey] = {}  # asked for once an owner, however many rows wait
    for row in [*db_session.new, *db_session.dirty]:
        if isinstance(row, Sealed) and any(each.is_waiting(row) for each in row.sealed_texts):
            owner = row.key_owner
            if owner not in keys:
                keys[owner] = current_key(db_session, owner)
            row.seal(keys[owner])
