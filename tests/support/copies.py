"""Copies in record systems, as tests ask for them and look at them."""

import base64
from typing import Any

URI = "urn:ietf:rfc:3986"
WITHDRAWN = "Withdrawn by the sender."


def words(resource: Any) -> str:
    return base64.b64decode(resource["content"][0]["attachment"]["data"]).decode()


def copies_of(clinic: Any, document: str, who: str = "therapist") -> Any:
    return clinic.caller(who).read(f"/v1/documents/{document}/ehr-copies")["items"]


def copy_of(clinic: Any, document: str) -> Any:
    (found,) = copies_of(clinic, document)
    return found


def send(clinic: Any, document: str, who: str = "therapist", **more: Any) -> Any:
    return clinic.caller(who).post(f"/v1/documents/{document}/ehr-copies", more)
