"""Files at rest: sealed chunk by chunk, so that no file is taken for another, and none that was cut off for a whole.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) with AES-256-GCM. A file is one byte of format, then
chunks of 65,536 bytes, each with its tag of 16; the last one may be shorter. A chunk's nonce is its number (11 bytes,
the first is 0) and one byte that is 1 in the last chunk alone. Each file has a key of its own, so that no nonce comes
twice; what it is sealed for (`place`) is authenticated with every chunk.
"""

import base64
import os
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.key_service import KEY_BYTES, KeyUnavailable

FORMAT = b"\x01"
CHUNK, TAG = 65_536, 16  # bytes
_WRONG = "the file was not sealed for this place, or is not whole"


def new_file_key() -> str:
    """Make a key for one file, in the form that a sealed text can hold."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def sealed_size(size: int) -> int:
    """Tell how long a file of `size` bytes (at least one) is once it is sealed."""
    return len(FORMAT) + size + TAG * -(-size // CHUNK)


def seal_file(key: str, place: bytes, plain: memoryview) -> Iterator[bytes]:
    """Seal a file, chunk by chunk. The key must be new: it seals one file, once."""
    cipher = AESGCM(base64.b64decode(key))
    yield FORMAT
    count = max(1, -(-len(plain) // CHUNK))
    for number in range(count):
        chunk = plain[number * CHUNK : (number + 1) * CHUNK]
        yield cipher.encrypt(_nonce(number, is_last=number == count - 1), chunk, place)


def open_file(key: str, place: bytes, sealed: Iterable[bytes]) -> Iterator[bytes]:
    """Open a file that comes in pieces of any length; raise `KeyUnavailable` before anything untrue is given."""
    cipher = AESGCM(base64.b64decode(key))
    waiting, number = bytearray(), -1
    for piece in sealed:
        waiting += piece
        if number < 0 and waiting:
            if waiting[:1] != FORMAT:
                raise KeyUnavailable("the file was sealed in a form that is not known here")
            del waiting[:1]
            number = 0
        while len(waiting) > CHUNK + TAG:  # more follows, so it is not the last
            yield _opened(cipher, _nonce(number, is_last=False), waiting[: CHUNK + TAG], place)
            del waiting[: CHUNK + TAG]
            number += 1
    if number < 0:
        raise KeyUnavailable(_WRONG)
    yield _opened(cipher, _nonce(number, is_last=True), waiting, place)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _opened(cipher: AESGCM, nonce: bytes, chunk: bytearray, place: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, chunk, place)
    except InvalidTag:
        raise KeyUnavailable(_WRONG) from None
