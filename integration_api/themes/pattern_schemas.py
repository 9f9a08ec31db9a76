"""Patterns of themes on the wire. Every number stands beside the numbers it was reckoned from."""

from typing import Any, ClassVar

from marshmallow import fields, post_load

from integration_api.measures.trend_schemas import MeasureAroundDoseSchema
from integration_api.themes.labels import label_of
from integration_api.themes.patterns import Told
from integration_api.themes.schemas import EvidenceSchema, label_for
from integration_api.web.catalogs import said
from integration_api.web.languages import language
from integration_api.web.pages import Span
from integration_api.web.schema import Answer, Choice, Id
from integration_api.wording import Sentence
from models import ROUTES, SESSION_KINDS, Between
from nlp.relations import Band, NamedBy, Since
from nlp.relations.pairs import ENTRIES_NEEDED
from nlp.relations.turns import WINDOWS_NEEDED
from nlp.relations.voices import WORDS_NEEDED

_PATIENT = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01"
_GRIEF = {"theme": "grief", "label": "Grief", "facet": "emotion", "evidence": [EvidenceSchema.example]}
_FAMILY = {"theme": "family", "label": "Family of origin", "facet": "relating", "evidence": [EvidenceSchema.example]}
_CHANCE = {"description": "How probable so many or more would be if the themes were unrelated."}
_ENOUGH = {"description": "False: too little was written for anything to be said, and nothing is."}


