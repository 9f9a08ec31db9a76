"""What a file truly is, and what is left of it. No database."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from files import MARKER, OPUS_HEAD, box, ebml, m4a, mp3, noise, ogg, picture, wav, webm, webm_track
from PIL import Image, ImageChops, ImageStat

from integration_api.attachments.cleaning import cleaned
from integration_api.attachments.pictures import NotTaken
from models.key_service import KeyUnavailable
from models.sealed_file import CHUNK, TAG, new_file_key, open_file, seal_file, sealed_size

pytestmark = pytest.mark.database_free
MOST = 1_000_000


def kept(raw: bytes) -> bytes:
    return bytes(cleaned(raw, MOST).content)


@pytest.mark.parametrize(("form", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_picture_keeps_what_is_seen_and_which_way_is_up_and_nothing_else(form: str, media_type: str) -> None:
    raw = picture(form)
    assert MARKER in raw
    found = cleaned(raw, MOST)
    assert (found.kind, found.media_type, found.width, found.height) == ("picture", media_type, 64, 48)
    after = bytes(found.content)
    for word in (MARKER, b"Phone 7", b"xmp", b"GPS"):
        assert word not in after
    with Image.open(io.BytesIO(after)) as now, Image.open(io.BytesIO(raw)) as before:
        assert now.format == form
        assert dict(now.getexif()) == {0x0112: 6}
        assert now.getexif().get_ifd(0x8825) == {}
        change = ImageChops.difference(now.convert("RGB"), before.convert("RGB"))
        assert max(highest for _, highest in change.getextrema()) <= 4  # JPEG by its own tables, WebP nearly so
    assert len(kept(after)) == pytest.approx(len(after), rel=0.1)  # again changes little


def test_a_picture_of_much_detail_is_taken_as_any_other() -> None:
    """Sand or hair at the best quality can come to more bytes than twice the pixels."""
    raw = io.BytesIO()
    bands = [Image.effect_noise((400, 300), 100) for _ in range(3)]
    Image.merge("RGB", bands).save(raw, "JPEG", quality=100, subsampling=0)
    assert len(raw.getvalue()) > 2 * 400 * 300
    found = cleaned(raw.getvalue(), MOST)
    assert (found.media_type, found.width, found.height) == ("image/jpeg", 400, 300)
    with Image.open(io.BytesIO(found.content)) as now, Image.open(raw) as before:
        assert max(ImageStat.Stat(ImageChops.difference(now, before)).mean) < 1


def test_a_picture_that_is_upright_has_no_exif_at_all() -> None:
    assert b"Exif" not in kept(picture(turned=1))
    assert b"Exif" not in kept(picture(turned=42))


def test_a_second_picture_or_a_page_behind_the_first_is_gone() -> None:
    for behind in (b"<html><script>alert(1)</script></html>", b"PK\x03\x04" + MARKER, picture("PNG")):
        after = kept(picture("JPEG") + behind)
        assert behind not in after
        assert after.endswith(b"\xff\xd9")
    assert b"<html>" not in kept(mp3() + b"<html>" * 999)
    several = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(several, "MPO", save_all=True, append_images=frames[1:])
    found = cleaned(several.getvalue(), MOST)  # as phones pair a picture with its depth
    assert found.media_type == "image/jpeg"
    with Image.open(io.BytesIO(found.content)) as one:
        assert getattr(one, "n_frames", 1) == 1


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "empty"),
        (bomb(1_001, 1_000), "too many pixels"),
        (bomb(12_000, 12_000), "too many pixels"),
        (bomb(60_000, 60_000), "too many pixels"),
        (bomb(500, 500), "not whole"),
        (picture("JPEG", (300, 300))[:-900], "not whole"),
        (picture("PNG", (300, 300))[:500], "not whole"),
        (picture("WEBP", (300, 300))[:500], "not whole|none"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "Only JPEG"),
        (b"<!doctype html><p>Hello", "Only JPEG"),
        (b"GIF89a" + bytes(40), "Only JPEG"),
        (b"%PDF-1.7\n", "Only JPEG"),
        (b"\xff\xd8\xff\xe0" + MARKER * 9, "Only JPEG|not whole"),
        (box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta"), "HEIC"),
        (m4a(b"vide"), "Only JPEG"),
        *((m4a(b"soun", other), "Only JPEG") for other in (b"vide", b"meta", b"tmcd", b"text", b"gps ")),
        (m4a()[:-7], "Only JPEG"),
        (m4a() + b"<html>", "Only JPEG"),
        (m4a() + box(b"free") * 100_001, "Only JPEG"),
        (m4a().replace(b"mvhd", b"mvhd", 1)[:32] + box(b"moov", box(b"mvhd", b"")), "Only JPEG"),
        (mp3(2), "Only JPEG"),
        (mp3()[:-128] + b"<html>" * 999, "Only JPEG"),
        (wav()[:-300], "Only JPEG"),
        (wav(0), "Only JPEG"),  # the recorder was stopped before it had heard anything
        (b"OggS" + bytes(60), "Only JPEG"),
        (ogg()[:-9], "Only JPEG"),
        (ogg() + b"<html>", "Only JPEG"),
        (ogg() + ogg(stream=8), "Only JPEG"),  # a second stream behind the first
        (ogg().replace(b"sound", b"round", 1), "Only JPEG"),  # its checksum says that it is damaged
        (ogg().replace(b"OpusHead", b"\x01vorbis ", 1), "Only JPEG"),
        (ogg(goes_on=1), "Only JPEG"),  # the comments go on behind their page
        (webm()[:-9], "Only JPEG"),
        (webm() + b"<html>", "Only JPEG"),
        (webm(doctype=b"matroska"), "Only JPEG"),
        (webm(webm_track(of=1)), "Only JPEG"),
        (webm(webm_track(), webm_track(2, of=1)), "Only JPEG"),  # somebody's face beside the voice
        (webm(webm_track(codec=b"A_VORBIS")), "Only JPEG"),  # whose comments lie in the track
        (webm(webm_track(1, 2, b"A_OPUS", OPUS_HEAD + MARKER)), "Only JPEG"),
        (webm(webm_track(1, 2, b"A_OPUS", OPUS_HEAD, ebml("6d80", MARKER))), "Only JPEG"),  # sealed or packed
        (webm(blocks=(ebml("a3", b"\x82\0\0\x80" + MARKER),)), "Only JPEG"),  # of a track that there is not
        (webm(blocks=(ebml("e7", b"\1"),)), "Only JPEG"),
        (webm(blocks=(ebml("a0", ebml("9b", b"\1")),)), "Only JPEG"),
        (webm(blocks=(ebml("ec"),) * 250_001), "Only JPEG"),
    ],
)
def test_what_is_not_taken_is_told_why(raw: bytes, why: str) -> None:
    with pytest.raises(NotTaken, match=why) as told:
        cleaned(raw, MOST)
    assert MARKER.decode() not in str(told.value)


SOUNDS = [
    (m4a(), "audio/mp4"),
    (mp3(), "audio/mpeg"),
    (wav(), "audio/wav"),
    (ogg(), "audio/ogg"),
    (ogg(comment=MARKER * 20), "audio/ogg"),
    (webm(), "audio/webm"),
]


@pytest.mark.parametrize(("raw", "media_type"), SOUNDS)
def test_a_voice_note_keeps_its_sound_and_nothing_else(raw: bytes, media_type: str) -> None:
    assert MARKER in raw
    found = cleaned(raw, MOST)
    assert (found.kind, found.media_type, found.width) == ("voice_note", media_type, None)
    after = bytes(found.content)
    assert MARKER not in after
    assert kept(after) == after
    if media_type == "audio/mp4":
        assert len(after) == len(raw)  # so that its tables still point at the sound
        assert after[raw.index(b"sound") :] == raw[raw.index(b"sound") :]
        assert struct.pack(">I", 3_800_000_000) not in after
        assert b"+52.5" not in after
    elif media_type in ("audio/ogg", "audio/webm"):
        sound = (b"sound" * 9, b"more " * 9, *([b"group" * 9] if media_type == "audio/webm" else []))
        assert all(each in after for each in sound)
    else:
        assert after in raw or media_type == "audio/wav"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("chromium.webm", "audio/webm"),
        ("chromium.mp4", "audio/mp4"),
        ("firefox.ogg", "audio/ogg"),
        ("firefox.webm", "audio/webm"),
    ],
)
def test_what_browsers_record_is_taken(name: str, media_type: str) -> None:
    """Half a second of a tone, recorded by these browsers' own MediaRecorder, for this test."""
    raw = (Path(__file__).with_name("recorded") / name).read_bytes()
    found = cleaned(raw, MOST)
    after = bytes(found.content)
    assert found.media_type == media_type
    assert not any(told in after for told in (b"Mozilla", b"Chrome", b"QTmuxing"))
    stretches = [raw[place : place + 24] for place in range(0, len(raw) - 24, 5)]
    assert sum(each in after for each in stretches) > 0.7 * len(stretches)
    assert kept(after) == after


