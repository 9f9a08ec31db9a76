"""What we sign and read again, also where another of our machines signed it: browsers' sessions, phones' tokens."""

from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from models import CLOCKS_DIFFER


class Forbearing(TimestampSigner):
    """Takes what was signed a little ahead of our clock: by a machine whose clock differs, or before ours was set back.

    The library takes it for expired from the first second on.
    """

    def unsign(self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Read what was signed at most `max_age` seconds ago."""
        value, signed_at = super().unsign(signed_value, return_timestamp=True)
        age = self.get_timestamp() - int(signed_at.timestamp())
        if max_age is not None and not -CLOCKS_DIFFER.total_seconds() <= age <= max_age:
            raise SignatureExpired("too old, or signed ahead of time", payload=value, date_signed=signed_at)
        return (value, signed_at) if return_timestamp else value


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions, so signed."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Give Flask's serializer our signer."""
        found = super().get_signing_serializer(app)
        if found is not None:
            found.signer = Forbearing
        return found
