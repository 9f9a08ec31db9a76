"""Topic-based Subscriptions of FHIR R4 (Subscriptions R5 Backport 1.1): resource in and out, notifications. Pure.

The topic is US Core's patient data feed. Payloads are id-only: a notification says which resource to read, not what is
in it. Sources: the guide's profiles backport-subscription, -subscription-status-r4, -subscription-notification-r4.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from integration_api.errors import Invalid
from integration_api.wording import Sentence
from models import ENDED, HANDSHAKE, HEARTBEAT, LONGEST_URL, Event

FHIR_JSON = "application/fhir+json"
TOPIC = "http://hl7.org/fhir/us/core/SubscriptionTopic/patient-data-feed"
_BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
_FILTER, _CONTENT, _HEARTBEAT = (
    f"{_BACKPORT}backport-{each}" for each in ("filter-criteria", "payload-content", "heartbeat-period")
)
SHORTEST_HEARTBEAT, LONGEST_HEARTBEAT = 60, 2**31 - 1  # seconds; FHIR's unsignedInt ends there
# Which of the feed's resources our events speak of.
FOCUS = {"entry": "DocumentReference", "note": "DocumentReference", "session": "Encounter"}
_TYPES = {
    "DocumentReference": tuple(
        f"{noun}.{verb}" for noun in ("entry", "note") for verb in ("created", "updated", "deleted")
    ),
    "Encounter": ("session.created", "session.updated", "session.cancelled"),
}
_CRITERION = re.compile(r"(DocumentReference|Encounter)(?:\?patient=(?:Patient/)?([0-9a-f-]{36}))?")
_HEADER = re.compile(r"([A-Za-z0-9-]{1,80}): ?([\x21-\x7e][\x20-\x7e]{0,2000})")
_MOST_HEADERS = 10  # few are ever needed
_OURS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "expect", "te", "trailer"}
)
_STATUS = {"requested": "requested", "active": "active", "paused": "off", "disabled": "error"}
_KINDS = {HANDSHAKE: "handshake", HEARTBEAT: "heartbeat"}
_REQUESTS = {"created": ("POST", "201"), "deleted": ("DELETE", "204")}


@dataclass(frozen=True, slots=True)
class SubscriptionDraft:
    """What a Subscription asks for. `channel` is what is kept of it beside: plain JSON."""

    endpoint: str
    types: tuple[str, ...]
    patient_id: UUID | None
    channel: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """A Subscription as it stands: what a notification says of it."""

    id: UUID
    state: str
    state_reason: str | None
    counter: int
    url: str
    channel: Mapping[str, Any]

    @property
    def status(self) -> str:
        """The code of FHIR."""
        return "off" if self.state_reason == ENDED else _STATUS[self.state]


def read_subscription(resource: object) -> SubscriptionDraft:
    """Read a Subscription that somebody asks for; raise `Invalid` with the place of what we cannot do."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "Subscription":
        raise Invalid.at("", "A Subscription is needed.")
    if resource.get("criteria") != TOPIC:
        raise Invalid.at("/criteria", Sentence("The topic that is served is {topic}.", topic=TOPIC))
    if resource.get("status", "requested") != "requested":
        raise Invalid.at("/status", "A Subscription begins as requested.")
    channel = resource.get("channel")
    if not isinstance(channel, dict) or channel.get("type") != "rest-hook":
        raise Invalid.at("/channel/type", "The channel that is served is rest-hook.")
    endpoint = channel.get("endpoint")
    if not isinstance(endpoint, str) or len(endpoint) > LONGEST_URL:
        raise Invalid.at("/channel/endpoint", "An address is needed.")
    if channel.get("payload", FHIR_JSON) != FHIR_JSON:
        raise Invalid.at("/channel/payload", Sentence("The payload is {kind}.", kind=FHIR_JSON))
    content = _extended(channel.get("_payload"), _CONTENT, "valueCode")
    if content not in (["id-only"], []):
        raise Invalid.at("/channel/_payload/extension", "The payload's content is id-only.")
    types, patient_id, criteria = _wanted(resource.get("_criteria"))
    kept = {
        "criteria": criteria,
        "headers": _headers(channel.get("header", [])),
        "heartbeat": _heartbeat(channel),
        "reason": str(resource.get("reason", "")).encode("utf-8", "replace").decode()[:500],
        "end": _end(resource.get("end")),
    }
    return SubscriptionDraft(endpoint, types, patient_id, kept)


def _extended(element: object, url: str, value: str) -> list[Any]:
    """Give the values of an element's extensions of one kind."""
    extensions = element.get("extension", []) if isinstance(element, dict) else []
    listed = extensions if isinstance(extensions, list) else []
    return [each.get(value) for each in listed if isinstance(each, dict) and each.get("url") == url]


def _wanted(criteria: object) -> tuple[tuple[str, ...], UUID | None, list[str]]:
    """Read the filters: which resources, and of which patient. Each widens; all name the same patient or none."""
    filters = [str(each) for each in _extended(criteria, _FILTER, "valueString")]
    found = [_CRITERION.fullmatch(each) for each in filters]
    patients = {each[2] for each in found if each is not None}
    if None in found or len(patients) > 1:
        place = "/_criteria/extension"
        raise Invalid.at(place, "Filters read like DocumentReference?patient=Patient/<id>, all of the same patient.")
    kinds = {each[1] for each in found if each is not None} or set(_TYPES)
    types = tuple(kind for name in _TYPES if name in kinds for kind in _TYPES[name])
    try:
        patient_id = next((UUID(each) for each in patients if each), None)
    except ValueError:
        raise Invalid.at("/_criteria/extension", "That is no patient's id.") from None
    return types, patient_id, filters


