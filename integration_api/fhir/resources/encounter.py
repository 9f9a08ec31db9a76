"""Encounter: a treatment session."""

from collections.abc import Sequence

from sqlalchemy import and_, case, func, or_

from integration_api.access.policy import Resource
from integration_api.fhir.codes import ACT_CODE, NULL_FLAVOR, PSYCHOTHERAPY, SNOMED, US_CORE
from integration_api.fhir.elements import (
    Json,
    coding,
    concept,
    identifier,
    meta,
    moment,
    own_identifier,
    period,
    present,
    reference,
)
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import (
    Condition,
    always,
    by_code,
    by_identifier,
    by_period,
    by_reference,
    of_patient,
    own,
)
from integration_api.fhir.sources import SUBJECT, Link, ResourceType, Rows
from models import Session
from models.facing import facing_sessions

PROFILE = f"{US_CORE}/us-core-encounter"
KINDS = {
    "screening": "Screening",
    "preparation": "Preparation session",
    "dosing": "Dosing session",
    "integration": "Integration session",
    "psychotherapy": "Psychotherapy session",
}
KIND_SYSTEM = "session-kind"
STATUSES = {
    "planned": "planned",
    "in_progress": "in-progress",
    "completed": "finished",
    "cancelled": "cancelled",
}
CLASSES = {
    "clinic": coding(ACT_CODE, "AMB", "ambulatory"),
    "home": coding(ACT_CODE, "HH", "home health"),
    "telehealth": coding(ACT_CODE, "VR", "virtual"),
    None: coding(NULL_FLAVOR, "UNK", "unknown"),
}


def _prepare(known: Known, rows: Sequence[Session]) -> None:
    known.find_identifiers("session", [row.id for row in rows])


def make(row: Session, known: Known) -> Json:
    """Write a session. What its patient means to meet in it is not in it: that is a Goal, where it is shared."""
    codings = [coding(known.system(KIND_SYSTEM), row.kind, KINDS[row.kind])]
    codings += [PSYCHOTHERAPY] if row.kind == "psychotherapy" else []
    return present(
        resourceType="Encounter",
        id=str(row.id),
        meta=meta(row.version, row.updated_at, profiles=[PROFILE]),
        identifier=[
            own_identifier(row.id),
            *(identifier(each.system, each.value) for each in known.identifiers(row.id)),
        ],
        status=STATUSES[row.status],
        class_=CLASSES[row.setting],
        type=[concept(*codings, text=KINDS[row.kind])],
        subject=reference("Patient", row.patient_id),
        episodeOfCare=[reference("EpisodeOfCare", row.course_id)],
        period=period(moment(row.starts_at), moment(row.ends_at)),
        serviceProvider=reference("Organization", row.organization_id),
    )


def _by_type() -> Condition:
    """Compare the kind of a session: our code, or SNOMED CT's."""
    ours = by_code(Session.kind, own(KIND_SYSTEM), {each: each for each in KINDS})
    snomed = by_code(Session.kind, SNOMED, {PSYCHOTHERAPY["code"]: "psychotherapy"})
    return lambda asked: or_(ours(asked), snomed(asked))


def _by_class() -> Condition:
    """Compare where a session is held, also where that is not known."""
    known = by_code(Session.setting, ACT_CODE, {each["code"]: ours for ours, each in CLASSES.items() if ours})
    unknown = always(CLASSES[None])
    return lambda asked: or_(known(asked), and_(unknown(asked), Session.setting.is_(None)))


# Of a session only one in progress reaches on: one without an end that is over, or yet to come, is taken to end as it
# starts, so that it is found at its day and not at every later one.
_ENDS_AT = func.coalesce(Session.ends_at, case((Session.status != "in_progress", Session.starts_at)))

_PARAMETERS = {
    **of_patient(Session.patient_id),
    "identifier": by_identifier(Session.id, "session"),
    "date": by_period(Session.starts_at, _ENDS_AT),
    "status": by_code(
        Session.status, "http://hl7.org/fhir/encounter-status", {theirs: ours for ours, theirs in STATUSES.items()}
    ),
    "class": _by_class(),
    "type": _by_type(),
    "episode-of-care": by_reference(Session.course_id, "EpisodeOfCare"),
}

TYPE = ResourceType(
    name="Encounter",
    resource=Resource.ENCOUNTER,
    sources=(
        Rows(
            within=facing_sessions,
            id=Session.id,
            updated=Session.updated_at,
            at=Session.starts_at,
            make=make,
            parameters=_PARAMETERS,
            prepare=_prepare,
        ),
    ),
    parameters={
        "patient": "reference",
        "subject": "reference",
        "identifier": "token",
        "date": "date",
        "status": "token",
        "class": "token",
        "type": "token",
        "episode-of-care": "reference",
    },
    references={
        "patient": SUBJECT,
        "subject": SUBJECT,
        "episode-of-care": Link("episodeOfCare", ("EpisodeOfCare",)),
    },
    chains=("patient.identifier", "subject.identifier"),
    summary=("identifier", "status", "class", "type", "subject", "episodeOfCare"),
    mandatory=("status", "class"),
    profiles=(PROFILE,),
    is_written=True,
    is_about="a session",
)
