"""The keys that wrap other keys: one small interface, and the one that holds its keys in memory.

Envelope encryption: narrative text is sealed with data keys (`models/data_key.py`), data keys are wrapped by a key
service. A clinic whose keys live elsewhere (a key management service, an HSM) gives its own `KeyService`.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32  # AES-256
NONCE_BYTES = 12  # NIST SP 800-38D, 8.2: 96 bits


class KeyUnavailable(Exception):
    """The key is not there, was destroyed, or is not the one that this was sealed with."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key as it may be stored: sealed, with the name of the key that opens it."""

    wrapping_key: str
    sealed: bytes


@runtime_checkable
class KeyService(Protocol):
    """Wraps and unwraps keys. `context` says what the key is for; another context does not open it."""

    @property
    def newest(self) -> str:
        """The name of the key that wraps from now on."""

    def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """Seal a key with the newest wrapping key."""

    def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """Open a sealed key; raise `KeyUnavailable`."""


class LocalKeys:
    """A key service whose keys come from the settings. The first one wraps; all of them unwrap."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._newest = next(iter(keys))
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}

    @property
    def newest(self) -> str:
        """The name of the first key."""
        return self._newest

    def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """Seal a key with AES-256-GCM under a fresh nonce."""
        nonce = os.urandom(NONCE_BYTES)
        return Wrapped(self._newest, nonce + self._ciphers[self._newest].encrypt(nonce, key, context))

    def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """Open a key that one of ours has sealed."""
        cipher = self._ciphers.get(wrapped.wrapping_key)
        if cipher is None:
            raise KeyUnavailable("the wrapping key is not among those that were given")
        try:
            return cipher.decrypt(wrapped.sealed[:NONCE_BYTES], wrapped.sealed[NONCE_BYTES:], context)
        except InvalidTag:
            raise KeyUnavailable("the wrapped key does not open") from None


def parse_keys(text: str) -> dict[str, bytes]:
    """Read `name:base64` pairs, one a line or parted by commas, the newest first; raise `ValueError`."""
    found: dict[str, bytes] = {}
    for pair in text.replace(",", "\n").split():
        name, _, encoded = pair.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not name or len(key) != KEY_BYTES or name in found:
            raise ValueError(f"keys read like 2026a:<{KEY_BYTES} random bytes in base64>, each with a name of its own")
        found[name] = key
    if not found:
        raise ValueError("there is no key")
    return found


def new_key(name: str) -> str:
    """Make a key in the form that `parse_keys` reads."""
    return f"{name}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"
