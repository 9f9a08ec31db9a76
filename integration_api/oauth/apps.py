"""The apps that a person has let in: seen, and shut out again.

An app is a client; somebody with two telephones has let it in twice, and sees it once. It is told of while it can still
get at something, and shut out as a whole.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import WORDS, Action, Scope, readable_scopes
from integration_api.errors import NotFound
from integration_api.oauth.use_cases import FAMILY_LASTS
from models import (
    AuthorizationCode,
    OAuthClient,
    OAuthGrant,
    Page,
    PageRequest,
    Reach,
    RefreshToken,
    note_touched,
    oauth_grants_within,
    page_of_list,
    revoke_grants,
)


@dataclass(frozen=True, slots=True)
class AsOf:
    """When apps are looked at, and how long an access token is good for."""

    at: datetime
    token_lasts: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app that a person has let in. `patient_id`: who that is, where it is a patient; the trail asks for it."""

    id: UUID
    client_id: str
    name: str
    scope: str
    let_in_at: datetime
    last_used_at: datetime | None
    lasts_until: datetime
    patient_id: UUID | None


@dataclass(frozen=True, slots=True)
class _Living:
    """A grant that something can still be got with."""

    grant: OAuthGrant
    used_at: datetime | None
    until: datetime


def list_apps(db_session: DbSession, caller: Principal, as_of: AsOf, page: PageRequest) -> Page[App]:
    """List the apps that the caller has let in, by name."""
    found = _apps(db_session, reach(caller, Resource.APP, Action.SEARCH), as_of)
    return page_of_list(found, _by_name, page)


def read_app(db_session: DbSession, caller: Principal, app_id: UUID, as_of: AsOf) -> App:
    """Read one; raise `NotFound`, also of one that can do nothing any more."""
    found = _apps(db_session, reach(caller, Resource.APP, Action.READ), as_of, app_id)
    if not found:
        raise _none_such()
    return found[0]


def end_app(db_session: DbSession, caller: Principal, app_id: UUID, match: Callable[[Any], Any], as_of: AsOf) -> None:
    """Shut an app out: none of its tokens is good any more. One that is shut out stays so; raise `NotFound`."""
    limits = reach(caller, Resource.APP, Action.DELETE)
    ever = oauth_grants_within(limits).where(OAuthGrant.client_id == app_id)
    if db_session.scalar(ever.with_only_columns(OAuthGrant.id).limit(1)) is None:
        raise _none_such()
    for found in _apps(db_session, limits, as_of, app_id):
        match(found)
    revoke_grants(db_session, limits.user_id, as_of.at, app_id)
    note_touched(db_session, limits.patient_id, app_id)


def _none_such() -> NotFound:
    return NotFound("There is no such app among those that you have let in.")


def _apps(db_session: DbSession, limits: Reach, as_of: AsOf, app_id: UUID | None = None) -> list[App]:
    living = sorted(_living(db_session, limits, as_of, app_id), key=lambda each: each.grant.client_id)
    by_client = groupby(living, key=lambda each: each.grant.client_id)
    return sorted((_app(list(each), limits.patient_id) for _, each in by_client), key=_by_name)


def _by_name(app: App) -> tuple[str, UUID]:
    return app.name, app.id


def _app(living: Sequence[_Living], patient_id: UUID | None) -> App:
    client = living[0].grant.client
    return App(
        id=client.id,
        client_id=client.client_id,
        name=client.name,
        scope=_united(each.grant.scope for each in living),
        let_in_at=min(each.grant.created_at for each in living),
        last_used_at=max((each.used_at for each in living if each.used_at is not None), default=None),
        lasts_until=max(each.until for each in living),
        patient_id=patient_id,
    )


def _united(scopes: Iterable[str]) -> str:
    """Say as one scope what several allow."""
    words = {word for scope in scopes for word in scope.split()}
    actions: dict[tuple[str, str], frozenset[Action]] = {}
    for each in readable_scopes(" ".join(words)):
        named = (each.context, each.resource)
        actions[named] = actions.get(named, frozenset()) | each.actions
    permissions = (Scope(context, resource, letters) for (context, resource), letters in actions.items())
    return " ".join([*sorted(map(str, permissions)), *sorted(words & WORDS)])


def _living(db_session: DbSession, limits: Reach, as_of: AsOf, app_id: UUID | None) -> list[_Living]:
    """Find the grants that a code, refresh token or access token is still good of."""
    grants = db_session.scalars(_unended(limits, as_of, app_id)).all()
    codes, tokens = (_given(db_session, kind, grants) for kind in (AuthorizationCode, RefreshToken))
    found = []
    for grant in grants:
        rows = [each[grant.id] for each in (codes, tokens) if grant.id in each]
        used = [at for at, _ in rows if at is not None]
        used += [] if grant.id in codes else [grant.created_at]  # a code is used at once, and forgotten after a day
        ends = [until for _, until in rows if until is not None]
        ends += [at + as_of.token_lasts for at in used]  # an access token came of each use
        if max(ends, default=as_of.at) > as_of.at:
            found.append(_Living(grant, max(used, default=None), max(ends)))
    return found


def _unended(limits: Reach, as_of: AsOf, app_id: UUID | None) -> Select[OAuthGrant]:
    """Select the grants that neither a person nor the clinic has ended, and that are not too old for any token."""
    oldest = as_of.at - FAMILY_LASTS - as_of.token_lasts
    of_active = oauth_grants_within(limits).join(OAuthClient).where(OAuthClient.is_active)
    query = of_active.where(OAuthGrant.revoked_at.is_(None), OAuthGrant.created_at > oldest)
    return query if app_id is None else query.where(OAuthGrant.client_id == app_id)


def _given(
    db_session: DbSession, kind: type[AuthorizationCode] | type[RefreshToken], grants: Sequence[OAuthGrant]
) -> dict[UUID, tuple[datetime | None, datetime | None]]:
    """Say of each grant when one of its codes or refresh tokens was last used, and until when an unused one is good."""
    unused_until = case((kind.used_at.is_(None), kind.expires_at))
    query = select(kind.grant_id, func.max(kind.used_at), func.max(unused_until)).group_by(kind.grant_id)
    of_grants = query.where(kind.grant_id.in_([each.id for each in grants]))
    # Asked of the connection: with the session's condition SQLite would walk through all of the organization's tokens.
    rows = db_session.connection().execute(of_grants).all()
    return {grant_id: (used_at, until) for grant_id, used_at, until in rows}
