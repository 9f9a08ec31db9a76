"""A whole visit by fhirclient and by fhirpy: come in, put a patient and a visit in, read, page, be refused."""

import asyncio
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import requests
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.documentreference import DocumentReference
from fhirclient.models.observation import Observation
from fhirclient.models.operationoutcome import OperationOutcome
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRNotFoundException
from fhirpy import AsyncFHIRClient
from fhirpy.base import exceptions

pytestmark = pytest.mark.one_database


@pytest.fixture
def smart(running: Any) -> Iterator[FHIRClient]:
    """fhirclient as a backend service: it finds the token endpoint in the CapabilityStatement and gets its token."""
    backend = running.backend("RS384")
    asked = {"app_id": backend.client_id, "api_base": running.base, "scope": backend.scope}
    made = FHIRClient(asked | {"jwt_token": backend.assertion()})
    assert made.prepare() is False
    made.authorize()
    assert made.ready
    yield made
    made.server.session.close()


def together(patient: Any, visit: Any) -> Bundle:
    """Put both in at once, each unless it is there."""
    entries = [
        {
            "fullUrl": f"urn:uuid:0192d3b2-0000-7000-8000-00000000000{number}",
            "resource": each,
            "request": {"method": "POST", "url": each["resourceType"], "ifNoneExist": f"identifier={named(each)}"},
        }
        for number, each in enumerate((patient, visit))
    ]
    visit["subject"] = {"reference": entries[0]["fullUrl"]}
    return Bundle({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def named(resource: Any) -> str:
    (own,) = resource["identifier"]
    return f"{own['system']}|{own['value']}"


def test_fhirclient(running: Any, smart: FHIRClient, patient: Any, visit: Any) -> None:
    server, maya, whole = smart.server, running.record.ids["maya"], together(patient, visit)
    for status in ("201", "200"):
        answer = Bundle(server.post_json("", whole.as_json()).json())
        assert [each.response.status for each in answer.entry] == [status, status]
    (put_in,) = Patient.where({"identifier": named(patient)}).perform_resources_iter(server)
    assert [each.birthDate.isostring for each in (put_in, Patient.read(put_in.id, server))] == ["1984-05-17"] * 2

    with pytest.raises(FHIRNotFoundException) as unknown:
        Patient.read(maya, server)
    assert OperationOutcome(unknown.value.response.json()).issue[0].code == "not-found"
    assert list(DocumentReference.where({"patient": maya}).perform_resources_iter(server)) == []
    running.record.consents()
    assert Patient.read(maya, server).id == maya
    for model in (DocumentReference, Observation):
        pages = list(model.where({"patient": maya, "_count": "2"}).perform_iter(server))
        found = [each.resource.id for page in pages for each in page.entry or ()]
        assert (sorted(found), len(pages) > 1) == (running.ids(model.__name__, f"patient={maya}"), True)

    kinds = [each.type for each in server.capabilityStatement.rest[0].resource]
    filled = set()
    for kind in kinds:  # its models take no element that R4 does not have, and miss none that it asks for
        model = getattr(import_module(f"fhirclient.models.{kind.lower()}"), kind)
        filled |= {kind} if next(model.where({}).perform_iter(server)).entry else set()
    assert set(kinds) - filled == {"Subscription"}

    with pytest.raises(requests.HTTPError) as refused:
        next(Patient.where({"colour": "red"}).perform_iter(server))
    assert OperationOutcome(refused.value.response.json()).issue[0].severity == "error"


def test_fhirpy(running: Any, patient: Any, visit: Any) -> None:
    bearer = f"Bearer {running.backend('ES384').token()}"
    client = AsyncFHIRClient(running.base, authorization=bearer)
    lenient = AsyncFHIRClient(running.base, authorization=bearer, extra_headers={"Prefer": "handling=lenient"})

    async def whole_visit() -> None:
        await _put_in(client, patient, visit)
        await _read(client, running)
        await _is_refused(client)
        maya = running.record.ids["maya"]  # its count() asks with _totalMethod, which is no parameter of FHIR's
        number = await lenient.resources("Observation").search(patient=maya).count()
        assert number == len(running.ids("Observation", f"patient={maya}"))

    asyncio.run(whole_visit())


async def _put_in(client: AsyncFHIRClient, patient: Any, visit: Any) -> None:
    for is_new in (True, False):  # its condition stands in the query, not in If-None-Exist
        patients = client.resources("Patient").search(identifier=named(patient))
        put_in, was_new = await patients.get_or_create(client.resource("Patient", **patient))
        assert was_new is is_new
        visits = client.resources("Encounter").search(identifier=named(visit))
        visit["subject"] = put_in.to_reference().serialize()
        made, was_new = await visits.get_or_create(client.resource("Encounter", **visit))
        assert was_new is is_new
    assert [each.id for each in await visits.fetch_all()] == [made.id]
    assert (await made["subject"].to_resource()).id == put_in.id
    put_in["birthDate"] = "1984-05-18"
    await put_in.update()
    await put_in.refresh()  # with a bare version for an ETag
    assert (put_in["birthDate"], put_in["meta"]["versionId"]) == ("1984-05-18", "2")


async def _read(client: AsyncFHIRClient, running: Any) -> None:
    maya = running.record.ids["maya"]
    with pytest.raises(exceptions.ResourceNotFound):
        await client.get("Patient", maya)
    running.record.consents()
    assert (await client.get("Patient", maya))["id"] == maya
    for kind in ("DocumentReference", "Observation"):
        found = client.resources(kind).search(patient=maya).limit(2)
        assert sorted(each.id for each in await found.fetch_all()) == running.ids(kind, f"patient={maya}")
    documents = client.resources("DocumentReference").search(patient=maya).revinclude("Provenance", "target")
    told = await documents.fetch_raw()
    assert {each.resource.resourceType for each in told.entry} == {"DocumentReference", "Provenance"}


async def _is_refused(client: AsyncFHIRClient) -> None:
    for asked in (
        client.resources("Patient").search(colour="red").fetch(),
        client.resources("Observation").count(),
        client.patch("Patient", "nobody", birthDate="1984-05-17"),
    ):
        with pytest.raises(exceptions.OperationOutcome) as refused:
            await asked
        assert refused.value.resource["issue"][0]["severity"] == "error"
