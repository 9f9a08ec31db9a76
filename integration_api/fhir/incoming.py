"""What record systems send: a Patient or an Encounter read into our own words, every fault told with its element.

Elements that we have no place for are left out; those that would change the meaning of the rest are refused.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from integration_api.care.received import ReceivedVisit
from integration_api.errors import Fault, Invalid
from integration_api.fhir.codes import ACT_CODE, PSYCHOTHERAPIES
from integration_api.fhir.elements import SUBJECT_OF_CONTENT, Json
from integration_api.fhir.resources.encounter import CLASSES, KINDS
from integration_api.people.received import Named, ReceivedPatient
from integration_api.wording import Sentence, has_words
from models import GENDERS
from models.identifier import LONGEST

LONGEST_NAME = 200
FindPatient = Callable[[Json], UUID]  # from a reference; raises `Invalid`
_UNSTORABLE = re.compile("[\\x00-\\x1f\\x7f\\ud800-\\udfff]")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?")
_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# What changes the meaning of everything else in the resource, and has no place here.
_MODIFIERS = ("implicitRules", "modifierExtension")
_PATIENT_MODIFIERS = (*_MODIFIERS, "deceasedBoolean", "deceasedDateTime", "link")
_STATUSES = {
    "planned": "planned",
    "arrived": "in_progress",
    "triaged": "in_progress",
    "in-progress": "in_progress",
    "onleave": "in_progress",
    "finished": "completed",
    "cancelled": "cancelled",
    "entered-in-error": "cancelled",
}
_SETTINGS = {each["code"]: ours for ours, each in CLASSES.items() if ours is not None}


def read_patient(body: Json) -> ReceivedPatient:
    """Read a Patient."""
    _refuse(body, [name for name in _PATIENT_MODIFIERS if body.get(name) not in (None, False)])
    if body.get("active") is False:
        raise Invalid.at("active", "A patient who is not active cannot be put in.")
    name, family, given = _name(body.get("name"))
    gender = body.get("gender")
    if gender is not None and gender not in GENDERS:
        raise Invalid.at("gender", Sentence("One of {names}.", names=", ".join(GENDERS)))
    return ReceivedPatient(
        name=name,
        family=family,
        given=given,
        gender=gender,
        birth_date=_day(body.get("birthDate")),
        identifiers=_identifiers(body),
    )


def read_encounter(body: Json, find_patient: FindPatient) -> ReceivedVisit:
    """Read an Encounter; `find_patient` knows whom a reference means."""
    _refuse(body, [name for name in _MODIFIERS if name in body])
    status = _STATUSES.get(str(body.get("status")))
    if status is None:
        raise Invalid.at("status", Sentence("One of {names}.", names=", ".join(_STATUSES)))
    period, subject = body.get("period"), body.get("subject")
    if not isinstance(period, dict) or "start" not in period:
        raise Invalid.at("period", "It needs a start.")
    if not isinstance(subject, dict):
        raise Invalid.at("subject", "It needs a patient.")
    starts_at = _moment(period["start"], "period.start")
    return ReceivedVisit(
        patient_id=find_patient(subject),
        identifiers=_identifiers(body),
        status=status,
        starts_at=starts_at,
        ends_at=_moment(period["end"], "period.end") if "end" in period else None,
        setting=_setting(body.get("class")),
        kind=_kind(body),
        course_id=_course(body),
    )


def _refuse(_body: Json, names: list[str]) -> None:
    if names:
        raise Invalid(
            *(Fault("This element is not supported, and cannot be left out.", pointer=name) for name in names)
        )


def _identifiers(body: Json) -> list[Named]:
    """Read the sender's identifiers; ours, which it may have from us, are left out."""
    found = []
    for place, each in enumerate(_objects(body.get("identifier"), "identifier")):
        system, value = each.get("system"), each.get("value")
        if system == SUBJECT_OF_CONTENT:
            continue
        if not (_is_text(system, LONGEST) and _is_text(value, LONGEST)):
            raise Invalid.at(
                f"identifier[{place}]", Sentence("It needs a system and a value of at most {n} characters.", n=LONGEST)
            )
        found.append((str(system), str(value)))
    return found


def _name(names: Any) -> tuple[str, str | None, str | None]:
    """Read the name to call somebody by: the official one, else the first. As text, and in parts where there are."""
    listed = _objects(names, "name")
    chosen = next((each for each in listed if each.get("use") == "official"), listed[0] if listed else {})
    family, given = chosen.get("family"), chosen.get("given") or []
    # A null in the list stands for what has extensions alone.
    firsts = [each for each in given if each is not None] if isinstance(given, list) else [given]
    parts = firsts if family is None else [*firsts, family]
    text = chosen.get("text") or " ".join(map(str, parts))
    are_texts = isinstance(given, list) and all(_is_text(each, LONGEST_NAME) for each in (text, *parts))
    if not are_texts:
        raise Invalid.at(
            "name", Sentence("It needs a name of at most {n} characters, as text or in parts.", n=LONGEST_NAME)
        )
    return text.strip(), family, " ".join(firsts) or None


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and has_words(value) and len(value) <= longest and not _UNSTORABLE.search(value)


def _objects(value: Any, where: str) -> list[Json]:
    found = [] if value is None else value
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Invalid.at(where, "A list of objects.")
    return found


def _day(value: Any) -> date | None:
    if value is None:
        return None
    try:
        return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007  (a birth date has no zone)
    except ValueError:
        raise Invalid.at("birthDate", "A whole day such as 1984-05-17.") from None


def _moment(value: Any, where: str) -> datetime:
    """Read a time; a day alone begins in UTC."""
    found = _parsed(value) if isinstance(value, str) and _DATE_TIME.fullmatch(value) else None
    if found is None or not _EARLIEST <= found <= _LATEST:
        raise Invalid.at(where, "A time such as 2026-03-01T21:15:00-05:00.")
    return found


def _parsed(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _setting(value: Any) -> str | None:
    """Read where a visit takes place; what we have no word for is left open."""
    if not isinstance(value, dict) or not isinstance(value.get("code"), str):
        raise Invalid.at("class", "It needs a class.")
    return _SETTINGS.get(value["code"]) if value.get("system") in (None, ACT_CODE) else None


def _kind(body: Json) -> str | None:
    """Read which kind of session a visit is: by our own codes, or as psychotherapy by SNOMED CT's."""
    listed = [each for kind in _objects(body.get("type"), "type") for each in _objects(kind.get("coding"), "type")]
    codings = [{name: str(each.get(name)) for name in ("system", "code")} for each in listed]
    for each in codings:
        if each["system"].endswith("/CodeSystem/session-kind") and each["code"] in KINDS:
            return each["code"]
    is_psychotherapy = any((each["system"], each["code"]) in PSYCHOTHERAPIES for each in codings)
    return "psychotherapy" if is_psychotherapy else None


def _course(body: Json) -> UUID | None:
    listed = _objects(body.get("episodeOfCare"), "episodeOfCare")
    if not listed:
        return None
    try:
        return UUID(str(listed[0].get("reference")).rpartition("EpisodeOfCare/")[2])
    except ValueError:
        raise Invalid.at("episodeOfCare", "It reads like EpisodeOfCare/<id>.") from None
