"""Small real files: pictures made by Pillow, sounds written as their formats say."""

import io
import math
import struct
import wave
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

MARKER = b"zinnober-quartz"


def picture(form: str = "JPEG", size: tuple[int, int] = (64, 48), *, turned: int = 6, **more: Any) -> bytes:
    """A picture that tells where it was taken, and more that is not to be seen in it."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x0110] = turned, MARKER.decode(), "Phone 7"
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (52.0, 31.0, 12.0), "E", (13.0, 24.0, 18.0)
    words: dict[str, Any] = {"exif": exif.tobytes()}
    if form == "PNG":
        words["pnginfo"] = PngInfo()
        words["pnginfo"].add_text("Comment", MARKER.decode())
    else:
        words["xmp"] = b"<x:xmpmeta>" + MARKER + b"</x:xmpmeta>"
    if form == "JPEG":
        words["comment"] = MARKER
    made = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(made, form, **words, **more)
    return made.getvalue()


def noise(width: int, height: int) -> bytes:
    """A picture that does not get smaller by packing."""
    made = io.BytesIO()
    Image.effect_noise((width, height), 80).save(made, "PNG", compress_level=0)
    return made.getvalue()


def wav(seconds: float = 0.1) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(8_000)
        file.writeframes(b"".join(struct.pack("<h", int(9_000 * math.sin(n / 5))) for n in range(int(8_000 * seconds))))
    whole = made.getvalue()
    note = b"LIST" + struct.pack("<I", 4 + len(MARKER) + 1) + b"INFO" + MARKER + b"\0"
    body = whole[8:] + note
    return b"RIFF" + struct.pack("<I", len(body)) + body


def mp3(frames: int = 8) -> bytes:
    """Frames of silence: MPEG 1, layer III, 128 kbit/s, 44.1 kHz; tags before and after."""
    frame = struct.pack(">I", 0xFFFB9000) + bytes(413)
    tag = b"TXXX" + struct.pack(">I", len(MARKER)) + b"\0\0" + MARKER
    return b"ID3\x04\0\0\0\0\0" + bytes([len(tag)]) + tag + frame * frames + b"TAG" + MARKER.ljust(125, b"\0")


def box(kind: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _track(handler: bytes) -> bytes:
    return box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(12), b"\0"), box(b"minf", b"samples")))


def m4a(handler: bytes = b"soun", *more: bytes) -> bytes:
    """As a phone's recorder writes it: where it was made stands in `udta`, when in `mvhd`, `tkhd` and `mdhd`.

    `more`: what further tracks are of, such as b"meta".
    """
    times = struct.pack(">IIII", 0, 3_800_000_000, 3_800_000_001, 44_100)
    heard = box(b"hdlr", bytes(8), handler, bytes(12), MARKER + b"\0")
    track = box(b"trak", box(b"tkhd", times), box(b"mdia", box(b"mdhd", times), heard, box(b"minf", b"samples")))
    place = box(b"udta", box(b"\xa9xyz", b"+52.5200+013.4050/" + MARKER))
    return (
        box(b"ftyp", b"M4A \0\0\0\0isom")
        + box(b"moov", box(b"mvhd", times), track, *map(_track, more), place)
        + box(b"mdat", b"sound" * 50)
    )


OPUS_HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0)


def ogg(*packets: bytes, stream: int = 7, comment: bytes = MARKER, goes_on: int = 0) -> bytes:
    """Opus as Firefox records it: who made it and a comment stand on the second page."""
    said = struct.pack("<I", len(comment)) + comment
    pages = (OPUS_HEAD, b"OpusTags" + said + struct.pack("<I", 1) + said, *(packets or [b"sound" * 20, b"more " * 60]))
    flags = (2, 0, goes_on, *(0,) * (len(pages) - 4), 4)
    return b"".join(
        _page(body, flag, stream, number) for number, (body, flag) in enumerate(zip(pages, flags, strict=True))
    )


def _page(body: bytes, flags: int, stream: int, number: int) -> bytes:
    lengths = b"\xff" * (len(body) // 255) + bytes([len(body) % 255])
    page = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, 960 * number, stream, number, 0, len(lengths)) + lengths + body
    return page[:22] + struct.pack("<I", _crc(page)) + page[26:]


def _crc(page: bytes) -> int:
    """Ogg's, bit by bit, as RFC 3533 has it."""
    found = 0
    for byte in page:
        found ^= byte << 24
        for _ in range(8):
            found = (found << 1 ^ (0x04C11DB7 if found & 1 << 31 else 0)) & 0xFFFFFFFF
    return found


def ebml(kind: str, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return bytes.fromhex(kind) + (len(body) | 1 << 28).to_bytes(4, "big") + body


def webm_track(number: int = 1, of: int = 2, codec: bytes = b"A_OPUS", head: bytes = OPUS_HEAD, *more: bytes) -> bytes:
    audio = ebml("e1", ebml("b5", struct.pack(">f", 48_000)), ebml("9f", b"\1"))
    told = ebml("536e", MARKER), ebml("73c5", b"\x37\x5a\x11"), ebml("22b59c", b"eng")
    return ebml(
        "ae",
        ebml("d7", bytes([number])),
        ebml("83", bytes([of])),
        ebml("86", codec),
        ebml("63a2", head),
        audio,
        *told,
        *more,
    )


def webm(*tracks: bytes, doctype: bytes = b"webm", blocks: tuple[bytes, ...] = ()) -> bytes:
    """Opus as Chromium records it, live: neither the segment nor its clusters say where they end.

    Which program made it stands in the head, when and what it is called there, too; a title, a picture and where to
    seek stand around the sound.
    """
    head = ebml("1a45dfa3", ebml("4282", doctype))
    made = ebml("4461", bytes(8)), ebml("7ba9", MARKER), ebml("4d80", MARKER), ebml("5741", MARKER)
    info = ebml("1549a966", ebml("2ad7b1", b"\x0f\x42\x40"), *made)
    tag = ebml("1254c367", ebml("7373", ebml("67c8", ebml("45a3", b"TITLE"), ebml("4487", MARKER))))
    grouped = ebml("a0", ebml("a1", b"\x81\0\x28\0" + b"group" * 9), ebml("9b", b"\x14"), ebml("75a1", MARKER))
    first = ebml("e7", b"\0"), ebml("a3", b"\x81\0\0\x80" + b"sound" * 9), grouped, ebml("ec", MARKER)
    live = bytes.fromhex("1f43b67501ffffffffffffff")
    parts = (info, ebml("1654ae6b", *(tracks or (webm_track(),))), live, *first, *blocks, tag, ebml("1941a469", MARKER))
    second = live + ebml("e7", b"\x3c") + ebml("a3", b"\x81\0\0\x80" + b"more " * 9)
    return head + bytes.fromhex("1853806701ffffffffffffff") + b"".join(parts) + second + ebml("1c53bb6b", MARKER)
