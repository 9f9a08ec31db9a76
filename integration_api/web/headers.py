"""The headers and errors that operations share, as the contract describes them."""

ALWAYS = (401, 403, 429, 503)
BODY = (400, 409, 413, 415, 422)
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "schema": {"type": "string"},
    "required": True,
    "description": "The ETag of the version that you have seen.",
    "example": '"0f343b0931126a20f133d67c2b018a3b"',
}
IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "schema": {"type": "string"},
    "description": "The ETag that you have: 304 when it is still the newest.",
}
RANGE = {
    "in": "header",
    "name": "Range",
    "schema": {"type": "string"},
    "description": "A part of the file, as in `bytes=0-65535`: 206 with that part. Several at once are passed over.",
}
IF_RANGE = {
    "in": "header",
    "name": "If-Range",
    "schema": {"type": "string"},
    "description": "The ETag of what you have a part of: the whole file where that is another.",
}
CREATE = {
    "in": "header",
    "name": "If-None-Match",
    "schema": {"type": "string", "enum": ["*"]},
    "description": "`*` creates the record; otherwise it is replaced, and needs If-Match.",
}
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    "description": "For a create without an id of your own: the same key and body is carried out once.",
}
ETAG = {"ETag": {"schema": {"type": "string"}, "description": "Names this version."}}
LINK = {"Link": {"schema": {"type": "string"}, "description": "The next page, where there is one."}}
PART = {"Content-Range": {"schema": {"type": "string"}, "description": "Which part it is, and of how many bytes."}}
