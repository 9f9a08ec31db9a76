"""The token that says where a phone stands: signed, bound to its caller and the kinds it may read, good for a while."""

import hashlib
from collections.abc import Iterable
from uuid import UUID

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from integration_api.access.principals import Principal
from integration_api.errors import Expired
from integration_api.sync.use_cases import Since
from integration_api.web.signing import Forbearing
from models import Place

GOOD_FOR = 90 * 24 * 3600  # seconds without a sync; then a phone reads everything again


def write_token(caller: Principal, kinds: Iterable[str], since: Since) -> str:
    """Write where a phone stands."""
    place = since.place
    told = [_binding(caller, kinds), since.base, place.seq, place.kind, str(place.record_id)]
    return str(_serializer().dumps(told))


def read_token(caller: Principal, kinds: Iterable[str], token: str) -> Since:
    """Read where a phone stands; raise `Expired` for what is not ours, not this caller's, or too old."""
    try:
        bound, base, seq, kind, record_id = _serializer().loads(token, max_age=GOOD_FOR)
    except (BadSignature, ValueError, TypeError):
        bound = None
    if bound != _binding(caller, kinds):
        raise Expired("This token is too old, or was not given to this caller. Send null to begin anew.")
    return Since(Place(seq, kind, UUID(record_id)), base)


def _binding(caller: Principal, kinds: Iterable[str]) -> str:
    """A kind that comes to be readable was never sent, so the phone has to begin anew for it."""
    return hashlib.sha256(f"{caller.user_id}|{','.join(sorted(kinds))}".encode()).hexdigest()[:16]


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="sync", signer=Forbearing)
