"""Voice notes: known by how they are built, and freed from what is no sound.

A sniffing library tells a hundred types by their first bytes; here the question is whether all of a file is one of
five. So each is read from end to end as its format says, and only what plays is kept: tags, names, places, times go.
ISO/IEC 14496-12 (MP4), ISO/IEC 11172-3 and 13818-3 (MP3), Microsoft's and IBM's RIFF (WAV); `ogg.py` and
`webm.py` have what browsers record besides.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from integration_api.attachments.ogg import clean_ogg
from integration_api.attachments.pictures import Cleaned
from integration_api.attachments.webm import clean_webm

TAKEN = ("audio/mp4", "audio/mpeg", "audio/wav", "audio/ogg", "audio/webm")
_INSIDE = (b"moov", b"trak", b"mdia", b"moof", b"traf")
_TOLD = (
    b"free",
    b"skip",
    b"udta",
    b"meta",
    b"uuid",
    b"prft",
    b"emsg",
)  # no sound: titles, places, devices, times of day
# Browsers write the sound in fragments (`moof`), each before its part of it.
_PLAYING = (b"ftyp", b"moov", b"mdat", b"wide", b"moof", b"styp", b"sidx", b"mfra", *_TOLD)
_TIMED = (b"mvhd", b"tkhd", b"mdhd")  # when it was made, in the first fields
_MOST_BOXES = 100_000  # of those that are read; a recording has some twenty, one of a browser seven a second
_FRAMES_NEEDED = 3
_MPEG_KBPS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SYNC, _MPEG_1, _NO_RATE = 0x7FF, 3, 3  # by a header's bits, as the versions below
_MPEG_HZ = {
    _MPEG_1: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}
_AFTER_FRAMES = (b"TAG", b"APETAGEX", b"LYRICSBEGIN")
_LONGEST_FRAME = 2_881  # bytes; a recording that was stopped may end within one
_SYNCSAFE = (21, 14, 7, 0)  # seven bits a byte
_SAMPLES = (b"fmt ", b"fact", b"data")
_HEADER = 8  # bytes of a chunk: its kind and size
_PCM = (1, 3, 0xFFFE)  # whole numbers, floats, and either as the extensible form names them


def clean_sound(raw: bytes) -> Cleaned | None:
    """Give a voice note without its metadata; None where it is no sound of ours, or not whole."""
    for media_type, clean in zip(TAKEN, (_mp4, _mp3, _wav, clean_ogg, clean_webm), strict=True):
        try:
            found = clean(raw)
        except (struct.error, IndexError):  # it ends where more should be
            found = None
        if found is not None:
            return Cleaned("voice_note", media_type, memoryview(found))
    return None


def _mp4(raw: bytes) -> bytearray | None:
    """Blank what is no sound, in place: the sound is found by its distance from the beginning.

    What tracks hold lies together in `mdat`, where nobody can tell it apart; so there may be no track but of sound. The
    others are pictures and words, and `meta`, by which phones note where they were from moment to moment.
    """
    if raw[4:8] != b"ftyp":
        return None
    found = bytearray(raw)
    seen: set[bytes] = set()
    tracks: set[bytes] = set()
    waiting, left = [(0, len(raw))], _MOST_BOXES
    while waiting:
        for box in _boxes(raw, *waiting.pop()):
            left -= 1
            if left == 0 or (box.is_top and box.kind not in _PLAYING):
                return None
            seen.add(box.kind)
            if box.kind == b"hdlr":
                tracks.add(raw[box.inside + 8 : box.inside + 12])
            _blank(found, box)
            if box.kind in _INSIDE:
                waiting.append((box.inside, box.end))
    return found if {b"moov", b"mdat"} <= seen and tracks == {b"soun"} else None


@dataclass(frozen=True, slots=True)
class _Box:
    """A part of an MP4 file: its header from `start`, its content from `inside` to `end`."""

    kind: bytes
    start: int
    inside: int
    end: int
    is_top: bool


def _boxes(raw: bytes, start: int, end: int) -> Iterator[_Box]:
    """Read the boxes that fill a stretch; raise `struct.error` where they do not."""
    is_top, at = start == 0, start
    while at < end:
        size, kind = struct.unpack_from(">I4s", raw, at)
        inside = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", raw, inside)
            inside += 8
        after = end if size == 0 and is_top else at + size
        if not inside <= after <= end:
            raise struct.error
        yield _Box(kind, at, inside, after, is_top)
        at = after


def _blank(found: bytearray, box: _Box) -> None:
    if box.kind in _TOLD:
        found[box.start + 4 : box.start + 8] = b"free"
        found[box.inside : box.end] = bytes(box.end - box.inside)
    elif box.kind in _TIMED:
        first, last = box.inside + 4, box.inside + (20 if found[box.inside] else 12)
        if last > box.end:
            raise struct.error
        found[first:last] = bytes(last - first)
    elif box.kind == b"hdlr":
        found[box.inside + 24 : box.end] = bytes(max(0, box.end - box.inside - 24))  # its name


def _mp3(raw: bytes) -> bytes | None:
    """Keep the frames of layer III from the first to the last; nothing but tags may stand around them."""
    start = 0
    while raw[start : start + 3] == b"ID3":
        size = sum(
            byte << shift for byte, shift in zip(struct.unpack_from("4B", raw, start + 6), _SYNCSAFE, strict=True)
        )
        start += 10 + size + (10 if raw[start + 5] & 0x10 else 0)
    at, frames, length = start, 0, _frame(raw, start)
    while length and at + length <= len(raw):
        at, frames = at + length, frames + 1
        length = _frame(raw, at)
    rest = raw[at:]
    is_whole = rest.startswith(_AFTER_FRAMES) or len(rest) < _LONGEST_FRAME or not any(rest)
    return raw[start:at] if frames >= _FRAMES_NEEDED and is_whole else None


def _frame(raw: bytes, at: int) -> int:
    """Tell how long the frame is that begins here; 0 where none does."""
    if at + 4 > len(raw):
        return 0
    (header,) = struct.unpack_from(">I", raw, at)
    version, rate, hertz = header >> 19 & 3, header >> 12 & 15, header >> 10 & 3
    if header >> 21 != _SYNC or header >> 17 & 3 != 1 or version not in _MPEG_HZ or hertz == _NO_RATE:
        return 0
    is_first = version == _MPEG_1
    kbps = (_MPEG_KBPS[1 if is_first else 2] + (0,))[rate]
    return (144 if is_first else 72) * kbps * 1000 // _MPEG_HZ[version][hertz] + (header >> 9 & 1) if kbps else 0


def _wav(raw: bytes) -> bytes | None:
    """Keep the format and the samples."""
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        return None
    kept: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(raw):
        kind, size = struct.unpack_from("<4sI", raw, at)
        if at + 8 + size > len(raw):
            return None
        if kind in _SAMPLES:
            kept.setdefault(kind, raw[at : at + 8 + size] + bytes(size & 1))
        at += 8 + size + (size & 1)
    if not {b"fmt ", b"data"} <= kept.keys() or struct.unpack_from("<H", kept[b"fmt "], 8)[0] not in _PCM:
        return None
    if len(kept[b"data"]) == _HEADER:  # there is nothing to hear
        return None
    body = b"WAVE" + b"".join(kept[kind] for kind in _SAMPLES if kind in kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body
