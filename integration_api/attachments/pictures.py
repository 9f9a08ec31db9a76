"""Pictures: what they truly are, and no more of them than can be seen.

A picture is decoded in full and written anew: what is not picture (place, time, device, names, a second file behind the
first one) is not carried over, save which way is up and the colour profile.
"""

import io
import warnings
from dataclasses import dataclass
from threading import BoundedSemaphore

from PIL import Image, JpegImagePlugin

TAKEN = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}  # MPO: phones' JPEG
ORIENTATION = 0x0112  # Exif 3.0, 4.6.5.1
_UPRIGHT, _LAST = 1, 8
_KEPT = ("icc_profile", "transparency")
_AT_ONCE = BoundedSemaphore(2)  # a picture of 50 megapixels needs 150 MB while it is looked at

# A picture that would be far larger than its file is refused where it is opened, and not only warned of.
warnings.simplefilter("error", Image.DecompressionBombWarning)


class NotTaken(Exception):
    """The file is not one that we take, in words that are safe to show."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A file that is what its media type says."""

    kind: str
    media_type: str
    content: memoryview
    width: int | None = None
    height: int | None = None


def clean_picture(raw: bytes, most_pixels: int) -> Cleaned | None:
    """Give a picture without its metadata; None where it is none of ours; raise `NotTaken` where it is not good."""
    with _AT_ONCE:
        try:
            picture = Image.open(io.BytesIO(raw), formats=("JPEG", "PNG", "WEBP"))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise NotTaken("The picture has too many pixels.") from None
        except Exception:  # noqa: BLE001  (a decoder may raise anything at bytes that were made to break it)
            return None
        with picture:
            if picture.width * picture.height > most_pixels:
                raise NotTaken("The picture has too many pixels.")
            try:
                return _written_anew(picture)
            except Exception:  # noqa: BLE001  (the same)
                raise NotTaken("The picture is not whole, or cannot be read.") from None


def _written_anew(picture: Image.Image) -> Cleaned:
    """Decode the first frame, and write it in its own format; JPEG with the very tables that it came with."""
    form = "JPEG" if picture.format == "MPO" else str(picture.format)
    picture.load()
    turned = picture.getexif().get(ORIENTATION)
    picture.info = {name: value for name, value in picture.info.items() if name in _KEPT}
    options: dict[str, object] = {name: value for name, value in picture.info.items() if name == "icc_profile"}
    if isinstance(turned, int) and _UPRIGHT < turned <= _LAST:
        exif = Image.Exif()
        exif[ORIENTATION] = turned
        options["exif"] = exif.tobytes()
    if isinstance(picture, JpegImagePlugin.JpegImageFile):
        sampling = JpegImagePlugin.get_sampling(picture)
        options |= {"qtables": picture.quantization, "subsampling": sampling, "optimize": True}
    elif form == "WEBP":
        options |= {"quality": 92, "method": 4}
    written = _saved(picture, form, options)
    return Cleaned("picture", TAKEN[form], written.getbuffer(), picture.width, picture.height)


def _saved(picture: Image.Image, form: str, options: dict[str, object]) -> io.BytesIO:
    """Write a picture. Packed as tightly as can be, a JPEG has to fit into two bytes a pixel; much detail does not."""
    try:
        return _tried(picture, form, options)
    except OSError:
        if not options.pop("optimize", False):
            raise
        return _tried(picture, form, options)


def _tried(picture: Image.Image, form: str, options: dict[str, object]) -> io.BytesIO:
    written = io.BytesIO()
    picture.save(written, form, **options)
    return written
