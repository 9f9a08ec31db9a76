"""Clients: registering one, finding one, and what one may ask for."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.key_sets import BadKey, public_jwk
from integration_api.access.policy import for_role
from integration_api.access.scopes import LAUNCH_PATIENT, OFFLINE, WORDS, common, parse_scopes, readable_scopes
from integration_api.access.use_cases import user_named
from integration_api.errors import IntegrationError, NotFound
from integration_api.wording import has_words
from models import ClientKind, Deed, OAuthClient, Role, User, append_deeds, end_subscriptions, now

LONGEST_NAME = 200  # as the table has it
APPLICATION_SCOPE = f"patient/*.cruds user/*.cruds {OFFLINE}"
BACKEND_SCOPE = "system/*.rs"
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,80}")
# Characters that a redirect address may hold; none that would end a word of a Content-Security-Policy.
_ADDRESS = re.compile(r"[A-Za-z0-9._~:/?@!$&()*+=%\[\]-]{1,500}")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class BadClient(IntegrationError):
    """The client cannot be registered like this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDraft:
    """A client as its clinic describes it. `system` names the account that a backend service acts as."""

    name: str
    kind: ClientKind
    scope: str
    redirect_uris: tuple[str, ...] = ()
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    system: str | None = None


def draft_of(
    name: str,
    *,
    scope: str | None = None,
    redirect_uris: tuple[str, ...] = (),
    jwks: object = None,
    jwks_uri: str | None = None,
    system: str | None = None,
) -> ClientDraft:
    """Describe a client as somebody in a shell does: with keys it is confidential, without it is public."""
    if jwks is not None and not (isinstance(jwks, dict) and isinstance(jwks.get("keys"), list)):
        raise BadClient('A JWK Set reads like {"keys": [...]}.')
    has_keys = jwks is not None or jwks_uri is not None
    return ClientDraft(
        name=name,
        kind=ClientKind.CONFIDENTIAL if has_keys else ClientKind.PUBLIC,
        scope=scope or (BACKEND_SCOPE if system is not None else APPLICATION_SCOPE),
        redirect_uris=tuple(redirect_uris),
        jwks=jwks,
        jwks_uri=jwks_uri,
        system=system,
    )


def admin_named(db_session: DbSession, username: str) -> UUID:
    """Give the organization of an admin; raise `NotFound`."""
    found = user_named(db_session, username)
    if found.role != Role.ADMIN:
        raise BadClient("That account is no admin's.")
    return found.organization_id


def register_client(db_session: DbSession, organization_id: UUID, draft: ClientDraft) -> OAuthClient:
    """Register a client of an organization, with a system account of its own where it is to act by itself."""
    _check(draft)
    client = OAuthClient(
        organization_id=organization_id,
        client_id=secrets.token_hex(16),  # begins with no hyphen, which a shell would take for an option
        name=draft.name,
        kind=draft.kind,
        redirect_uris=list(draft.redirect_uris),
        scope=" ".join(draft.scope.split()),
        jwks=None if draft.jwks is None else {"keys": _public(draft.jwks["keys"])},
        jwks_uri=draft.jwks_uri,
        user_id=None if draft.system is None else _system_user(db_session, organization_id, draft.system).id,
    )
    db_session.add(client)
    db_session.flush()
    _tell(db_session, client, "registerClient", "create")
    return client


def switch_off(db_session: DbSession, client_id: str) -> None:
    """Let a client in no more: what it has is no longer good; raise `NotFound`.

    With the last client of a system account its Subscriptions end: they are the account's, and would go on being told.
    """
    found = client_named(db_session, client_id)
    if found is None:
        raise NotFound("There is no active client of that id.")
    found.is_active = False
    db_session.flush()
    _tell(db_session, found, "switchOffClient", "update")
    if found.user_id is not None and not _has_client(db_session, found.user_id):
        end_subscriptions(db_session, found.user_id)  # nobody is there any more who could have them


def _tell(db_session: DbSession, client: OAuthClient, operation: str, action: str) -> None:
    deed = Deed.by_command_line(operation, "Client", action, None, client.id)
    append_deeds(db_session, client.organization_id, now(), [replace(deed, client=client.client_id)])


def _has_client(db_session: DbSession, user_id: UUID) -> bool:
    own = select(OAuthClient.id).where(OAuthClient.user_id == user_id, OAuthClient.is_active)
    return db_session.scalar(own.limit(1)) is not None