def test_a_recording_in_fragments_keeps_no_time_of_day() -> None:
    moof = box(b"moof", box(b"mfhd", bytes(8)), box(b"traf", box(b"tfhd", bytes(8)), box(b"udta", MARKER)))
    told = box(b"prft", MARKER) + box(b"emsg", MARKER) + box(b"styp", b"msdh")
    after = kept(m4a() + told + moof + box(b"mdat", b"later" * 50))
    assert MARKER not in after
    assert b"later" * 50 in after


def test_bytes_made_to_break_a_reader_break_nothing() -> None:
    """Each file cut off and with a byte changed, at many places: taken or not taken, never anything else."""
    for raw in (picture("JPEG"), picture("PNG"), picture("WEBP"), *(raw for raw, _ in SOUNDS)):
        for place in range(4, min(len(raw), 900), 7):
            for broken in (raw[:place], raw[:place] + bytes([raw[place] ^ 0xFF]) + raw[place + 1 :]):
                try:
                    assert cleaned(broken, MOST).content
                except NotTaken:
                    continue


class TestSealedFile:
    @pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
    def test_it_opens_as_it_was_however_it_comes_in_pieces(self, size: int) -> None:
        plain, key = bytes(n % 251 for n in range(size)), new_file_key()
        sealed = b"".join(seal_file(key, b"here", memoryview(plain)))
        assert len(sealed) == sealed_size(size)
        for length in (1 if size < 10 else 4_099, CHUNK, len(sealed)):
            pieces = [sealed[at : at + length] for at in range(0, len(sealed), length)]
            assert b"".join(open_file(key, b"here", pieces)) == plain

    def test_nothing_untrue_is_given(self) -> None:
        key, plain = new_file_key(), noise(300, 300)[: 2 * CHUNK]
        sealed = b"".join(seal_file(key, b"here", memoryview(plain)))
        first, second = sealed[1 : 1 + CHUNK + TAG], sealed[1 + CHUNK + TAG :]
        attacks: dict[str, tuple[str, bytes, bytes]] = {
            "another place": (key, b"there", sealed),
            "another key": (new_file_key(), b"here", sealed),
            "cut off within a chunk": (key, b"here", sealed[:-1]),
            "cut off after a chunk": (key, b"here", sealed[:1] + first),
            "chunks in another order": (key, b"here", sealed[:1] + second + first),
            "a chunk twice": (key, b"here", sealed[:1] + first + first + second),
            "more behind the end": (key, b"here", sealed + b"x"),
            "a changed byte": (key, b"here", sealed[:-20] + bytes([sealed[-20] ^ 1]) + sealed[-19:]),
            "another format": (key, b"here", b"\x02" + sealed[1:]),
            "nothing": (key, b"here", b""),
        }
        for name, (wrong_key, place, wrong) in attacks.items():
            given = bytearray()
            with pytest.raises(KeyUnavailable):
                given.extend(byte for part in open_file(wrong_key, place, [wrong]) for byte in part)
            assert plain.startswith(bytes(given)), name  # what was given before the fault was noticed is true
            assert len(given) < len(plain), name
