"""What record systems are sent: the facade's own resources, with references that mean something there."""

import base64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from integration_api.fhir.codes import CLINICAL_NOTE, MENTAL_HEALTH, RESTRICTED
from integration_api.fhir.elements import SUBJECT_OF_CONTENT, Json, concept, own_identifier, present

_TAKEN_BACK = base64.b64encode(b"Withdrawn by the sender.").decode()


def addressed(resource: Json, subject_id: str, names: Mapping[str, str]) -> Json:
    """Address a DocumentReference of ours to a patient of theirs.

    Who wrote and who keeps it become logical references: by our identifiers, with their `names` by reference. The
    visit is left out: it may not be there.
    """
    subject = {"reference": f"Patient/{subject_id}"}
    sent = _unplaced(resource) | {"subject": subject}
    sent["author"] = [_logical(each, subject, names) for each in resource.get("author", ())]
    if "custodian" in resource:
        sent["custodian"] = _logical(resource["custodian"], subject, names)
    sent["context"] = present(period=resource.get("context", {}).get("period"))
    return present(**sent)


def introduced(resource: Json) -> Json:
    """Make of a Patient of ours one that is to be created there."""
    return present(**{**_unplaced(resource), "managingOrganization": None})


def taken_back(document_id: UUID, kind: Json, subject_id: str | None) -> Json:
    """Write what takes a copy's place that may not be there: that it was a mistake, and none of its words.

    The kind stays, and a line of our own instead of the words: servers that hold US Core refuse it otherwise.
    """
    return present(
        resourceType="DocumentReference",
        meta={"security": [RESTRICTED, MENTAL_HEALTH]},
        identifier=[own_identifier(document_id)],
        status="entered-in-error",
        type=concept(kind),
        category=[concept(CLINICAL_NOTE)],
        subject={"reference": f"Patient/{subject_id}"} if subject_id else None,
        content=[{"attachment": {"contentType": "text/plain; charset=utf-8", "data": _TAKEN_BACK}}],
    )


def _unplaced(resource: Json) -> dict[str, Any]:
    """Leave out what is ours alone: the id, and which version of ours it is."""
    kept = {name: value for name, value in resource.items() if name != "id"}
    ours = ("versionId", "lastUpdated")
    return kept | {"meta": {name: value for name, value in resource["meta"].items() if name not in ours}}


def _logical(reference: Json, subject: Json, names: Mapping[str, str]) -> Json:
    kind, _, record_id = reference["reference"].partition("/")
    if kind == "Patient":
        return subject
    named = {"system": SUBJECT_OF_CONTENT, "value": f"urn:uuid:{record_id}"}
    return present(type=kind, identifier=named, display=names.get(reference["reference"]))
