"""Who may do what to whose records: one table, and one function that every route and use case goes through."""

from enum import StrEnum

from integration_api.access.principals import Principal
from integration_api.access.scopes import Action, Scope, common, parse_scopes
from integration_api.errors import BeyondScope, NotAllowed
from models.person import CLINICAL_ROLES, Role
from models.scoped import Extent, Reach


class Resource(StrEnum):
    """What is protected, by the name that scopes use."""

    ME = "Me"
    APP = "App"
    HOME = "Home"
    CONSENT = "Consent"
    INVITATION = "Invitation"
    PATIENT = "Patient"
    CLINICIAN = "Clinician"
    CARE_TEAM = "CareTeam"
    COURSE = "Course"
    SESSION = "Session"
    VITALS = "Vitals"
    JOURNAL_ENTRY = "JournalEntry"
    ATTACHMENT = "Attachment"
    MOOD_CHECK_IN = "MoodCheckIn"
    NOTE = "Note"
    TAXONOMY = "Taxonomy"
    THEME = "Theme"
    MENTION = "Mention"
    INTENTION = "Intention"
    COMMITMENT = "Commitment"
    MEASURE = "Measure"
    MEASURE_RESPONSE = "MeasureResponse"
    MEASURE_DUE = "MeasureDue"
    PROMPT = "Prompt"
    PROMPT_OFFER = "PromptOffer"
    REMINDER = "Reminder"
    BRIEF = "Brief"
    CASELOAD = "Caseload"
    SEARCH = "Search"
    SYNC = "Sync"
    SAFETY_FLAG = "SafetyFlag"
    BREAK_GLASS = "BreakGlass"
    AUDIT_EVENT = "AuditEvent"
    EXPORT = "Export"
    ERASURE = "Erasure"
    WEBHOOK = "Webhook"
    SUBSCRIPTION = "Subscription"
    BULK_EXPORT = "BulkExport"
    EHR_CONNECTION = "EhrConnection"
    EHR_COPY = "EhrCopy"
    # The same records by FHIR's names, where those differ.
    GROUP = "Group"
    PRACTITIONER = "Practitioner"
    PRACTITIONER_ROLE = "PractitionerRole"
    EPISODE_OF_CARE = "EpisodeOfCare"
    ENCOUNTER = "Encounter"
    MEDICATION_ADMINISTRATION = "MedicationAdministration"
    OBSERVATION = "Observation"
    DOCUMENT_REFERENCE = "DocumentReference"
    QUESTIONNAIRE = "Questionnaire"
    QUESTIONNAIRE_RESPONSE = "QuestionnaireResponse"
    GOAL = "Goal"
    CARE_PLAN = "CarePlan"
    FLAG = "Flag"
    PROVENANCE = "Provenance"
    DEVICE = "Device"
    ORGANIZATION = "Organization"
    CODE_SYSTEM = "CodeSystem"
    VALUE_SET = "ValueSet"


_OWN, _TEAM, _ORG, _CONSENTED = Extent.OWN, Extent.CARE_TEAM, Extent.ORGANIZATION, Extent.CONSENTED
_CLINICIANS = tuple(sorted(CLINICAL_ROLES))
_EVERYBODY = (Role.PATIENT, *_CLINICIANS, Role.ADMIN, Role.SYSTEM)

_FOR_SYSTEMS = (
    Resource.PATIENT,
    Resource.CARE_TEAM,
    Resource.COURSE,
    Resource.SESSION,
    Resource.VITALS,
    Resource.JOURNAL_ENTRY,
    Resource.ATTACHMENT,
    Resource.NOTE,
    Resource.MEASURE_RESPONSE,
)

# By FHIR's name a record is read and searched by those, and as far, as by ours; models/facing.py narrows it further.
_KNOWN_AS: dict[Resource, tuple[Resource, ...]] = {
    Resource.PATIENT: (Resource.GROUP,),
    Resource.CLINICIAN: (Resource.PRACTITIONER, Resource.PRACTITIONER_ROLE),
    Resource.COURSE: (Resource.EPISODE_OF_CARE,),
    Resource.SESSION: (Resource.ENCOUNTER, Resource.MEDICATION_ADMINISTRATION),
    Resource.VITALS: (Resource.OBSERVATION,),
    Resource.NOTE: (Resource.DOCUMENT_REFERENCE,),
    Resource.MEASURE: (Resource.QUESTIONNAIRE,),
    Resource.MEASURE_RESPONSE: (Resource.QUESTIONNAIRE_RESPONSE,),
    Resource.INTENTION: (Resource.GOAL,),
    Resource.COMMITMENT: (Resource.CARE_PLAN,),
    Resource.SAFETY_FLAG: (Resource.FLAG,),
    Resource.THEME: (Resource.PROVENANCE,),
    Resource.TAXONOMY: (Resource.DEVICE, Resource.ORGANIZATION, Resource.CODE_SYSTEM, Resource.VALUE_SET),
}
_FOR_SYSTEMS_BY_FHIR = (
    Resource.GOAL,
    Resource.CARE_PLAN,
    Resource.FLAG,
    Resource.PROVENANCE,
    Resource.CONSENT,
    Resource.AUDIT_EVENT,
)

