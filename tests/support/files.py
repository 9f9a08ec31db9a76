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
