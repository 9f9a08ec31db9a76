"""Observations of vital signs: up to three of one reading, as the vital signs profiles have them apart."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, or_

from integration_api.fhir.codes import (
    ABSENT,
    BLOOD_PRESSURE,
    DIASTOLIC,
    HEART_RATE,
    OXYGEN_SATURATION,
    PULSE_OXIMETRY,
    SYSTOLIC,
    US_CORE,
    VITAL_SIGNS,
)
from integration_api.fhir.elements import Json, coding, concept, meta, moment, present, quantity, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import always, by_reference, by_time, of_patient, through
from integration_api.fhir.sources import Rows
from models import Reach, Session, Vitals, vitals_within

FINAL = {"system": "http://hl7.org/fhir/observation-status", "code": "final"}
_UNKNOWN = concept(coding(ABSENT, "unknown", "Unknown"))


def _observation(row: Vitals, suffix: str, profile: str, codes: tuple[Json, ...], text: str) -> Json:
    return present(
        resourceType="Observation",
        id=f"{row.id}{suffix}",
        meta=meta(1, row.updated_at, profiles=[f"{US_CORE}/{profile}"]),
        status="final",
        category=[concept(VITAL_SIGNS)],
        code=concept(*codes, text=text),
        subject=reference("Patient", row.patient_id),  # type: ignore[attr-defined]
        encounter=reference("Encounter", row.session_id),
        effectiveDateTime=moment(row.at),
    )


def _pressure(row: Vitals, _known: Known) -> Json:
    """Write a blood pressure. The profile has both parts, so one that was not taken is said to be unknown."""
    parts = ((SYSTOLIC, row.systolic_mmhg), (DIASTOLIC, row.diastolic_mmhg))
    written = _observation(row, "-bp", "us-core-blood-pressure", (BLOOD_PRESSURE,), "Blood pressure")
    return written | {"component": [_part(code, value) for code, value in parts]}


def _part(code: Json, value: int | None) -> Json:
    absent = _UNKNOWN if value is None else None
    return present(code=concept(code), valueQuantity=quantity(value, "mmHg", "mm[Hg]"), dataAbsentReason=absent)


def _rate(row: Vitals, _known: Known) -> Json:
    written = _observation(row, "-hr", "us-core-heart-rate", (HEART_RATE,), "Heart rate")
    return written | present(valueQuantity=quantity(row.heart_rate_bpm, "/min"))


def _saturation(row: Vitals, _known: Known) -> Json:
    codes = (PULSE_OXIMETRY, OXYGEN_SATURATION)
    written = _observation(row, "-spo2", "us-core-pulse-oximetry", codes, "Oxygen saturation")
    return written | present(valueQuantity=quantity(row.spo2_percent, "%"))


def _source(suffix: str, make: Callable[[Vitals, Known], Json], is_taken: ColumnElement[bool], *codes: Json) -> Rows:
    def taken_within(reach: Reach) -> Select[Any]:
        return vitals_within(reach).where(is_taken)

    return Rows(
        within=taken_within,
        id=Vitals.id,
        updated=Vitals.updated_at,
        at=Vitals.at,
        make=make,
        suffix=suffix,
        parameters={
            **through(Vitals.session_id, Session.id, of_patient(Session.patient_id)),
            "date": by_time(Vitals.at),
            "category": always(VITAL_SIGNS),
            "code": always(*codes),
            "status": always(FINAL),
            "encounter": by_reference(Vitals.session_id, "Encounter"),
        },
    )


SOURCES = (
    _source(
        "-bp",
        _pressure,
        or_(Vitals.systolic_mmhg.is_not(None), Vitals.diastolic_mmhg.is_not(None)),
        BLOOD_PRESSURE,
    ),
    _source("-hr", _rate, Vitals.heart_rate_bpm.is_not(None), HEART_RATE),
    _source("-spo2", _saturation, Vitals.spo2_percent.is_not(None), PULSE_OXIMETRY, OXYGEN_SATURATION),
)
