"""What resources say of other records: looked up once, and in one go, for all that an answer shows."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.principals import Principal
from integration_api.themes.own import KnownTheme, known_themes
from models import Clinician, Identifier, Organization


class Known:
    """One answer's look-ups. `base` is the address that all of ours begin with."""

    def __init__(self, db_session: DbSession, caller: Principal, base: str) -> None:
        self.db_session, self.caller, self.base = db_session, caller, base
        self._identifiers: dict[UUID, list[Identifier]] = {}
        self.latest: dict[tuple[UUID, str], datetime] = {}  # when patients last spoke on a purpose of consent

    def system(self, name: str) -> str:
        """Give the address of a code system of ours."""
        return f"{self.base}/CodeSystem/{name}"

    @property
    def organization_id(self) -> UUID:
        """The caller's clinic."""
        return self.caller.organization_id

    @cached_property
    def organization(self) -> Organization:
        """The caller's clinic."""
        return self.db_session.get_one(Organization, self.organization_id)

    @cached_property
    def practitioners(self) -> dict[UUID, UUID]:
        """Which clinician an account is of."""
        of_clinic = (Clinician.organization_id == self.organization_id, Clinician.user_id.is_not(None))
        rows = self.db_session.execute(select(Clinician.user_id, Clinician.id).where(*of_clinic)).all()
        return {user_id: clinician_id for user_id, clinician_id in rows if user_id is not None}

    @cached_property
    def themes(self) -> dict[str, KnownTheme]:
        """The taxonomy and the clinic's own themes."""
        return known_themes(self.db_session, self.organization_id)

    def find_identifiers(self, kind: str, record_ids: Iterable[UUID]) -> None:
        """Look up what other systems call some patients or sessions."""
        wanted = [each for each in record_ids if each not in self._identifiers]
        named = Identifier.session_id if kind == "session" else Identifier.patient_id
        query = select(Identifier).where(Identifier.kind == kind, named.in_(wanted))
        self._identifiers |= {each: [] for each in wanted}
        for found in self.db_session.scalars(query.order_by(Identifier.created_at, Identifier.id)):
            self._identifiers[found.record_id].append(found)

    def forget_identifiers(self, record_id: UUID) -> None:
        """Look them up again next time: the record was changed."""
        self._identifiers.pop(record_id, None)

    def identifiers(self, record_id: UUID) -> list[Identifier]:
        """Give what other systems call a patient or session that was looked up."""
        return self._identifiers.get(record_id, [])