def _system_user(db_session: DbSession, organization_id: UUID, username: str) -> User:
    found = db_session.scalar(select(User).where(User.username == username))
    if found is None:
        found = User(organization_id=organization_id, username=username, role=Role.SYSTEM)
        db_session.add(found)
        db_session.flush()
    if found.role != Role.SYSTEM or found.organization_id != organization_id:
        raise BadClient("A backend service acts as a system account of its own organization.")
    return found


def _check(draft: ClientDraft) -> None:
    try:
        is_empty = not parse_scopes(draft.scope)
    except ValueError as error:
        raise BadClient(str(error)) from None
    if is_empty or not has_words(draft.name):
        raise BadClient("A client needs a name and a scope.")
    if len(draft.name) > LONGEST_NAME:
        raise BadClient(f"A client's name has {LONGEST_NAME} characters at most.")
    for address in draft.redirect_uris:
        _check_redirect(address)
    if not draft.redirect_uris and draft.system is None:
        raise BadClient("Name redirect addresses, a system account, or both.")
    _check_keys(draft)


def _check_keys(draft: ClientDraft) -> None:
    has_keys = (draft.jwks is not None) + (draft.jwks_uri is not None)
    if draft.kind == ClientKind.PUBLIC and (has_keys or draft.system is not None):
        raise BadClient("A public client has neither keys nor a system account.")
    if draft.kind == ClientKind.CONFIDENTIAL and has_keys != 1:
        raise BadClient("A confidential client has a JWK Set or the address of one, not both.")
    if draft.jwks is not None and not draft.jwks.get("keys"):
        raise BadClient("The JWK Set holds no key.")
    if draft.jwks_uri is not None and not draft.jwks_uri.startswith(("https://", "http://127.0.0.1")):
        raise BadClient("Keys are published at an https address.")


def _check_redirect(address: str) -> None:
    parts = urlsplit(address)
    is_web = parts.scheme == "https" and bool(parts.hostname)
    is_loopback = parts.scheme == "http" and parts.hostname in _LOOPBACK
    is_own_scheme = "." in parts.scheme  # RFC 8252, 7.1: a domain of its own, turned around
    if not _ADDRESS.fullmatch(address) or "@" in parts.netloc or not (is_web or is_loopback or is_own_scheme):
        raise BadClient(
            "A redirect address begins with https://, http://127.0.0.1 or a scheme such as org.example.app:"
        )


def _public(keys: list[Any]) -> list[dict[str, Any]]:
    try:
        return [public_jwk(key) for key in keys]
    except BadKey as error:
        raise BadClient(str(error)) from None


def client_named(db_session: DbSession, client_id: object) -> OAuthClient | None:
    """Find an active client by its public id."""
    if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
        return None
    return db_session.scalar(select(OAuthClient).where(OAuthClient.client_id == client_id, OAuthClient.is_active))


def granted_scope(client: OAuthClient, role: Role, asked: str | None) -> str:
    """Give what is asked, as far as client and role go; empty where nothing is left.

    Nothing asked is all that the client may. Words that are no permissions are left out, but for two: `offline_access`
    (a refresh token) where the client may have it, `launch/patient` where the user is a patient.
    """
    words, ceiling = (asked or client.scope).split(), client.scope.split()
    permissions = for_role(role, common(readable_scopes(" ".join(words)), readable_scopes(client.scope)))
    if not permissions:
        return ""
    kept = [LAUNCH_PATIENT] if LAUNCH_PATIENT in words and role == Role.PATIENT else []
    if OFFLINE in words and OFFLINE in ceiling and role != Role.SYSTEM:
        kept.append(OFFLINE)
    return " ".join([*sorted(map(str, permissions)), *kept])


def narrowed_scope(client: OAuthClient, role: Role, asked: str | None, granted: str) -> str:
    """Give what is asked of a grant, read as when the user was asked; empty where that is more, or nothing."""
    if not (asked or "").split():
        return granted
    scope, given = granted_scope(client, role, asked), readable_scopes(granted)
    if not all(any(each.within(one) == each for one in given) for each in readable_scopes(scope)):
        return ""
    return " ".join(each for each in scope.split() if each not in WORDS or each in granted.split())
