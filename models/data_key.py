"""Data keys: one for each patient, each author of psychotherapy notes, each clinic; wrapped by the key service.

A clinic's audit trail has one more, which seals nothing: the trail's digests are made with it.

A row's free text is opened with the data key that it names. A key that was destroyed leaves its row, without the key:
what was sealed with it cannot be read any more, except by a copy of the database from before, which still has the key.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

from cachetools import LRUCache
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import CheckConstraint, Index, LargeBinary, String, bindparam, event, select, text
from sqlalchemy.orm import Mapped, QueryContext, Session, mapped_column

from models.base import Base, Identified, OfOrganization, new_id, now
from models.key_service import KEY_BYTES, KeyService, KeyUnavailable, Wrapped

OWNERS = ("patient", "author", "organization", "audit")
KEYRING = "keyring"  # where a database session keeps its keyring


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """Whose words a key seals. `organization_id` is the clinic that the row belongs to."""

    kind: str
    id: UUID
    organization_id: UUID


class OpenedKey:
    """A data key ready for use."""

    __slots__ = ("_plain", "cipher")

    def __init__(self, plain: bytes) -> None:
        self._plain = plain
        self.cipher = AESGCM(plain)

    def mac(self, message: bytes) -> str:
        """Make a digest that nobody can make without the key (HMAC-SHA256, in hexadecimal)."""
        return hmac.new(self._plain, message, hashlib.sha256).hexdigest()


class Keyring:
    """Opens data keys by a key service, and remembers the latest, since a service may be far away."""

    def __init__(self, service: KeyService, remembered: int = 512) -> None:
        self.service = service
        self._opened: LRUCache[UUID, OpenedKey] = LRUCache(remembered)
        self._lock = Lock()

    def remember(self, key_id: UUID, plain: bytes) -> OpenedKey:
        """Keep an opened key in memory, and let the one that was used longest ago go."""
        opened = OpenedKey(plain)
        with self._lock:
            self._opened[key_id] = opened
        return opened

    def open(self, key_id: UUID, wrapped: Wrapped, context: bytes) -> OpenedKey:
        """Give a data key ready for use; raise `KeyUnavailable`."""
        with self._lock:
            found = self._opened.get(key_id)
        if found is not None:
            return found
        return self.remember(key_id, self.service.unwrap(wrapped, context))


class DataKey(OfOrganization, Identified, Base):
    """One data key, wrapped. An owner has one current key; older ones stay while a row still names them."""

    __tablename__ = "data_keys"
    __allow_unmapped__ = True
    __table_args__ = (
        CheckConstraint(f"owner_kind in {OWNERS}", name="owner_kind"),
        CheckConstraint("(sealed is null) = (destroyed_at is not null)", name="destroyed"),
        Index(
            "uq_data_keys_current",
            "owner_kind",
            "owner_id",
            unique=True,
            sqlite_where=text("is_current"),
            postgresql_where=text("is_current"),
        ),
    )

    owner_kind: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[UUID]
    is_current: Mapped[bool] = mapped_column(default=True)
    wrapping_key: Mapped[str] = mapped_column(String(200))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    destroyed_at: Mapped[datetime | None]

    _keyring: Keyring | None = None

    @property
    def context(self) -> bytes:
        """What the wrapped key is bound to."""
        return _context(self.id, self.owner_kind, self.owner_id)

    @property
    def opened(self) -> OpenedKey:
        """The key, ready for use; raises `KeyUnavailable` where it was destroyed or cannot be opened."""
        if self.sealed is None or self._keyring is None:
            raise KeyUnavailable("the key was destroyed")
        return self._keyring.open(self.id, Wrapped(self.wrapping_key, self.sealed), self.context)

    @property
    def cipher(self) -> AESGCM:
        """What seals and opens with the key."""
        return self.opened.cipher

    def wrap_anew(self) -> None:
        """Wrap the same key with the newest wrapping key."""
        if self.sealed is None or self._keyring is None:
            return
        service = self._keyring.service
        plain = service.unwrap(Wrapped(self.wrapping_key, self.sealed), self.context)
        wrapped = service.wrap(plain, self.context)
        self.wrapping_key, self.sealed = wrapped.wrapping_key, wrapped.sealed

    def destroy(self) -> None:
        """Forget the key for good."""
        self.sealed, self.destroyed_at, self.is_current = None, now(), False


_KEYS = Base.metadata.tables[DataKey.__tablename__]
_CURRENT = select(_KEYS.c.id, _KEYS.c.wrapping_key, _KEYS.c.sealed).where(
    _KEYS.c.owner_kind == bindparam("kind"), _KEYS.c.owner_id == bindparam("owner"), _KEYS.c.is_current
)


def _context(key_id: UUID, owner_kind: str, owner_id: UUID) -> bytes:
    return f"data-key|{key_id}|{owner_kind}|{owner_id}".encode()


@event.listens_for(DataKey, "load")
def _give_keyring(key: DataKey, context: QueryContext) -> None:
    key._keyring = keyring_of(context.session)  # noqa: SLF001  (its own module)


def keyring_of(db_session: Session) -> Keyring:
    """Give the keyring that a database session was opened with."""
    found: Keyring = db_session.info[KEYRING]
    return found


def current_key(db_session: Session, owner: KeyOwner) -> DataKey:
    """Give an owner's current key, made if there is none yet."""
    for new in db_session.new:
        if isinstance(new, DataKey) and (new.owner_kind, new.owner_id, new.is_current) == (owner.kind, owner.id, True):
            return new
    of_owner = (DataKey.owner_kind == owner.kind, DataKey.owner_id == owner.id, DataKey.is_current)
    with db_session.no_autoflush:
        found = db_session.scalars(select(DataKey).where(*of_owner)).one_or_none()
    if found is None:
        found = make_key(keyring_of(db_session), owner)
        db_session.add(found)
    return found


def opened_key(db_session: Session, owner: KeyOwner) -> OpenedKey:
    """Give an owner's current key ready for use, made and stored if there is none yet, without a row for the caller."""
    found = db_session.connection().execute(_CURRENT, {"kind": owner.kind, "owner": owner.id}).one_or_none()
    if found is None:
        made = current_key(db_session, owner)
        db_session.flush()
        return made.opened
    wrapped = Wrapped(found.wrapping_key, found.sealed)
    return keyring_of(db_session).open(found.id, wrapped, _context(found.id, owner.kind, owner.id))


def make_key(keyring: Keyring, owner: KeyOwner) -> DataKey:
    """Make an owner a key; storing it is the caller's matter."""
    plain = os.urandom(KEY_BYTES)
    values: dict[str, Any] = {"owner_kind": owner.kind, "owner_id": owner.id}
    key = DataKey(id=new_id(), organization_id=owner.organization_id, is_current=True, **values)
    wrapped = keyring.service.wrap(plain, key.context)
    key.wrapping_key, key.sealed, key._keyring = wrapped.wrapping_key, wrapped.sealed, keyring  # noqa: SLF001
    keyring.remember(key.id, plain)
    return key
