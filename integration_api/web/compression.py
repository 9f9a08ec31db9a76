"""Answers made smaller for phones: zstd, br or gzip, as `Accept-Encoding` allows.

What stands under /oauth holds tokens and form tokens, and is never compressed: how well something compresses tells an
onlooker about secrets beside words of the onlooker's choice (BREACH). The API's own answers hold none, and nobody can
have a browser ask for them, since they need a token in a header.

An encoded representation is another one (RFC 9110, 8.8.3.3): its strong ETag carries the encoding's name after a colon,
and `web/preconditions.py` takes it for the version that it is of.
"""

import re

from flask import Flask, Response, request
from flask_compress import Compress

ENCODINGS = ("zstd", "br", "gzip")
SMALLEST = 1024  # bytes; below, the headers outweigh the gain
# Archives and pictures are compressed already; what streams is not touched.
KINDS = (
    "application/json",
    "application/fhir+json",
    "application/problem+json",
    "text/css",
    "text/html",
    "text/javascript",
)
_NEVER = "/oauth/"
_ENCODED = re.compile(rf":(?:{'|'.join(ENCODINGS)})\Z")


def plain_tag(tag: str) -> str:
    """Give the ETag of the version that an encoded representation's is of."""
    return _ENCODED.sub("", tag)


def _is_asked_for() -> bool:
    """Tell whether one of our encodings is named and not ruled out; Flask-Compress takes `q=0` for a wish."""
    return any(name in ENCODINGS and quality > 0 for name, quality in request.accept_encodings)


def register(app: Flask) -> None:
    """Compress what an application answers."""
    app.config.update(
        COMPRESS_REGISTER=False,  # not everything
        COMPRESS_MIMETYPES=list(KINDS),
        COMPRESS_ALGORITHM=list(ENCODINGS),
        COMPRESS_MIN_SIZE=SMALLEST,
        COMPRESS_STREAMS=False,
        COMPRESS_EVALUATE_CONDITIONAL_REQUEST=False,  # web/preconditions.py has done so
    )
    compressor = Compress()
    compressor.init_app(app)

    @app.after_request
    def compress(answer: Response) -> Response:
        if request.path.startswith(_NEVER) or not _is_asked_for():
            answer.vary.add("Accept-Encoding")
            return answer
        return compressor.after_request(answer)
