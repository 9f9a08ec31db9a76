"""Motifs on the wire: images and phrases of a patient's own that return, with their passages."""

from typing import Any, ClassVar

from marshmallow import fields

from integration_api.themes.motifs import BOTH
from integration_api.themes.schemas import ENTRY_ID, SESSION_ID
from integration_api.web.pages import PageQuery
from integration_api.web.schema import Answer, Choice, Id, Moment


class MotifQuery(PageQuery):
    """Whose words to look in."""

    source = Choice(
        ("journal", "note", BOTH),
        load_default="journal",
        metadata={"description": "What the patient wrote, what clinicians wrote, or both.", "default": "journal"},
    )


class PassageSchema(Answer):
    """Where a motif stands. Offsets are Unicode code points of the document's `text`."""

    document_id = Id(required=True, attribute="document.id")
    source = Choice(("journal", "note"), required=True, attribute="document.source")
    session_id = Id(required=True, allow_none=True, attribute="document.session_id")
    written_at = Moment(required=True, attribute="document.written_local")
    start = fields.Integer(required=True)
    end = fields.Integer(required=True)
    quote = fields.String(required=True)
    link = fields.String(required=True, metadata={"description": "Where the document is read."})


class MotifSchema(Answer):
    """An image or phrase that returns: in which words, how often, and where. Not what it means."""

    example: ClassVar[dict[str, Any]] = {
        "label": "blue door",
        "wordings": ["blue door", "blue doors", "door that was blue"],
        "session_count": 3,
        "document_count": 4,
        "score": 3.4,
        "first_seen": "2026-02-20T19:30:00Z",
        "last_seen": "2026-03-09T13:12:00Z",
        "passages": [
            {
                "document_id": ENTRY_ID,
                "source": "journal",
                "session_id": SESSION_ID,
                "written_at": "2026-03-09T08:12:00-05:00",
                "start": 14,
                "end": 32,
                "quote": "door that was blue",
                "link": f"/v1/journal-entries/{ENTRY_ID}",
            }
        ],
    }

    label = fields.String(required=True, metadata={"description": "The most frequent wording, in small letters."})
    wordings = fields.List(fields.String(), required=True, metadata={"description": "The most frequent first."})
    session_count = fields.Integer(
        required=True, metadata={"description": "Stretches between dosing sessions in which it stands; two at least."}
    )
    document_count = fields.Integer(required=True)
    score = fields.Float(required=True, metadata={"description": "A z-score; see docs/motifs.md."})
    first_seen = Moment(required=True)
    last_seen = Moment(required=True)
    passages = fields.List(
        fields.Nested(PassageSchema), required=True, metadata={"description": "At most five, in the order of writing."}
    )
