"""What forms are guarded by: a token of the browser's own, and addresses that stay with us."""

import hmac
import re
import secrets
from urllib.parse import urlsplit

from integration_api.login.use_cases import Browser

FALLBACK = "/docs"
_LONGEST_ADDRESS = 4096
# Printable ASCII, but no backslash: browsers take it for a slash. They also drop tabs and line ends, so none of those.
_ADDRESS = re.compile(r"/(?!/)[!-\[\]-~]*")


class ForeignForm(Exception):
    """The form is not one that we gave this browser."""


def form_token(browser: Browser) -> str:
    """Give the token that this browser's forms carry."""
    token = browser.get("form_token")
    if not isinstance(token, str):
        token = browser["form_token"] = secrets.token_urlsafe(32)
    return token


def require_form_token(browser: Browser, sent: str) -> None:
    """Refuse a form that carries no token, or another browser's."""
    expected = browser.get("form_token")
    if not isinstance(expected, str) or not hmac.compare_digest(expected.encode(), sent.encode("utf-8", "replace")):
        raise ForeignForm


def own_address(wanted: str) -> str:
    """Give a relative address of ours as it is; the reference's for anything that might lead elsewhere."""
    if len(wanted) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(wanted):
        return FALLBACK
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return FALLBACK
    return FALLBACK if parts.scheme or parts.netloc or "//" in parts.path else wanted
