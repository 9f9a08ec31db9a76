"""What the audit trail is told of a request: who, what, whose record, why, from where, and how it ended."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import IntegrationError, NotAllowed, NotFound
from models import STAFF_ROLES, AuditEvent, Deed, Patient, Role, User, append_deeds, now

_WORDS = {"c": "create", "r": "read", "u": "update", "d": "delete", "s": "search"}
_CHANGED_BY = {"changePassword": "Password"}  # else it is a sign-in, or a token, that came about
_WHY = {Role.PATIENT: "own_record", Role.ADMIN: "administration", Role.SYSTEM: "ehr"}


@dataclass(slots=True)
class Trace:
    """One request on its way. `subjects` maps each patient whose record it touched to the record, if it was one.

    `record_id` is the one that its path names, or that it made of what belongs to no patient.
    """

    operation: str
    resource: str
    action: str
    origin: str
    path_patient: UUID | None = None
    record_id: UUID | None = None
    caller: Principal | None = None
    subjects: dict[UUID | None, UUID | None] = field(default_factory=dict)
    is_recorded: bool = False

    def saw(self, record: Any) -> None:
        """Note whose record is being answered with; of what a clinic sets up, which."""
        patient_id = self.path_patient or _patient_of(record)
        if patient_id is not None:
            self.subjects[patient_id] = None if patient_id in self.subjects else _id_of(record)
        elif self.action == Action.CREATE:
            self.record_id = self.record_id or _id_of(record)

    def record(self, db_session: DbSession, at: datetime, outcome: str) -> None:
        """Put the request into its caller's trail, once; one event a patient whose record it touched."""
        if self.caller is None or self.is_recorded:
            return
        subjects = self.subjects or {self.path_patient: self.record_id}
        deeds = [self._deed(self.caller, patient_id, record_id, outcome) for patient_id, record_id in subjects.items()]
        append_deeds(db_session, self.caller.organization_id, at, deeds)
        self.is_recorded = True

    def _deed(self, caller: Principal, patient_id: UUID | None, record_id: UUID | None, outcome: str) -> Deed:
        is_opened = patient_id is not None and patient_id in caller.opened
        return Deed(
            operation=self.operation,
            resource=self.resource,
            action=_WORDS[self.action],
            outcome=outcome,
            purpose="break_glass" if is_opened else _WHY.get(caller.role, "treatment"),
            actor_id=caller.user_id,
            actor_role=caller.role,
            origin=self.origin,
            client=caller.client,
            patient_id=patient_id,
            record_id=record_id,
        )


def origin_for(caller: Principal, event: AuditEvent) -> str | None:
    """Give the address that an event came from; to a patient not that of who works for the clinic, maybe at home."""
    return None if caller.role == Role.PATIENT and event.actor_role in STAFF_ROLES else event.origin


def tell(
    db_session: DbSession,
    user_id: UUID | None,
    operation: str,
    outcome: str,
    origin: str,
    client: str | None = None,
) -> None:
    """Put into the trail how somebody was let in, or changed what lets them in, or not; a patient's own trail, too."""
    user = None if user_id is None else db_session.get(User, user_id)
    if user is None:
        return
    changed = _CHANGED_BY.get(operation)
    deed = Deed(
        operation=operation,
        resource=changed or ("Token" if client else "SignIn"),
        action="update" if changed else "create",
        outcome=outcome,
        purpose="sign_in",
        actor_id=user.id,
        actor_role=user.role,
        origin=origin,
        client=client,
        patient_id=patient_id_of(db_session, user.id),
    )
    append_deeds(db_session, user.organization_id, now(), [deed])


def tell_of_shell(db_session: DbSession, user: User, operation: str, resource: str) -> None:
    """Tell the trail of an account, or a way into one, that was made in the shell; a patient's own trail, too."""
    deed = Deed.by_command_line(operation, resource, "create", patient_id_of(db_session, user.id), user.id)
    append_deeds(db_session, user.organization_id, now(), [deed])


def patient_id_of(db_session: DbSession, user_id: UUID) -> UUID | None:
    """Give the patient that an account is of, if any."""
    return db_session.scalar(select(Patient.id).where(Patient.user_id == user_id))


def outcome_of(error: BaseException) -> str:
    """Say how a request ended that raised."""
    match error:
        case NotAllowed():
            return "refused"
        case NotFound():
            return "not_found"
        case IntegrationError():
            return "invalid"
        case _:
            return "failed"


def _patient_of(record: Any) -> UUID | None:
    event = getattr(record, "event", record)  # the trail is listed with names beside its events
    if isinstance(event, AuditEvent) and event.resource == Resource.AUDIT_EVENT:
        return None  # that somebody looked at the trail; were looking at that told of anew, it would never end
    found = record.id if isinstance(record, Patient) else getattr(record, "patient_id", None)
    return found if isinstance(found, UUID) else None


def _id_of(record: Any) -> UUID | None:
    found = getattr(record, "id", None)
    return found if isinstance(found, UUID) else None
