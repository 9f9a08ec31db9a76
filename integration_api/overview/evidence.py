"""Where a statement of the brief comes from: the very words, and the document that they stand in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from integration_api.action.progress import Passage
from integration_api.measures.progress import GraveAnswer
from integration_api.measures.use_cases import measure_named
from integration_api.themes.gleaned import Listed
from integration_api.themes.motifs import ShownPassage
from models import link_of
from nlp.recurrence import Sighting


@dataclass(frozen=True, slots=True)
class Evidence:
    """Somebody's words. `start` and `end` count code points of the document; a commitment's own words have none."""

    quote: str
    source: str
    written_at: datetime
    document_id: UUID | None = None
    start: int | None = None
    end: int | None = None
    mention_id: UUID | None = None
    link: str | None = None


def of_sighting(sighting: Sighting, quote: str) -> Evidence:
    """Show one mention."""
    document_id = UUID(sighting.document_id)
    return Evidence(
        quote=quote,
        source=sighting.source,
        written_at=sighting.written_at,
        document_id=document_id,
        start=sighting.start,
        end=sighting.end,
        mention_id=UUID(sighting.mention_id),
        link=link_of(sighting.source, document_id),
    )


def of_passage(passage: Passage | ShownPassage) -> Evidence:
    """Show a sentence that comes back to something, or a passage of a motif."""
    document = passage if isinstance(passage, Passage) else passage.document
    document_id = passage.document_id if isinstance(passage, Passage) else passage.document.id
    return Evidence(
        quote=passage.quote,
        source=document.source,
        written_at=document.written_at,
        document_id=document_id,
        start=passage.start,
        end=passage.end,
        link=link_of(document.source, document_id),
    )


def of_opening(document: Listed, quote: str) -> Evidence:
    """Show how a document begins."""
    return Evidence(
        quote=quote,
        source=document.source,
        written_at=document.written_at,
        document_id=document.id,
        start=0,
        end=len(quote),
        link=link_of(document.source, document.id),
    )


def of_answer(grave: GraveAnswer) -> Evidence:
    """Show an answer to a measure: the published words that were chosen, in the language that they were shown in."""
    response, measure = grave.response, measure_named(grave.response.measure)
    chosen = next(each for each in measure.options if each.value == grave.answer)
    return Evidence(
        quote=chosen.text[response.language],
        source="measure",
        written_at=response.answered_at,
        link=f"/v1/measure-responses/{response.id}",
    )
