"""The principal: who is calling, as every use case is told."""

from dataclasses import dataclass
from uuid import UUID

from integration_api.access.scopes import Scope
from models import CLINICAL_ROLES, Role


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose token was good. `patient_id` or `clinician_id` says which person it is, if any."""

    user_id: UUID
    organization_id: UUID
    role: Role
    scopes: frozenset[Scope]
    patient_id: UUID | None = None
    clinician_id: UUID | None = None
    opened: frozenset[UUID] = frozenset()  # patients whose record a clinician has opened by break-glass
    client: str | None = None  # the application that calls in the user's name
    sid: UUID | None = None  # the grant by which it does; it may be revoked

    @property
    def is_clinician(self) -> bool:
        """Tell whether the caller gives care."""
        return self.role in CLINICAL_ROLES
