"""The keys of the client that a request claims to be from."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError
from flask import current_app, request

from integration_api.access.key_sets import KeyCache, Unreachable
from integration_api.config import Environment, Settings
from integration_api.db import reading
from integration_api.oauth.assertions import peek
from integration_api.oauth.clients import client_named


def presented_keys() -> list[dict[str, Any]]:
    """Find the keys that the request's assertion is to be checked with; none where there is no assertion."""
    claimed = peek(request.form.get("client_assertion", ""))
    if claimed is None:
        return []
    with reading(everywhere=True) as db_session:
        client = client_named(db_session, claimed.client_id)
    if client is None:
        return []
    if client.jwks_uri is None:
        return list((client.jwks or {}).get("keys", []))
    try:
        return _cache().keys(client.jwks_uri, claimed.kid)
    except Unreachable as error:
        raise InvalidClientError(str(error)) from None


def _cache() -> KeyCache:
    settings: Settings = current_app.config["SETTINGS"]
    is_local_allowed = settings.environment is not Environment.PRODUCTION
    cache: KeyCache = current_app.extensions.setdefault("client_keys", KeyCache(is_local_allowed=is_local_allowed))
    return cache
