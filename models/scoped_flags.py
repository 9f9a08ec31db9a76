"""Whose safety flags a query may return: as far as what they were raised from may be read, or told of."""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, true
from sqlalchemy.orm import contains_eager

from models.action import Commitment, Intention
from models.consent import consents_to
from models.document import Document
from models.measure_response import MeasureResponse
from models.mention import Mention
from models.safety_flag import FACET, RAISING, SafetyFlag
from models.scoped import (
    Extent,
    Reach,
    as_shown,
    is_closed,
    is_live_response,
    is_shared_document,
    of_patient,
    readable_document,
    readable_response,
    rows_within,
)

_RESOLVES: tuple[type[Any], ...] = (Intention, Commitment)


def with_origins(flags: Any) -> Any:
    """Join flags to what they were raised from."""
    return (
        flags.outerjoin(Document, Document.id == SafetyFlag.document_id)
        .outerjoin(MeasureResponse, MeasureResponse.id == SafetyFlag.response_id)
        .outerjoin(Intention, Intention.id == SafetyFlag.intention_id)
        .outerjoin(Commitment, Commitment.id == SafetyFlag.commitment_id)
    )


def safety_flags_within(reach: Reach) -> Select[SafetyFlag]:
    """Safety flags that a clinician may see: those of what the clinician may read of the patient's.

    And, for the care team alone, those of private words, as long as the patient agrees. What breaking the glass
    opens has none of these. Nobody else has flags at all.
    """
    by_the_team = of_patient(SafetyFlag.patient_id, replace(reach, opened=frozenset()))
    is_told_of = and_(_is_told_of(), by_the_team)
    is_for_caller = true() if reach.extent is Extent.CARE_TEAM else false()
    is_readable = or_(readable_document(reach), readable_response(reach), _is_shared_resolve())
    eager = (SafetyFlag.document, SafetyFlag.response, SafetyFlag.intention, SafetyFlag.commitment)
    found: Select[SafetyFlag] = (
        with_origins(rows_within(SafetyFlag, SafetyFlag.patient_id, reach))
        .where(is_for_caller, or_(is_readable, is_told_of))
        .options(*(contains_eager(each) for each in eager))
    )
    return found


def shown_safety_flags(reach: Reach) -> Select[SafetyFlag]:
    """The same to be listed: of all that was found in their documents only the mentions that may speak for a flag."""
    is_shown = Document.visibility.is_distinct_from("private")
    speaks = and_(Mention.facet == FACET, Mention.assertion.in_(RAISING), Mention.document.has(is_shown))
    mentions = contains_eager(SafetyFlag.document).selectinload(Document.mentions.and_(speaks))
    return safety_flags_within(reach).options(as_shown(mentions))


def safety_flags_for_the_team() -> ColumnElement[bool]:
    """Tell of a flag joined to its origin whether its care team can see it: not of a psychotherapy note."""
    is_in_writing = and_(Document.deleted_at.is_(None), is_shared_document())
    is_in_answers = and_(is_live_response(), ~is_closed(MeasureResponse.patient_id))
    return or_(is_in_writing, is_in_answers, _is_shared_resolve(), _is_told_of())


def _is_shared_resolve() -> ColumnElement[bool]:
    """Intentions and commitments that the patient shares; a private one is not told of to who first wrote it down."""
    is_shared = or_(*(each.visibility == "care_team" for each in _RESOLVES))
    return and_(is_shared, ~is_closed(SafetyFlag.patient_id))


def _is_told_of() -> ColumnElement[bool]:
    """Private words whose signs of danger may be told: the patient has said yes to that, and no to nothing of it."""
    patient_id = SafetyFlag.patient_id
    is_private_entry = and_(Document.visibility == "private", Document.deleted_at.is_(None))
    is_private = or_(is_private_entry, *(each.visibility == "private" for each in _RESOLVES))
    return and_(is_private, consents_to(patient_id, "safety_signals"), ~is_closed(patient_id))
