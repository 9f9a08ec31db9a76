"""Voice notes as most browsers record them: Opus in WebM, freed from what is said of it.

RFC 8794 (EBML), RFC 9559 (Matroska), and the WebM guidelines. What plays is read out and written down anew: the track,
clusters with their times and blocks. Tags, titles, dates, programs' names, chapters, files and places to seek go.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from integration_api.attachments.opus import is_opus_head

_EBML, _SEGMENT, _DOCTYPE = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x42\x82"
_INFO, _SCALE, _DURATION = b"\x15\x49\xa9\x66", b"\x2a\xd7\xb1", b"\x44\x89"
_MUXER, _WRITER = b"\x4d\x80", b"\x57\x41"  # programs' names, which must be there
_TRACKS, _TRACK, _AUDIO = b"\x16\x54\xae\x6b", b"\xae", b"\xe1"
_NUMBER, _UID, _TYPE, _CODEC, _OPUS_HEAD = b"\xd7", b"\x73\xc5", b"\x83", b"\x86", b"\x63\xa2"
_DELAY, _PREROLL, _PACKED = b"\x56\xaa", b"\x56\xbb", b"\x6d\x80"
_HERTZ, _CHANNELS, _BITS = b"\xb5", b"\x9f", b"\x62\x64"
_CLUSTER, _TIME, _SIMPLE = b"\x1f\x43\xb6\x75", b"\xe7", b"\xa3"
_GROUP, _BLOCK, _LASTS, _PADDING = b"\xa0", b"\xa1", b"\x9b", b"\x75\xa2"
_SOUND = b"\x02"
_LONGEST_ID, _LONGEST_NUMBER = 4, 8  # bytes
_MOST_PARTS = 250_000  # more than an hour, in blocks of 20 ms


@dataclass(frozen=True, slots=True)
class _Element:
    """A part of the file: what it is, and its content from `inside` to `end`. None: it says not where it ends."""

    kind: bytes
    inside: int
    end: int | None

    @property
    def closed(self) -> int:
        """Where it ends; raises `struct.error` where it does not say."""
        if self.end is None:
            raise struct.error
        return self.end


class _File:
    """Reads elements. Raises `struct.error` or `IndexError` where one is not whole, or there are too many."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._left = _MOST_PARTS

    def element(self, at: int, end: int) -> _Element:
        """Read where an element begins and ends, which is not behind what holds it."""
        self._left -= 1
        of_kind = 9 - self.raw[at].bit_length()
        size, of_size = self.number(at + of_kind)
        inside = at + of_kind + of_size
        last = None if size == (1 << 7 * of_size) - 1 else inside + size
        if self._left < 0 or of_kind > _LONGEST_ID or max(inside, last or 0) > end:
            raise struct.error
        return _Element(self.raw[at : at + of_kind], inside, last)

    def number(self, at: int) -> tuple[int, int]:
        """Read a number and how many bytes it takes: as many as there are zeros before its first bit, and one."""
        length = 9 - self.raw[at].bit_length()
        if length > _LONGEST_NUMBER:
            raise struct.error
        return int.from_bytes(self.raw[at : at + length], "big") & (1 << 7 * length) - 1, length

    def inside(self, of: _Element) -> Iterator[_Element]:
        """Read what an element holds."""
        at = of.inside
        while at < of.closed:
            element = self.element(at, of.closed)
            yield element
            at = element.closed

    def in_segment(self, segment: _Element) -> Iterator[_Element]:
        """Read what a segment holds, and what its clusters do, in one row: a live one says not where they end."""
        at, end = segment.inside, len(self.raw) if segment.end is None else segment.end
        while at < end:
            element = self.element(at, end)
            yield element
            at = element.inside if element.kind == _CLUSTER else element.closed

    def content(self, of: _Element) -> bytes:
        """Give what an element holds as it is."""
        return self.raw[of.inside : of.closed]

    def kept(self, of: _Element, *kinds: bytes) -> list[bytes]:
        """Write down anew those of an element's parts that are of some kinds."""
        return [_made(each.kind, self.content(each)) for each in self.inside(of) if each.kind in kinds]


