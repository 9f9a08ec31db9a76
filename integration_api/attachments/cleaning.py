"""What a file that somebody sends truly is. Its content decides; neither its name nor its declared type does."""

from integration_api.attachments import pictures, sounds
from integration_api.attachments.pictures import Cleaned, NotTaken, clean_picture
from integration_api.attachments.sounds import clean_sound

MEDIA_TYPES = (*dict.fromkeys(pictures.TAKEN.values()), *sounds.TAKEN)
ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/webm": "webm",
}
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def cleaned(raw: bytes, most_pixels: int) -> Cleaned:
    """Give the file as it will be kept, without its metadata; raise `NotTaken` with the reason."""
    if not raw:
        raise NotTaken("The file is empty.")
    found = clean_picture(raw, most_pixels) or clean_sound(raw)
    if found is not None:
        return found
    if raw[4:8] == b"ftyp" and raw[8:12] in _HEIC:
        raise NotTaken("HEIC pictures are not taken; send the picture as JPEG.")
    raise NotTaken(
        "Only JPEG, PNG and WebP pictures, and sound as M4A, MP3, WAV, WebM or Ogg (Opus) are taken; this is none, or "
        "not whole."
    )
