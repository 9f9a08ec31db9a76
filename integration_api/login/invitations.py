"""Invitations: one-use links by which people set their password and second factor, the first time or anew."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.audit import patient_id_of, tell_of_shell
from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.access.use_cases import user_named
from integration_api.errors import Invalid, NotFound
from integration_api.login import second_factor
from integration_api.login.use_cases import OnReset
from models import Credential, Invitation, Organization, Role, User, new_id, note_touched
from models.key_service import KeyService

GOOD_FOR = timedelta(days=7)


class InvitationGone(Exception):
    """The link was used, is void or too old, or never was one. Which of these is not told."""


@dataclass(frozen=True, slots=True)
class InvitationDraft:
    """Whom to invite."""

    username: str
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation as its maker may know it. The token is known this once."""

    id: UUID
    username: str
    expires_at: datetime
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Welcome:
    """What an invited person is shown. There is a secret where the role needs a second factor."""

    username: str
    organization: str
    secret: bytes | None

    @property
    def secret_in_base32(self) -> str:
        """The secret in groups of four, as people copy it."""
        text = second_factor.base32(self.secret or b"")
        return " ".join(text[place : place + 4] for place in range(0, len(text), 4))

    @property
    def link(self) -> str:
        """The link that opens an authenticator app."""
        return second_factor.link(self.secret or b"", self.username, self.organization)


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What an invited person has set: a password's hash, and the step of the code that confirmed the second factor."""

    password_hash: str
    totp_step: int | None


@dataclass(frozen=True, slots=True)
class Inviter:
    """Makes invitations: with these keys, to pages at this address, as of this moment."""

    keys: KeyService
    public_url: str
    now: datetime

    def invite(self, db_session: DbSession, user: User, invitation_id: UUID | None = None) -> Invited:
        """Make an invitation; those that the user has and has not used are void from now on."""
        db_session.execute(select(User.id).where(User.id == user.id).with_for_update())  # one invitation at a time
        db_session.execute(
            delete(Invitation).where(Invitation.user_id == user.id, Invitation.used_at.is_(None)),
            execution_options={"synchronize_session": False},
        )
        token, made_id = secrets.token_urlsafe(32), invitation_id or new_id()
        invitation = Invitation(
            id=made_id,
            organization_id=user.organization_id,
            user_id=user.id,
            token_sha256=_digest(token),
            expires_at=self.now + GOOD_FOR,
            totp=second_factor.seal_for_invitation(self.keys, second_factor.new_secret(), made_id),
        )
        db_session.add(invitation)
        db_session.flush()
        url = f"{self.public_url}/oauth/welcome?token={token}"
        return Invited(made_id, user.username, invitation.expires_at, url)

    def invite_by_name(self, db_session: DbSession, username: str) -> Invited:
        """Invite any account; for the command line, where nobody is logged in. Raises `NotFound`."""
        user = user_named(db_session, username)
        if user.role == Role.SYSTEM:
            raise NotFound("A system does not sign in with a password.")
        tell_of_shell(db_session, user, "createInvitation", Resource.INVITATION)
        return self.invite(db_session, user)


def create_invitation(db_session: DbSession, caller: Principal, draft: InvitationDraft, inviter: Inviter) -> Invited:
    """Invite somebody who has an account in the caller's organization."""
    within = reach(caller, Resource.INVITATION, Action.CREATE)
    user = db_session.scalar(
        select(User).where(
            User.username == draft.username,
            User.organization_id == within.organization_id,
            User.is_active,
            User.role != Role.SYSTEM,
        )
    )
    if user is None:
        raise Invalid.at("/username", "There is no such account.")
    note_touched(db_session, patient_id_of(db_session, user.id), user.id)  # a link is a way into that very account
    return inviter.invite(db_session, user, draft.id)


def read_invitation(db_session: DbSession, caller: Principal, invitation_id: UUID) -> Invited:
    """Read an invitation again, without its link; for a create that is repeated."""
    within = reach(caller, Resource.INVITATION, Action.CREATE)
    invitation = db_session.get(Invitation, invitation_id)
    if invitation is None or invitation.organization_id != within.organization_id:
        raise NotFound("There is no such invitation.")
    return Invited(invitation.id, invitation.user.username, invitation.expires_at)


def welcome(db_session: DbSession, token: str, keys: KeyService, now: datetime) -> Welcome:
    """Say what the holder of a link is to set; raise `InvitationGone`."""
    invitation = _good(db_session, token, now)
    organization = db_session.get_one(Organization, invitation.organization_id)
    return Welcome(invitation.user.username, organization.name, _secret(invitation, keys))


def accept(
    db_session: DbSession, token: str, new: NewCredential, keys: KeyService, now: datetime, then: Iterable[OnReset]
) -> User:
    """Use a link up: the user has this password and second factor from now on, and every sign-in from before ends."""
    invitation = _good(db_session, token, now, lock=True)
    user, secret = invitation.user, _secret(invitation, keys)
    if secret is not None and new.totp_step is None:  # the role has come to need one since the page was shown
        raise InvitationGone
    credential = db_session.get(Credential, user.id, with_for_update=True)
    if credential is None:
        credential = Credential(user_id=user.id, organization_id=user.organization_id)
        db_session.add(credential)
    credential.password_hash = new.password_hash
    credential.totp = None if secret is None else second_factor.seal_for_user(keys, secret, user.id)
    credential.totp_last_step = new.totp_step
    credential.failed_attempts, credential.next_attempt_at = 0, None
    credential.sign_ins_since = now
    invitation.used_at, invitation.totp = now, None
    db_session.flush()
    for act in then:
        act(db_session, user)
    return user


def _good(db_session: DbSession, token: str, now: datetime, *, lock: bool = False) -> Invitation:
    found = select(Invitation).where(
        Invitation.token_sha256 == _digest(token), Invitation.used_at.is_(None), Invitation.expires_at > now
    )
    invitation = db_session.scalars(found.with_for_update(of=Invitation) if lock else found).one_or_none()
    if invitation is None or not invitation.user.is_active or invitation.user.role == Role.SYSTEM:
        raise InvitationGone
    return invitation


def _secret(invitation: Invitation, keys: KeyService) -> bytes | None:
    """Open the secret that waits in an invitation, where the user's role needs one."""
    if invitation.totp is None or not second_factor.is_needed(invitation.user.role):
        return None
    return second_factor.open_for_invitation(keys, invitation.totp, invitation.id)


def _digest(token: str) -> str:
    """Hash a token. It is random and long, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