class PatternsQuery(Span):
    """Which documents count, by their time of writing."""

    @post_load
    def to_between(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Make the use case's own value of it."""
        return {"wanted": Between(**data)}


def _statement(told: Told) -> str:
    """Say it, and name the themes, in the reader's language."""
    names = {"first": label_of(told.first.theme, language()), "second": label_of(told.second.theme, language())}
    labels = {place: named.label for place, named in names.items()}
    return said(Sentence(told.statement.template, **told.statement.values | labels))


class ShownThemeSchema(Answer):
    """A theme with up to three mentions that show it."""

    theme = fields.String(required=True, attribute="theme.name")
    label = label_for(lambda shown: shown.theme)
    facet = fields.String(required=True, attribute="theme.facet")
    evidence = fields.List(fields.Nested(EvidenceSchema), required=True)


class TogetherPairSchema(Answer):
    """Two themes that go together within journal entries."""

    first = fields.Nested(ShownThemeSchema, required=True)
    second = fields.Nested(ShownThemeSchema, required=True)
    statement = fields.Function(_statement, required=True, metadata={"type": "string"})
    both = fields.Integer(required=True, attribute="found.both")
    with_first = fields.Integer(required=True, attribute="found.with_theme")
    second_only = fields.Integer(required=True, attribute="found.other_only")
    without_first = fields.Integer(required=True, attribute="found.without_theme")
    same_words = fields.Integer(
        required=True,
        attribute="found.same_words",
        metadata={"description": "Entries in which the very same words gave both; they are in no other number."},
    )
    chance = fields.Float(required=True, attribute="found.chance", metadata=_CHANCE)


class TogetherSchema(Answer):
    """Themes that go together."""

    is_enough = fields.Boolean(required=True, attribute="found.is_enough", metadata=_ENOUGH)
    entries = fields.Integer(required=True, attribute="found.entries")
    entries_needed = fields.Constant(ENTRIES_NEEDED, required=True, metadata={"type": "integer"})
    pairs = fields.List(fields.Nested(TogetherPairSchema), required=True, attribute="told")


class TurnSchema(Answer):
    """A theme, and another that follows it in the next stretch between dosing sessions."""

    first = fields.Nested(ShownThemeSchema, required=True)
    next = fields.Nested(ShownThemeSchema, required=True, attribute="second")
    statement = fields.Function(_statement, required=True, metadata={"type": "string"})
    followed = fields.Integer(required=True, attribute="found.followed")
    after_first = fields.Integer(required=True, attribute="found.after_theme")
    followed_others = fields.Integer(required=True, attribute="found.followed_others")
    after_others = fields.Integer(required=True, attribute="found.after_others")
    chance = fields.Float(required=True, attribute="found.chance", metadata=_CHANCE)


class InTurnSchema(Answer):
    """Themes that follow one another."""

    is_enough = fields.Boolean(required=True, attribute="found.is_enough", metadata=_ENOUGH)
    stretches = fields.Integer(required=True, attribute="found.windows")
    stretches_needed = fields.Constant(WINDOWS_NEEDED, required=True, metadata={"type": "integer"})
    turns = fields.List(fields.Nested(TurnSchema), required=True, attribute="told")


class MoodSummarySchema(Answer):
    """Valence or arousal over the entries (`documents`) and check-ins that have it, -5 to 5."""

    documents = fields.Integer(required=True)
    check_ins = fields.Integer(required=True)
    mean = fields.Float(required=True)
    lowest = fields.Integer(required=True)
    highest = fields.Integer(required=True)


class GroupRateSchema(Answer):
    """One theme in a group of entries. The interval is 90 % credible, shrunk towards the patient's usual rate."""

    theme = fields.String(required=True)
    mentions = fields.Integer(required=True)
    documents = fields.Integer(required=True)
    rate_per_100_words = fields.Float(required=True)
    rate_low = fields.Float(required=True, allow_none=True)
    rate_high = fields.Float(required=True, allow_none=True)


class GroupSchema(Answer):
    """Journal entries under one heading."""

    documents = fields.Integer(required=True, attribute="group.documents")
    words = fields.Integer(required=True, attribute="group.words")
    valence = fields.Nested(MoodSummarySchema, required=True, allow_none=True, attribute="group.valence")
    arousal = fields.Nested(MoodSummarySchema, required=True, allow_none=True, attribute="group.arousal")
    themes = fields.List(fields.Nested(GroupRateSchema), required=True, attribute="group.themes")


class SinceDosingSchema(GroupSchema):
    """What was written so long after the start of the last dosing session."""

    since = Choice(tuple(each.value for each in Since), required=True)


class ByPhaseSchema(GroupSchema):
    """What belongs to sessions of this kind. Null: to no session."""

    phase = Choice(SESSION_KINDS, required=True, allow_none=True)


class ByRouteSchema(GroupSchema):
    """What was written within a week of a dosing by this route. Null: the route is not known."""

    route = Choice(ROUTES, required=True, allow_none=True)
    sessions = fields.Integer(required=True)


class ByDoseSchema(ByRouteSchema):
    """What was written within a week of a dosing in this part of the patient's own doses by one route."""

    band = Choice(tuple(each.value for each in Band), required=True)
    lowest = fields.Float(required=True)
    highest = fields.Float(required=True)
    unit = Choice(("mg", "mg_per_kg"), required=True)


class DoseThemeSchema(ShownThemeSchema):
    """A theme that has rates around the dose."""

    mentions = fields.Integer(required=True, attribute="found.mentions")


class AroundDoseSchema(Answer):
    """Themes and mood around the dose: description, never an effect."""

    sessions = fields.Integer(required=True, attribute="found.sessions")
    themes = fields.List(fields.Nested(DoseThemeSchema), required=True, attribute="told")
    since_dosing = fields.List(fields.Nested(SinceDosingSchema), required=True, attribute="found.since_dosing")
    by_phase = fields.List(fields.Nested(ByPhaseSchema), required=True, attribute="found.by_phase")
    by_route = fields.List(fields.Nested(ByRouteSchema), required=True, attribute="found.by_route")
    by_dose = fields.List(fields.Nested(ByDoseSchema), required=True, attribute="found.by_dose")


class VoiceSchema(Answer):
    """A theme in one voice."""

    documents = fields.Integer(required=True)
    mentions = fields.Integer(required=True)


class WholeVoiceSchema(VoiceSchema):
    """What one voice has written."""

    words = fields.Integer(required=True)


class VoicedThemeSchema(ShownThemeSchema):
    """A theme in journal and notes, or in one of them only; up to three mentions of each."""

    named_by = Choice(tuple(each.value for each in NamedBy), required=True, attribute="found.named_by")
    journal = fields.Nested(VoiceSchema, required=True, attribute="found.journal")
    note = fields.Nested(VoiceSchema, required=True, attribute="found.note")
    chance_of_silence = fields.Float(
        required=True,
        allow_none=True,
        attribute="found.chance_of_silence",
        metadata={
            "description": "Where one is silent: how probable that is if both spoke of it equally often, given how "
            "much each has written."
        },
    )


class AcrossVoicesSchema(Answer):
    """What journal and notes both speak of, and what only one of them does."""

    is_enough = fields.Boolean(required=True, attribute="found.is_enough", metadata=_ENOUGH)
    journal = fields.Nested(WholeVoiceSchema, required=True, attribute="found.journal")
    note = fields.Nested(WholeVoiceSchema, required=True, attribute="found.note")
    words_needed = fields.Constant(
        WORDS_NEEDED, required=True, metadata={"type": "integer", "description": "Of each voice."}
    )
    themes = fields.List(fields.Nested(VoicedThemeSchema), required=True, attribute="told")


_RATE = {
    "theme": "grief",
    "mentions": 4,
    "documents": 2,
    "rate_per_100_words": 1.25,
    "rate_low": 0.5,
    "rate_high": 2.1,
}
_GROUP = {
    "documents": 3,
    "words": 320,
    "valence": {"documents": 2, "check_ins": 0, "mean": -0.5, "lowest": -2, "highest": 1},
    "arousal": None,
    "themes": [_RATE],
}


class PatternsSchema(Answer):
    """How a patient's themes stand to one another, to the dose and to who wrote. Description; docs/patterns.md."""

    example: ClassVar[dict[str, Any]] = {
        "patient_id": _PATIENT,
        "together": {
            "is_enough": True,
            "entries": 38,
            "entries_needed": ENTRIES_NEEDED,
            "pairs": [
                {
                    "first": _GRIEF,
                    "second": _FAMILY,
                    "statement": "In 6 of the 7 entries that speak of “Grief”, also “Family of origin”; in 1 of the "
                    "other 31.",
                    "both": 6,
                    "with_first": 7,
                    "second_only": 1,
                    "without_first": 31,
                    "same_words": 0,
                    "chance": 0.00001,
                }
            ],
        },
        "in_turn": {"is_enough": False, "stretches": 4, "stretches_needed": WINDOWS_NEEDED, "turns": []},
        "around_dose": {
            "sessions": 2,
            "themes": [_GRIEF | {"mentions": 9}],
            "since_dosing": [{"since": "within_24_hours", **_GROUP}],
            "by_phase": [{"phase": "dosing", **_GROUP}],
            "by_route": [{"route": "intramuscular", "sessions": 2, **_GROUP}],
            "by_dose": [
                {"route": "intramuscular", "band": "same", "lowest": 0.5, "highest": 0.5, "unit": "mg_per_kg"}
                | {"sessions": 2, **_GROUP}
            ],
        },
        "across_voices": {
            "is_enough": True,
            "journal": {"documents": 38, "mentions": 61, "words": 6100},
            "note": {"documents": 5, "mentions": 12, "words": 700},
            "words_needed": WORDS_NEEDED,
            "themes": [
                _GRIEF
                | {
                    "named_by": "journal",
                    "journal": {"documents": 7, "mentions": 9},
                    "note": {"documents": 0, "mentions": 0},
                    "chance_of_silence": 0.58,
                }
            ],
        },
        "measures": [MeasureAroundDoseSchema.example],
    }

    patient_id = Id(required=True)
    together = fields.Nested(TogetherSchema, required=True)
    in_turn = fields.Nested(InTurnSchema, required=True)
    around_dose = fields.Nested(AroundDoseSchema, required=True)
    across_voices = fields.Nested(AcrossVoicesSchema, required=True)
    measures = fields.List(fields.Nested(MeasureAroundDoseSchema), required=True)
