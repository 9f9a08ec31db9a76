"""The conversation with a record system about one copy: who the patient is there, create, update, withdraw.

US Core, "Writing Clinical Notes": `If-None-Exist` by our identifier, so that a try whose answer was lost never makes a
second copy; 202 where somebody there has to let it in; `entered-in-error` for what is taken back.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from integration_api.access.outgoing import Answer, OutgoingError
from integration_api.ehr.client import GONE, Ehr, NoToken, object_in, token_of
from integration_api.ehr.queue import NOT_FOUND, NOT_RECALLED, Outcome
from integration_api.fhir.elements import SUBJECT_OF_CONTENT, Json
from integration_api.fhir.pushed import addressed, introduced, taken_back

_OK, _CREATED, _ACCEPTED = 200, 201, 202
_STALE = 412
_AGAIN = frozenset({401, 408, 409, 423, 425, 429})  # and whatever begins with 5
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")  # FHIR's type id
_PLACE = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?/?$")


class Ended(Exception):
    """The conversation is over before its end; `outcome` says how."""

    def __init__(self, state: str, reason: str | None, status: int | None, retry_after: str | None = None) -> None:
        super().__init__(state)
        self.state, self.reason, self.status, self.retry_after = state, reason, status, retry_after


class Recalled(Exception):
    """What was to be sent may not leave any more: the other side was slow, and meanwhile the patient took it back."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Parcel:
    """All that a conversation needs to know. `document` None: it is to be withdrawn, for `reason`.

    `recalled` says why the document may not leave at this moment; None: it may.
    """

    document_id: UUID
    kind: Json
    stamp: int
    recalled: Callable[[], str | None]
    reason: str | None = None
    document: Json | None = field(default=None, repr=False)
    version: int | None = None
    patient: Json | None = field(default=None, repr=False)  # to be created, where that is wanted
    patient_identifier: tuple[str, str] | None = field(default=None, repr=False)
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    remote_id: str | None = None
    remote_version: str | None = None
    remote_patient_id: str | None = None
    was_told: bool = False  # the document went out before
    is_told: bool = False
    has_left: bool = False

    @property
    def identifier(self) -> tuple[str, str]:
        """What the document is called, by us."""
        return SUBJECT_OF_CONTENT, f"urn:uuid:{self.document_id}"

    def leaves(self) -> None:
        """Say that words about the patient leave now; raise `Recalled` where they may not."""
        reason = None if self.document is None else self.recalled()
        if reason is not None:
            raise Recalled(reason)
        self.is_told = True

    def leaves_first(self) -> None:
        """Say so of the document itself."""
        self.leaves()
        self.has_left = True


def talk(ehr: Ehr, parcel: Parcel) -> Outcome:
    """Bring a copy to what it should be. Says how it ended; raises nothing that the other side could cause."""
    error = status = retry_after = None
    state, reason = "waiting", None
    try:
        state, reason, status = _withdraw(ehr, parcel) if parcel.document is None else _send(ehr, parcel)
    except Ended as ended:
        state, reason, status, retry_after = ended.state, ended.reason, ended.status, ended.retry_after
    except Recalled as recalled:  # what is there already is taken back next
        state = "waiting" if parcel.was_told or parcel.has_left else "withdrawn"
        reason, parcel.version = recalled.reason, None
    except NoToken as failed:
        error, status = failed.kind, failed.status
    except OutgoingError as failed:
        error = failed.kind
    if parcel.document is None:  # one that waits keeps in mind why: it is being taken back, and not sent
        reason = NOT_RECALLED if state == "refused" else reason or parcel.reason
    return Outcome(
        state=state,
        reason=reason,
        status=status,
        error=error,
        retry_after=retry_after,
        version=parcel.version,
        stamp=parcel.stamp,
        remote_id=parcel.remote_id,
        remote_version=parcel.remote_version,
        remote_patient_id=parcel.remote_patient_id,
        is_told=parcel.is_told,
        has_left=parcel.has_left and state != "refused",
    )


def _send(ehr: Ehr, parcel: Parcel) -> tuple[str, str | None, int]:
    assert parcel.document is not None  # noqa: S101  (for mypy: asked for by its caller)
    if parcel.remote_patient_id is None:
        parcel.remote_patient_id = _find_patient(ehr, parcel)
    body = addressed(parcel.document, parcel.remote_patient_id, parcel.names)
    if parcel.remote_id is None:
        condition = {"If-None-Exist": f"identifier={token_of(*parcel.identifier)}"}
        answer = ehr.call("POST", "DocumentReference", body, condition, parcel.leaves_first)
        _refuse(answer, {_STALE: "several_copies"})
        if answer.status == _ACCEPTED:
            return "sent", "mediated", answer.status
        _note_place(parcel, answer)
        if answer.status == _CREATED or parcel.remote_id is None:
            return "sent", None, answer.status
    # It was there: by a try whose answer was lost, or by one before. It must say what the document says now.
    return "sent", None, _put(ehr, parcel, body, is_gone_fine=False)