# resource, roles, what they may do (create, read, update, delete, search), to whose records.
# What is not written is not allowed. Within this, private entries are their patient's alone, psychotherapy notes
# their author's (models/scoped.py), and only a note's author changes it (notes/use_cases.py).
# A system sees what its scopes and the patients' consents allow; it puts in patients and their visits, and changes
# those that it has put in. A clinician who breaks the glass reads, for a short
# time, what the care team reads; no more.
_TABLE: tuple[tuple[Resource, tuple[Role, ...], str, Extent], ...] = (
    (Resource.ME, _EVERYBODY, "r", _OWN),
    (Resource.APP, (Role.PATIENT, *_CLINICIANS, Role.ADMIN), "rds", _OWN),
    (Resource.HOME, (Role.PATIENT,), "r", _OWN),
    (Resource.CONSENT, (Role.PATIENT,), "crs", _OWN),
    (Resource.INVITATION, (Role.ADMIN,), "c", _ORG),
    (Resource.TAXONOMY, (Role.PATIENT, Role.SYSTEM), "rs", _ORG),
    (Resource.TAXONOMY, (*_CLINICIANS, Role.ADMIN), "cruds", _ORG),
    (Resource.PATIENT, (Role.PATIENT,), "rs", _OWN),
    (Resource.PATIENT, _CLINICIANS, "rs", _TEAM),
    (Resource.PATIENT, (Role.ADMIN,), "crus", _ORG),
    (Resource.CLINICIAN, (Role.PATIENT, *_CLINICIANS), "rs", _ORG),
    (Resource.CLINICIAN, (Role.ADMIN,), "crus", _ORG),
    (Resource.CARE_TEAM, (Role.PATIENT,), "r", _OWN),
    (Resource.CARE_TEAM, _CLINICIANS, "r", _TEAM),
    (Resource.CARE_TEAM, (Role.ADMIN,), "ru", _ORG),
    (Resource.COURSE, (Role.PATIENT,), "rs", _OWN),
    (Resource.COURSE, _CLINICIANS, "crus", _TEAM),
    (Resource.SESSION, (Role.PATIENT,), "rs", _OWN),
    (Resource.SESSION, _CLINICIANS, "crus", _TEAM),
    (Resource.VITALS, (Role.PATIENT,), "rs", _OWN),
    (Resource.VITALS, _CLINICIANS, "crds", _TEAM),
    (Resource.JOURNAL_ENTRY, (Role.PATIENT,), "cruds", _OWN),
    (Resource.JOURNAL_ENTRY, _CLINICIANS, "rs", _TEAM),
    (Resource.ATTACHMENT, (Role.PATIENT,), "cruds", _OWN),
    (Resource.ATTACHMENT, _CLINICIANS, "rs", _TEAM),
    (Resource.MOOD_CHECK_IN, (Role.PATIENT,), "crds", _OWN),
    (Resource.MOOD_CHECK_IN, _CLINICIANS, "rs", _TEAM),
    (Resource.NOTE, (Role.PATIENT,), "rs", _OWN),
    (Resource.NOTE, _CLINICIANS, "cruds", _TEAM),
    (Resource.THEME, (Role.PATIENT,), "rs", _OWN),
    (Resource.THEME, _CLINICIANS, "rs", _TEAM),
    (Resource.MENTION, (Role.PATIENT,), "r", _OWN),
    (Resource.MENTION, _CLINICIANS, "ru", _TEAM),
    *((each, (Role.PATIENT,), "cruds", _OWN) for each in (Resource.INTENTION, Resource.COMMITMENT)),
    *((each, _CLINICIANS, "cruds", _TEAM) for each in (Resource.INTENTION, Resource.COMMITMENT)),
    (Resource.MEASURE, _EVERYBODY, "rs", _ORG),
    (Resource.MEASURE_RESPONSE, (Role.PATIENT,), "crds", _OWN),
    (Resource.MEASURE_RESPONSE, _CLINICIANS, "crds", _TEAM),
    (Resource.MEASURE_DUE, (Role.PATIENT,), "s", _OWN),
    (Resource.PROMPT, (Role.PATIENT, Role.SYSTEM), "rs", _ORG),
    (Resource.PROMPT, (*_CLINICIANS, Role.ADMIN), "cruds", _ORG),
    (Resource.PROMPT_OFFER, (Role.PATIENT,), "ru", _OWN),
    (Resource.REMINDER, (Role.PATIENT,), "rus", _OWN),
    (Resource.BRIEF, _CLINICIANS, "r", _TEAM),
    (Resource.CASELOAD, _CLINICIANS, "s", _TEAM),
    (Resource.SYNC, (Role.PATIENT,), "u", _OWN),
    (Resource.SEARCH, (Role.PATIENT,), "s", _OWN),
    (Resource.SEARCH, _CLINICIANS, "s", _TEAM),
    (Resource.SAFETY_FLAG, _CLINICIANS, "rus", _TEAM),
    (Resource.BREAK_GLASS, (Role.PATIENT,), "s", _OWN),
    (Resource.BREAK_GLASS, _CLINICIANS, "c", _ORG),
    (Resource.BREAK_GLASS, _CLINICIANS, "s", _TEAM),
    (Resource.BREAK_GLASS, (Role.ADMIN,), "s", _ORG),
    (Resource.AUDIT_EVENT, (Role.PATIENT,), "s", _OWN),
    (Resource.AUDIT_EVENT, (Role.ADMIN,), "s", _ORG),
    (Resource.EXPORT, (Role.PATIENT,), "r", _OWN),
    (Resource.ERASURE, (Role.PATIENT,), "cr", _OWN),
    (Resource.WEBHOOK, (Role.ADMIN,), "cruds", _ORG),
    (Resource.SUBSCRIPTION, (Role.SYSTEM,), "crds", _OWN),
    (Resource.BULK_EXPORT, (Role.SYSTEM,), "crd", _OWN),  # of what it may search; its scopes say by type
    (Resource.EHR_CONNECTION, (Role.ADMIN,), "crus", _ORG),
    (Resource.EHR_COPY, (Role.PATIENT,), "s", _OWN),
    (Resource.EHR_COPY, _CLINICIANS, "crs", _TEAM),
    *((each, (Role.SYSTEM,), "rs", _CONSENTED) for each in (*_FOR_SYSTEMS, *_FOR_SYSTEMS_BY_FHIR)),
    *((each, (Role.SYSTEM,), "rs", _ORG) for each in (Resource.PRACTITIONER, Resource.PRACTITIONER_ROLE)),
    *((each, (Role.SYSTEM,), "cu", Extent.PUT_IN) for each in (Resource.PATIENT, Resource.ENCOUNTER)),
)
_BY_FHIR = tuple(
    (name, roles, "".join(letter for letter in letters if letter in "rs"), extent)
    for resource, roles, letters, extent in _TABLE
    for name in _KNOWN_AS.get(resource, ())
)
_EXTENTS = {
    (resource, role, Action(letter)): extent
    for resource, roles, letters, extent in (*_BY_FHIR, *_TABLE)
    for role in roles
    for letter in letters
}


