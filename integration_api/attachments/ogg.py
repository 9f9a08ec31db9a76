"""Voice notes as Firefox records them: Opus in Ogg, freed from what is said of it.

RFC 3533 (Ogg's pages), RFC 7845 (Opus in Ogg). One stream: its head, a page of comments, then the sound.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from integration_api.attachments.opus import is_opus_head

_PAGE = struct.Struct("<4sBBqIIIB")
_GOES_ON, _FIRST = 1, 2  # of a page's flags
_CRC = slice(22, 26)
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_NO_COMMENTS = b"OpusTags" + struct.pack("<II", 0, 0)  # nobody's program, and nothing said
_FULL = 255  # a part of so many bytes goes on in the next
_FEWEST_PAGES = 3


@dataclass(frozen=True, slots=True)
class _OggPage:
    """A page. `lengths` are those of its parts, a byte each."""

    flags: int
    granule: int
    stream: int
    number: int
    lengths: bytes
    body: bytes

    def written(self) -> bytes:
        """Write it down."""
        head = _PAGE.pack(b"OggS", 0, self.flags, self.granule, self.stream, self.number, 0, len(self.lengths))
        page = bytearray(head + self.lengths + self.body)
        page[_CRC] = struct.pack("<I", _checksum(page))
        return bytes(page)


def clean_ogg(raw: bytes) -> bytes | None:
    """Keep the head and the sound; None where it is anything else. Raises `struct.error` where it is not whole."""
    if not raw.startswith(b"OggS"):
        return None
    pages = list(_pages(raw))
    if len(pages) < _FEWEST_PAGES or not _is_one_stream(pages):
        return None
    head, comments, *sound = pages
    if not _is_head(head) or not _are_comments(comments) or sound[0].flags & _GOES_ON:
        return None
    # One page for one, so that those behind keep their numbers.
    said = _OggPage(0, 0, head.stream, 1, bytes([len(_NO_COMMENTS)]), _NO_COMMENTS)
    return b"".join(each.written() for each in (head, said, *sound))


def _is_one_stream(pages: list[_OggPage]) -> bool:
    is_in_order = [each.number for each in pages] == list(range(len(pages)))
    begins = [bool(each.flags & _FIRST) for each in pages] == [True] + [False] * (len(pages) - 1)
    return is_in_order and begins and len({each.stream for each in pages}) == 1


def _is_head(page: _OggPage) -> bool:
    return len(page.lengths) == 1 and is_opus_head(page.body)


def _are_comments(page: _OggPage) -> bool:
    """Tell whether a page holds the comments, all of them, and nothing else. Only pictures of a sleeve need more."""
    *before, last = page.lengths or b"\0"
    return page.body.startswith(b"OpusTags") and last < _FULL and all(each == _FULL for each in before)


def _pages(raw: bytes) -> Iterator[_OggPage]:
    """Read the pages that fill the file; raise `struct.error` where they do not, or are damaged."""
    at = 0
    while at < len(raw):
        mark, version, flags, granule, stream, number, checksum, count = _PAGE.unpack_from(raw, at)
        inside = at + _PAGE.size + count
        lengths = raw[at + _PAGE.size : inside]
        end = inside + sum(lengths)
        page = bytearray(raw[at:end])
        page[_CRC] = bytes(4)
        if (mark, version) != (b"OggS", 0) or end > len(raw) or _checksum(page) != checksum:
            raise struct.error
        yield _OggPage(flags, granule, stream, number, lengths, raw[inside:end])
        at = end


def _checksum(page: bytearray) -> int:
    """Reckon Ogg's CRC: zlib's of each byte the other way round, from 0 and not turned over at the end."""
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")