def _withdraw(ehr: Ehr, parcel: Parcel) -> tuple[str, str | None, int | None]:
    if parcel.remote_id is None:
        answer = ehr.search("DocumentReference", *parcel.identifier)
        _refuse(answer, {})
        there = [each["id"] for each in _found(answer, "DocumentReference", parcel.identifier)]
        if not there:  # what went out may be held there, or not yet be in the index
            found_out = ("waiting", NOT_FOUND) if parcel.was_told else ("withdrawn", parcel.reason)
            return *found_out, answer.status
    else:
        there = [parcel.remote_id]
    parcel.is_told = True
    body = taken_back(parcel.document_id, parcel.kind, parcel.remote_patient_id)
    for each in there[1:]:  # held twice, and let in twice; found again where this fails
        _put(ehr, replace(parcel, remote_id=each, remote_version=None), body, is_gone_fine=True)
    parcel.remote_id = there[0]
    return "withdrawn", parcel.reason, _put(ehr, parcel, body, is_gone_fine=True)


def _put(ehr: Ehr, parcel: Parcel, body: Json, *, is_gone_fine: bool) -> int:
    """Change the copy there. What somebody there has changed in it meanwhile gives way: the document is ours."""
    path = f"DocumentReference/{parcel.remote_id}"
    content = body | {"id": parcel.remote_id}
    answer = ehr.call("PUT", path, content, _if_version(parcel.remote_version), parcel.leaves)
    if answer.status == _STALE:
        current = ehr.call("GET", path)
        if current.status == _OK:
            answer = ehr.call("PUT", path, content, _if_version(_version_of(current)), parcel.leaves)
    if answer.status in GONE and is_gone_fine:
        return answer.status
    _refuse(answer, dict.fromkeys(GONE, "gone"))
    parcel.remote_version = _version_of(answer)
    return answer.status


def _if_version(version: str | None) -> Mapping[str, str]:
    return {} if version is None else {"If-Match": f'W/"{version}"'}


def _find_patient(ehr: Ehr, parcel: Parcel) -> str:
    """Say who the patient is there: by one identifier, found once. Nobody is guessed."""
    assert parcel.patient_identifier is not None  # noqa: S101  (there is always one, our own at least)
    answer = ehr.search("Patient", *parcel.patient_identifier)
    _refuse(answer, {})
    found = _found(answer, "Patient", parcel.patient_identifier)
    if len(found) > 1:
        raise Ended("refused", "several_patients", answer.status)
    if found:
        return str(found[0]["id"])
    if parcel.patient is None:
        raise Ended("refused", "no_patient", answer.status)
    condition = {"If-None-Exist": f"identifier={token_of(*parcel.patient_identifier)}"}
    made = ehr.call("POST", "Patient", introduced(parcel.patient), condition, parcel.leaves)
    _refuse(made, {_STALE: "several_patients"})
    place = _place_in(made, "Patient")
    if place is None:
        raise Ended("waiting", None, made.status)  # created or not, it is found next time
    return place


def _found(answer: Answer, kind: str, identifier: tuple[str, str]) -> list[dict[str, Any]]:
    """List what a search found that has the identifier: a server that does not know the parameter gives anything."""
    bundle = object_in(answer)
    if bundle.get("resourceType") != "Bundle":
        raise Ended("waiting", None, answer.status)
    entries = bundle.get("entry")
    listed = entries if isinstance(entries, list) else []
    resources: list[Any] = [each.get("resource") for each in listed if isinstance(each, dict)]
    return [each for each in resources if _is_named(each, kind, identifier)]


def _is_named(resource: Any, kind: str, identifier: tuple[str, str]) -> bool:
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        return False
    names = resource.get("identifier")
    said = [(each.get("system"), each.get("value")) for each in names or () if isinstance(each, dict)]
    return identifier in said and _ID.fullmatch(str(resource.get("id"))) is not None


def _refuse(answer: Answer, reasons: Mapping[int, str]) -> None:
    """Raise `Ended` for whatever is no success."""
    if answer.status in (_OK, _CREATED, _ACCEPTED, 204):
        return
    if answer.status in _AGAIN or answer.status >= 500:  # noqa: PLR2004  (as HTTP has it)
        raise Ended("waiting", None, answer.status, answer.headers.get("retry-after"))
    raise Ended("refused", reasons.get(answer.status, "rejected"), answer.status)


def _note_place(parcel: Parcel, answer: Answer) -> None:
    parcel.remote_id = _place_in(answer, "DocumentReference")
    parcel.remote_version = _version_of(answer)


def _place_in(answer: Answer, kind: str) -> str | None:
    """Read a resource's id off an answer: its Location, or its body. No address of theirs is ever followed."""
    for name in ("location", "content-location"):
        place = _PLACE.search(answer.headers.get(name, ""))
        if place is not None and place[1] == kind:
            return place[2]
    body = object_in(answer)
    named = str(body.get("id")) if body.get("resourceType") == kind else ""
    return named if _ID.fullmatch(named) else None


def _version_of(answer: Answer) -> str | None:
    said = answer.headers.get("etag", "").strip().removeprefix("W/").strip('"')
    if not said:
        meta = object_in(answer).get("meta")
        said = str(meta.get("versionId", "")) if isinstance(meta, dict) else ""
    return said if _ID.fullmatch(said) else None
