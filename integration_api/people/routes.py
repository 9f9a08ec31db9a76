"""/me, /patients, /patients/{id}/care-team, /clinicians."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.db import reading, unit_of_work
from integration_api.people import schemas, use_cases
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once
from integration_api.web.pages import PageQuery
from integration_api.wiring import parts

blp = Blueprint("People", __name__, url_prefix="/v1", description="Who is in care, and who gives it.")


@blp.route("/me")
class Me(MethodView):
    """The caller."""

    @blp.reads("readMe", schemas.MeSchema, of=Resource.ME)
    def get(self, caller: Principal) -> object:
        """Read who the token speaks for.

        Answers the caller's account, role, person and organization, and what the token may be used for.
        """
        with reading() as db_session:
            return use_cases.read_me(db_session, caller)


@blp.route("/patients")
class Patients(MethodView):
    """People in care."""

    @blp.lists("listPatients", schemas.PatientSchema, PageQuery, of=Resource.PATIENT)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List patients.

        By name: the caller's own record for a patient, those of the care teams one is on for a clinician, all of the
        organization for an admin.
        """
        with reading() as db_session:
            return use_cases.list_patients(db_session, caller, page)

    @blp.creates("registerPatient", schemas.PatientDraftSchema, schemas.PatientSchema, of=Resource.PATIENT)
    def post(self, caller: Principal, draft: use_cases.PatientDraft, once: Once) -> object:
        """Register a patient.

        Takes a person into care, with an empty care team. A `username` gives the person an account.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: use_cases.register_patient(db_session, caller, draft, parts().now()),
                lambda patient_id: use_cases.read_patient(db_session, caller, patient_id),
            )


@blp.route("/patients/<uuid:patient_id>")
class OnePatient(MethodView):
    """One person in care."""

    @blp.reads("readPatient", schemas.PatientSchema, of=Resource.PATIENT)
    def get(self, caller: Principal, patient_id: UUID) -> object:
        """Read a patient.

        Answers the person's name, day of birth and account, and whether it is let in.
        """
        with reading() as db_session:
            return use_cases.read_patient(db_session, caller, patient_id)

    @blp.patches("changePatient", schemas.PatientChangeSchema, schemas.PatientSchema, of=Resource.PATIENT)
    def patch(self, caller: Principal, merge: Any, patient_id: UUID) -> object:
        """Change a patient.

        A merge patch of name, day of birth, or an account for a person who has none yet. With `is_active` false the
        account is switched off, as when a telephone was stolen: sign-ins, tokens and invitations end at once, while the
        record, the care team and the consents stay. With true the person may sign in again; apps are let in anew. Who
        was forgotten is not let in again (409).
        """
        with unit_of_work() as db_session:
            return use_cases.change_patient(db_session, caller, patient_id, merge, parts().now())


@blp.route("/patients/<uuid:patient_id>/care-team")
class CareTeam(MethodView):
    """Who cares for a patient."""

    @blp.reads("readCareTeam", schemas.CareTeamSchema, of=Resource.CARE_TEAM)
    def get(self, caller: Principal, patient_id: UUID) -> object:
        """Read a care team.

        Answers the clinicians who care for the patient, and since when.
        """
        with reading() as db_session:
            return use_cases.read_care_team(db_session, caller, patient_id)

    @blp.replaces("replaceCareTeam", schemas.CareTeamDraftSchema, schemas.CareTeamSchema, of=Resource.CARE_TEAM)
    def put(self, caller: Principal, draft: dict[str, Any], match: Any, patient_id: UUID) -> object:
        """Replace a care team.

        Says who cares for the patient from now on. A clinician who is no longer in it no longer sees the patient.
        """
        chosen = [member["clinician_id"] for member in draft["members"]]
        with unit_of_work() as db_session:
            return use_cases.replace_care_team(db_session, caller, patient_id, match, chosen)


@blp.route("/clinicians")
class Clinicians(MethodView):
    """People who give care."""

    @blp.lists("listClinicians", schemas.ClinicianSchema, PageQuery, of=Resource.CLINICIAN)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List clinicians.

        Those of the caller's organization, by name.
        """
        with reading() as db_session:
            return use_cases.list_clinicians(db_session, caller, page)

    @blp.creates("registerClinician", schemas.ClinicianDraftSchema, schemas.ClinicianSchema, of=Resource.CLINICIAN)
    def post(self, caller: Principal, draft: use_cases.ClinicianDraft, once: Once) -> object:
        """Register a clinician.

        Takes a therapist, physician or nurse into the organization. A `username` gives the person an account.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: use_cases.register_clinician(db_session, caller, draft),
                lambda clinician_id: use_cases.read_clinician(db_session, caller, clinician_id),
            )


@blp.route("/clinicians/<uuid:clinician_id>")
class OneClinician(MethodView):
    """One person who gives care."""

    @blp.reads("readClinician", schemas.ClinicianSchema, of=Resource.CLINICIAN)
    def get(self, caller: Principal, clinician_id: UUID) -> object:
        """Read a clinician.

        Answers the person's name, role and account, and whether it is let in.
        """
        with reading() as db_session:
            return use_cases.read_clinician(db_session, caller, clinician_id)

    @blp.patches("changeClinician", schemas.ClinicianChangeSchema, schemas.ClinicianSchema, of=Resource.CLINICIAN)
    def patch(self, caller: Principal, merge: Any, clinician_id: UUID) -> object:
        """Change a clinician.

        A merge patch of name, role, or an account for a person who has none yet. With `is_active` false the account is
        switched off, as when somebody leaves: sign-ins, tokens and invitations end at once, and so do the clinician's
        places in care teams and openings by break-glass. With true the person may sign in again; nothing else returns.
        """
        with unit_of_work() as db_session:
            return use_cases.change_clinician(db_session, caller, clinician_id, merge, parts().now())