def extent_of(role: Role, resource: Resource, action: Action) -> Extent:
    """Tell how far a role reaches; `Extent.NOBODY` where it may not do this at all."""
    return _EXTENTS.get((resource, role, action), Extent.NOBODY)


def reach(principal: Principal, resource: Resource, action: Action) -> Reach:
    """Tell whose records the principal may do this to; raise `NotAllowed` where the role or the token forbids it."""
    extent = extent_of(principal.role, resource, action)
    if extent is Extent.NOBODY:
        raise NotAllowed("Your account is not meant for this. If you need it, please ask your clinic.")
    if not any(scope.allows(resource, action) for scope in principal.scopes):
        raise BeyondScope("This app was not given the right to do this. You can connect it again and allow it.")
    return Reach(
        organization_id=principal.organization_id,
        user_id=principal.user_id,
        extent=extent,
        patient_id=principal.patient_id,
        clinician_id=principal.clinician_id,
        opened=principal.opened if action in (Action.READ, Action.SEARCH) else frozenset(),
    )


def full_scope(role: Role) -> str:
    """Name everything that a role may do, as a token's scope."""
    context = {Role.PATIENT: "patient", Role.SYSTEM: "system"}.get(role, "user")
    return f"{context}/*.cruds"


def for_role(role: Role, asked: frozenset[Scope]) -> frozenset[Scope]:
    """Give what a role may do of what is asked: its own context, resources that there are, letters that it has."""
    cut = (_cut(role, scope) for scope in common(asked, parse_scopes(full_scope(role))))
    return frozenset(scope for scope in cut if scope.actions)


def _cut(role: Role, scope: Scope) -> Scope:
    may = {action for (resource, who, action) in _EXTENTS if who == role and scope.resource in ("*", resource)}
    return Scope(scope.context, scope.resource, scope.actions & may)
