"""CodeSystem and ValueSet: our own words, with their definitions. The clinic's own themes are among the themes."""

from collections.abc import Mapping, Sequence

from integration_api.access.policy import Resource
from integration_api.fhir.elements import Json, present
from integration_api.fhir.known import Known
from integration_api.fhir.resources.encounter import KIND_SYSTEM as SESSION_KINDS
from integration_api.fhir.resources.encounter import KINDS
from integration_api.fhir.resources.listed import versioned
from integration_api.fhir.resources.observation_mood import KIND_SYSTEM as OBSERVATION_KINDS
from integration_api.fhir.resources.observation_mood import MOOD, SCALE_SYSTEM, SCALES, THEME_MENTION
from integration_api.fhir.resources.observation_themes import THEME_SYSTEM
from integration_api.fhir.resources.patient_consent import PURPOSE_SYSTEM, PURPOSE_WORDS
from integration_api.fhir.resources.practitioner import ROLE_SYSTEM, ROLES
from integration_api.fhir.sources import Listed, ResourceType
from models import Reach

_FIXED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    SESSION_KINDS: ("Kinds of treatment session", KINDS),
    ROLE_SYSTEM: ("What clinicians are to the clinic", ROLES),
    SCALE_SYSTEM: ("Scales of mood", SCALES),
    OBSERVATION_KINDS: (
        "Kinds of observation",
        {MOOD: "How the writer of an entry felt", THEME_MENTION: "A passage speaks of a theme"},
    ),
    PURPOSE_SYSTEM: ("What patients consent to", PURPOSE_WORDS),
}


def _code_systems(known: Known, _limits: Reach) -> Sequence[Json]:
    fixed = [
        _code_system(known, name, title, [{"code": code, "display": words} for code, words in concepts.items()])
        for name, (title, concepts) in _FIXED.items()
    ]
    return [_themes(known), *fixed]


def _themes(known: Known) -> Json:
    concepts = [
        {
            "code": each.name,
            "display": each.label,
            "definition": each.definition,
            "property": [{"code": "facet", "valueCode": each.facet}],
        }
        for each in sorted(known.themes.values(), key=lambda theme: theme.name)
    ]
    facet = {"code": "facet", "description": "The part of the taxonomy that a theme is of", "type": "code"}
    return _code_system(known, THEME_SYSTEM, "Themes of psychedelic integration", concepts, [facet])


def _code_system(known: Known, name: str, title: str, concepts: list[Json], properties: Sequence[Json] = ()) -> Json:
    return versioned(
        present(
            resourceType="CodeSystem",
            id=name,
            url=known.system(name),
            name=_name(name),
            title=title,
            status="active",
            experimental=False,
            caseSensitive=True,
            valueSet=f"{known.base}/ValueSet/{name}",
            content="complete",
            count=len(concepts),
            property=list(properties),
            concept=concepts,
        )
    )


def _value_sets(known: Known, limits: Reach) -> Sequence[Json]:
    return [
        versioned(
            {
                "resourceType": "ValueSet",
                "id": each["id"],
                "url": each["valueSet"],
                "name": each["name"],
                "title": each["title"],
                "status": "active",
                "experimental": False,
                "compose": {"include": [{"system": each["url"]}]},
            }
        )
        for each in _code_systems(known, limits)
    ]


def _name(name: str) -> str:
    """Name it as programs do: FHIR asks for that."""
    return "".join(part.capitalize() for part in name.split("-"))


_PARAMETERS = {"url": "uri", "name": "string", "status": "token"}
_BY = {name: lambda found, name=name: [found[name]] for name in ("url", "name")}
_TOKENS = {"status": lambda found: ("http://hl7.org/fhir/publication-status", found["status"])}
_SUMMARY = ("url", "name", "title", "status", "experimental", "caseSensitive", "valueSet", "content", "count")

CODE_SYSTEM = ResourceType(
    name="CodeSystem",
    resource=Resource.CODE_SYSTEM,
    sources=(Listed(make=_code_systems, parameters=_BY, tokens=_TOKENS),),
    parameters=_PARAMETERS,
    summary=(*_SUMMARY, "property"),
    mandatory=("status", "content"),
    is_about="our own codes: themes, kinds of session and of observation, roles, purposes of consent",
)
VALUE_SET = ResourceType(
    name="ValueSet",
    resource=Resource.VALUE_SET,
    sources=(Listed(make=_value_sets, parameters=_BY, tokens=_TOKENS),),
    parameters=_PARAMETERS,
    summary=_SUMMARY,
    mandatory=("status",),
    is_about="all of each code system of ours",
)
