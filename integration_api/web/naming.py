"""Names in the contract for what several schemas share, so that generated clients say `Visibility | None`.

Without them a generator makes one type for each place, and calls the ones that may be null `MentionSeverityType1`.
"""

import json
from typing import Any

# A name, and a place where its type is. Every other place with the same type is given the name, too.
SHARED = {
    "Assertion": "Mention.assertion",
    "AuditOutcome": "AuditEvent.outcome",
    "ClinicianRole": "Clinician.role",
    "CommitmentStatus": "Commitment.status",
    "ConsentPurpose": "Consent.purpose",
    "CourseStatus": "Course.status",
    "DocumentSource": "Evidence.document_source",
    "DosingWindow": "AroundDosing.since",
    "EhrAuth": "EhrConnection.auth",
    "EhrConnectionState": "EhrConnection.state",
    "EhrCopyState": "EhrCopy.state",
    "EventType": "WebhookDraft.types.items",
    "Facet": "Theme.facet",
    "FlagSource": "SafetyFlag.document_source",
    "FlagStatus": "SafetyFlag.status",
    "Gentleness": "Prompt.gentleness",
    "Language": "Prompt.language",
    "MeasureResponseStatus": "MeasureResponse.status",
    "MeasureReason": "Due.reason",
    "MentionSource": "Mention.source",
    "NoteKind": "Note.kind",
    "Origin": "JournalEntry.origin",
    "Phase": "Prompt.phases.items",
    "PromptNeed": "Prompt.needs",
    "PromptPurpose": "Prompt.purpose",
    "ReminderKind": "Reminder.kind",
    "ReviewState": "Mention.review",
    "Role": "Me.role",
    "Route": "Dosing.route",
    "SessionKind": "Session.kind",
    "SessionStatus": "Session.status",
    "Setting": "Session.setting",
    "Severity": "Mention.severity",
    "SyncRecord": "SyncItem.record",
    "TaggingState": "Tagging.state",
    "Trajectory": "RecurringTheme.trajectory",
    "Verdict": "Review.verdict",
    "Visibility": "JournalEntry.visibility",
    "WebhookState": "Webhook.state",
}
_BESIDE = ("default", "description", "example", "readOnly")  # what is said of the place and not of the type
Node = dict[str, Any]


def name_shared(found: Node) -> None:
    """Put every type that has a name among the components, and refer to it wherever it is used."""
    schemas: Node = found["components"]["schemas"]
    names = {_key(_type_of(_at(schemas, place))): name for name, place in SHARED.items()}
    named = {name: _type_of(_at(schemas, place)) for name, place in SHARED.items()}
    for schema in schemas.values():
        _walk(schema, names)
    for path in found["paths"].values():
        for operation in (each for each in path.values() if isinstance(each, dict)):
            for parameter in operation.get("parameters", ()):
                _walk(parameter, names)
    taken = named.keys() & schemas.keys()
    if taken:
        raise ValueError(f"two types of one name: {sorted(taken)}")
    schemas.update(sorted(named.items()))


def say_null_once(node: Any) -> None:
    """Take doubled types out: a JSON Schema's `type` names each once."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), list):
            node["type"] = list(dict.fromkeys(node["type"]))
        for each in node.values():
            say_null_once(each)
    elif isinstance(node, list):
        for each in node:
            say_null_once(each)


def forget_defaults(schemas: Node) -> None:
    """Leave defaults out of merge patches: a field that is left out stays as it is, and is not set to anything."""
    for name, schema in schemas.items():
        if name.endswith("Patch"):
            for field in schema.get("properties", {}).values():
                field.pop("default", None)


def _walk(node: Any, names: dict[str, str]) -> None:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for each in children:
        if isinstance(each, dict) and ("enum" in each or "type" in each):
            name = names.get(_key(_type_of(each)))
            if name is not None:
                _refer(each, name)
                continue
        _walk(each, names)


def _refer(node: Node, name: str) -> None:
    """Make a node refer to a name, with what is said of this place beside it."""
    reference: Node = {"$ref": f"#/components/schemas/{name}"}
    said = {key: node[key] for key in _BESIDE if key in node}
    is_nullable = _is_nullable(node)
    node.clear()
    node.update({"anyOf": [reference, {"type": "null"}]} if is_nullable else reference)
    node.update(said)


def _is_nullable(node: Node) -> bool:
    return isinstance(node.get("type"), list) and "null" in node["type"]


def _type_of(node: Node) -> Node:
    """Give the type of a place, without null and without what is said of the place."""
    found = {key: value for key, value in node.items() if key not in _BESIDE}
    if _is_nullable(node):
        types = [each for each in node["type"] if each != "null"]
        found["type"] = types[0] if len(types) == 1 else types
    if "enum" in found:
        found["enum"] = [each for each in found["enum"] if each is not None]
    return found


def _key(node: Node) -> str:
    return json.dumps(node, sort_keys=True)


def _at(schemas: Node, place: str) -> Node:
    owner, field, *deeper = place.split(".")
    found: Node = schemas[owner]["properties"][field]
    for each in deeper:
        found = found[each]
    return found