class _Recording:
    """What plays: how time is counted, the track, and clusters, each with its time and blocks."""

    def __init__(self, file: _File) -> None:
        self._file = file
        self._times: list[bytes] = []
        self._track: bytes | None = None
        self._number = 0
        self._clusters: list[list[bytes]] = []

    @property
    def is_heard(self) -> bool:
        """Tell whether there is a track, and something in it."""
        return self._track is not None and any(len(parts) > 1 for parts in self._clusters)

    def take(self, part: _Element) -> bool:
        """Take what plays out of a part of the segment; tell whether it may be there."""
        if part.kind == _INFO:
            self._times = self._file.kept(part, _SCALE, _DURATION)
        elif part.kind == _TRACKS:
            tracks = [each for each in self._file.inside(part) if each.kind == _TRACK]
            return self._track is None and len(tracks) == 1 and self._take_track(tracks[0])
        elif part.kind == _CLUSTER:
            self._clusters.append([])
        elif part.kind in (_TIME, _SIMPLE, _GROUP):
            return bool(self._clusters) and self._take_in_cluster(part)
        return True

    def _take_track(self, track: _Element) -> bool:
        """Take the one track that there may be: of sound, by Opus, neither packed nor sealed."""
        told = {each.kind: self._file.content(each) for each in self._file.inside(track)}
        is_opus = (told.get(_TYPE), told.get(_CODEC, b"").rstrip(b"\0")) == (_SOUND, b"A_OPUS")
        if not is_opus or _PACKED in told or not is_opus_head(told.get(_OPUS_HEAD, b"")):
            return False
        self._number = int.from_bytes(told.get(_NUMBER, b""), "big")
        kept = self._file.kept(track, _NUMBER, _TYPE, _CODEC, _OPUS_HEAD, _DELAY, _PREROLL)
        heard = (each for each in self._file.inside(track) if each.kind == _AUDIO)
        kept += [_made(_AUDIO, *self._file.kept(each, _HERTZ, _CHANNELS, _BITS)) for each in heard]
        self._track = _made(_TRACK, _made(_UID, b"\1"), *kept)
        return self._number > 0

    def _take_in_cluster(self, part: _Element) -> bool:
        """Take a cluster's time, which comes first, or a block of the track."""
        parts = self._clusters[-1]
        if (part.kind == _TIME) != (not parts):
            return False
        if part.kind != _GROUP:
            parts.append(_made(part.kind, self._file.content(part)))
            return part.kind == _TIME or self._is_of_track(part)
        parts.append(_made(_GROUP, *self._file.kept(part, _BLOCK, _LASTS, _PADDING)))
        blocks = [each for each in self._file.inside(part) if each.kind == _BLOCK]
        return len(blocks) == 1 and self._is_of_track(blocks[0])

    def _is_of_track(self, block: _Element) -> bool:
        return self._file.number(block.inside)[0] == self._number

    def written(self) -> bytes:
        """Write it down."""
        numbers = (
            (b"\x42\x86", 1),
            (b"\x42\xf7", 1),
            (b"\x42\xf2", 4),
            (b"\x42\xf3", 8),
            (b"\x42\x87", 4),
            (b"\x42\x85", 2),
        )
        head = _made(_EBML, _made(_DOCTYPE, b"webm"), *(_made(kind, bytes([value])) for kind, value in numbers))
        told = _made(_INFO, *self._times, _made(_MUXER, b"-"), _made(_WRITER, b"-"))
        sound = (_made(_CLUSTER, *parts) for parts in self._clusters if len(parts) > 1)
        return head + _made(_SEGMENT, told, _made(_TRACKS, self._track or b""), *sound)


def clean_webm(raw: bytes) -> bytes | None:
    """Keep the sound; None where it is anything else. Raises `struct.error` or `IndexError` where it is not whole."""
    if not raw.startswith(_EBML):
        return None
    file = _File(raw)
    head = file.element(0, len(raw))
    segment = file.element(head.closed, len(raw))
    kinds = [file.content(each).rstrip(b"\0") for each in file.inside(head) if each.kind == _DOCTYPE]
    if kinds != [b"webm"] or segment.kind != _SEGMENT:
        return None
    found = _Recording(file)
    if not all(found.take(each) for each in file.in_segment(segment)):
        return None
    return found.written() if found.is_heard else None


def _made(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = 4 if len(content) < (1 << 28) - 1 else 8
    return kind + (len(content) | 1 << 7 * size).to_bytes(size, "big") + content
