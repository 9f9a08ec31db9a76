"""Less than the whole: `_summary` and `_elements`."""

from typing import Any

from integration_api.fhir.codes import SUBSETTED
from integration_api.fhir.elements import Json
from integration_api.fhir.search import Search
from integration_api.fhir.sources import ResourceType

_ALWAYS = ("resourceType", "id", "meta")


def shaped(resource: Json, kind: ResourceType, search: Search) -> Json:
    """Leave of a resource what is asked for, and say so where something is left out."""
    if search.elements:
        return _only(resource, (*search.elements, *kind.mandatory))
    match search.summary:
        case "true":
            summary: Json = _without_data(_only(resource, (*kind.summary, *kind.mandatory)))
            return summary
        case "text":
            return _only(resource, ("text", *kind.mandatory))
        case "data":
            return _only(resource, [name for name in resource if name != "text"])
        case _:
            return resource


def _only(resource: Json, names: Any) -> Json:
    kept = {name: value for name, value in resource.items() if name in _ALWAYS or _base(name) in names or name in names}
    meta = {name: value for name, value in resource["meta"].items() if name != "profile"}  # a part may not meet it
    meta["tag"] = [*meta.get("tag", ()), SUBSETTED]
    return kept | {"meta": meta}


def _base(name: str) -> str:
    """Name an element of several types as FHIR's lists do: `effectiveDateTime` is `effective`."""
    for ending in ("CodeableConcept", "DateTime", "Period", "Reference", "Quantity", "Integer", "Uri"):
        if name.endswith(ending) and name != ending.lower():
            return name.removesuffix(ending)
    return name


def _without_data(resource: Any) -> Any:
    """Leave the words of attachments out: a summary has none of them."""
    if isinstance(resource, dict):
        return {name: _without_data(value) for name, value in resource.items() if name != "data"}
    return [_without_data(each) for each in resource] if isinstance(resource, list) else resource
