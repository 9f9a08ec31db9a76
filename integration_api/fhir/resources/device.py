"""Device: the programs that find themes, a version each."""

import re
from collections.abc import Sequence

from sqlalchemy import select

from integration_api.access.policy import Resource
from integration_api.fhir.elements import Json, concept, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.resources.listed import versioned
from integration_api.fhir.sources import Link, Listed, ResourceType
from models import Document, Reach


def device_id(pipeline_version: str | None) -> str | None:
    """Turn a pipeline's version into an id as FHIR has them."""
    if pipeline_version is None:
        return None
    return "tagger-" + re.sub(r"[^A-Za-z0-9.-]", "-", pipeline_version)[:57]


def _devices(known: Known, limits: Reach) -> Sequence[Json]:
    """List the versions that the clinic's documents were tagged with."""
    of_clinic = (Document.organization_id == limits.organization_id, Document.pipeline_version.is_not(None))
    query = select(Document.pipeline_version).where(*of_clinic).distinct().order_by(Document.pipeline_version)
    return [_device(version, known) for version in known.db_session.scalars(query) if version]


def _device(version: str, known: Known) -> Json:
    return versioned(
        present(
            resourceType="Device",
            id=device_id(version),
            status="active",
            deviceName=[{"name": "Theme tagger", "type": "user-friendly-name"}],
            type=concept(text="Software that finds themes in text: a lexicon and a small trained network"),
            version=[{"value": version}],
            owner=reference("Organization", known.organization_id),
        )
    )


TYPE = ResourceType(
    name="Device",
    resource=Resource.DEVICE,
    sources=(Listed(make=_devices, parameters={"patient": lambda _: ()}),),  # a program is no one patient's
    parameters={"patient": "reference"},  # asked of every type by clients that follow patients
    references={"patient": Link("patient", ("Patient",))},
    summary=("status",),
    is_about="a version of the program that finds themes",
)