def _headers(lines: object) -> list[str]:
    """Read the headers that the receiver wants to see, such as its own Authorization."""
    listed: list[Any] = lines if isinstance(lines, list) else [lines]
    for each in listed:
        found = _HEADER.fullmatch(each) if isinstance(each, str) else None
        if found is None or found[1].lower() in _OURS or len(listed) > _MOST_HEADERS:
            raise Invalid.at("/channel/header", "Headers read like Authorization: Bearer ...; some names are ours.")
    return listed


def _heartbeat(channel: object) -> int | None:
    told = _extended(channel, _HEARTBEAT, "valueUnsignedInt")
    if not told:
        return None
    if not isinstance(told[0], int) or not SHORTEST_HEARTBEAT <= told[0] <= LONGEST_HEARTBEAT:
        raise Invalid.at(
            "/channel/extension",
            Sentence(
                "A heartbeat comes after {least} to {most} seconds.", least=SHORTEST_HEARTBEAT, most=LONGEST_HEARTBEAT
            ),
        )
    return told[0]


def _end(told: object) -> str | None:
    if told is None:
        return None
    try:
        found = datetime.fromisoformat(str(told))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Invalid.at("/end", "An instant is needed.")
    return found.isoformat()


def write_subscription(standing: Standing) -> dict[str, Any]:
    """Write a Subscription as it stands. What its headers say is a secret, and not told again."""
    kept = standing.channel
    channel: dict[str, Any] = {
        "type": "rest-hook",
        "endpoint": standing.url,
        "payload": FHIR_JSON,
        "_payload": {"extension": [{"url": _CONTENT, "valueCode": "id-only"}]},
    }
    if kept.get("heartbeat"):
        channel["extension"] = [{"url": _HEARTBEAT, "valueUnsignedInt": kept["heartbeat"]}]
    resource: dict[str, Any] = {
        "resourceType": "Subscription",
        "id": str(standing.id),
        "meta": {"profile": [f"{_BACKPORT}backport-subscription"]},
        "status": standing.status,
        "reason": kept.get("reason") or "Topic-based subscription",
        "criteria": TOPIC,
        "channel": channel,
    }
    if kept.get("criteria"):
        filters = [{"url": _FILTER, "valueString": each} for each in kept["criteria"]]
        resource["_criteria"] = {"extension": filters}
    if kept.get("end"):
        resource["end"] = kept["end"]
    if standing.status == "error":
        resource["error"] = standing.state_reason
    return resource


def speaks_of(event: Event) -> bool:
    """Tell whether a notification can be written of an event."""
    return event.type.partition(".")[0] in FOCUS


def notification(standing: Standing, event: Event, number: int | None, base: str, at: datetime) -> dict[str, Any]:
    """Write what is sent: the state of the Subscription, and which resource the event is about."""
    kind = _KINDS.get(event.type, "event")
    told = [] if number is None else [_told(event, number, base)]
    entries = [_status_entry(standing, f"{kind}-notification", told, base, event.id)]
    if number is not None:
        noun, _, verb = event.type.partition(".")
        method, status = _REQUESTS.get(verb, ("PUT", "200"))
        place = FOCUS[noun] if method == "POST" else f"{FOCUS[noun]}/{event.record_id}"
        request = {"request": {"method": method, "url": place}, "response": {"status": status}}
        entries.append({"fullUrl": f"{base}/{FOCUS[noun]}/{event.record_id}", **request})
    return {
        "resourceType": "Bundle",
        "id": str(event.id),
        "meta": {"profile": [f"{_BACKPORT}backport-subscription-notification-r4"]},
        "type": "history",
        "timestamp": _instant(at),
        "entry": entries,
    }


def status_bundle(standing: Standing, base: str, at: datetime, status_id: UUID) -> dict[str, Any]:
    """Write the answer to `$status`."""
    status = _status(standing, "query-status", [], base, status_id)
    entry = {"fullUrl": f"urn:uuid:{status_id}", "resource": status, "search": {"mode": "match"}}
    return {"resourceType": "Bundle", "type": "searchset", "timestamp": _instant(at), "total": 1, "entry": [entry]}


def _status_entry(
    standing: Standing, kind: str, told: Sequence[dict[str, Any]], base: str, status_id: UUID
) -> dict[str, Any]:
    return {
        "fullUrl": f"urn:uuid:{status_id}",
        "resource": _status(standing, kind, told, base, status_id),
        "request": {"method": "GET", "url": f"{base}/Subscription/{standing.id}/$status"},
        "response": {"status": "200"},
    }


def _status(
    standing: Standing, kind: str, told: Sequence[dict[str, Any]], base: str, status_id: UUID
) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": "subscription", "valueReference": {"reference": f"{base}/Subscription/{standing.id}"}},
        {"name": "topic", "valueCanonical": TOPIC},
        {"name": "status", "valueCode": standing.status},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(standing.counter)},
        *told,
    ]
    profile = [f"{_BACKPORT}backport-subscription-status-r4"]
    return {"resourceType": "Parameters", "id": str(status_id), "meta": {"profile": profile}, "parameter": parameters}


def _told(event: Event, number: int, base: str) -> dict[str, Any]:
    focus = f"{base}/{FOCUS[event.type.partition('.')[0]]}/{event.record_id}"
    return {
        "name": "notification-event",
        "part": [
            {"name": "event-number", "valueString": str(number)},
            {"name": "timestamp", "valueInstant": _instant(event.occurred_at)},
            {"name": "focus", "valueReference": {"reference": focus}},
        ],
    }


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
