"""/themes and what is told of a patient by them: recurrence, motifs, patterns, mentions and their reviews."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.db import reading, showing, unit_of_work
from integration_api.safety.jobs import timing
from integration_api.themes import (
    motif_schemas,
    motifs,
    own,
    pattern_schemas,
    patterns,
    recurrence_schemas,
    reviews,
    schemas,
    use_cases,
)
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once
from integration_api.web.pages import cursor_for, page_request

blp = Blueprint("Themes", __name__, url_prefix="/v1", description="What is spoken of, and what returns.")


@blp.route("/themes")
class Themes(MethodView):
    """The taxonomy."""

    @blp.lists("listThemes", schemas.ThemeSchema, schemas.ThemeQuery, of=Resource.TAXONOMY)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List the themes.

        The taxonomy and the clinic's own themes by name, or one facet of them.
        """
        with reading() as db_session:
            return use_cases.list_themes(db_session, caller, query["facet"], page)

    @blp.creates("addTheme", schemas.ThemeDraftSchema, schemas.ThemeSchema, of=Resource.TAXONOMY)
    def post(self, caller: Principal, draft: own.ThemeDraft, once: Once) -> object:
        """Add a theme of the clinic's own.

        Phrases are found word for word, examples by likeness; either will do. Documents are tagged with it from now on;
        `integration-api tag-pending --all` takes up those tagged before.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: own.add_theme(db_session, caller, draft),
                lambda theme_id: own.read_own(db_session, caller, theme_id),
            )


@blp.route("/themes/<theme>")
class OneTheme(MethodView):
    """One theme."""

    @blp.reads("readTheme", schemas.ThemeSchema, of=Resource.TAXONOMY)
    def get(self, caller: Principal, theme: str) -> object:
        """Read a theme.

        What it covers, what it does not, and which instrument or literature it is drawn from.
        """
        with reading() as db_session:
            return use_cases.read_theme(db_session, caller, theme)

    @blp.patches("changeTheme", schemas.ThemeDraftSchema, schemas.ThemeSchema, of=Resource.TAXONOMY)
    def patch(self, caller: Principal, merge: Any, theme: str) -> object:
        """Change a theme of the clinic's own.

        A merge patch. The name stays, and so does what was found before.
        """
        with unit_of_work() as db_session:
            return own.change_theme(db_session, caller, theme, merge, timing())

    @blp.deletes("removeTheme", schemas.ThemeSchema, of=Resource.TAXONOMY)
    def delete(self, caller: Principal, match: Any, theme: str) -> None:
        """Take a theme of the clinic's own out.

        With every mention of it.
        """
        with unit_of_work() as db_session:
            own.take_out(db_session, caller, theme, match)


@blp.route("/patients/<uuid:patient_id>/themes")
class RecurringThemes(MethodView):
    """What returns for a patient."""

    @blp.lists(
        "listRecurringThemes",
        recurrence_schemas.RecurringThemeSchema,
        recurrence_schemas.RecurrenceQuery,
        of=Resource.THEME,
        missing=True,
        is_kept=True,
    )
    def get(self, caller: Principal, query: dict[str, Any], page: Any, patient_id: UUID) -> object:
        """List recurring themes.

        Per theme and dosing session: mentions, words and rates; first and last seen, trajectory, and the strongest
        evidence in the patient's and clinicians' own words. The most recurrent first. Only what the caller may read
        counts; rejected mentions do not, documents that wait for the tagger not yet, and those in other languages than
        English not at all: nothing is looked for in them.
        """
        with showing() as db_session:
            return use_cases.list_recurrences(db_session, caller, patient_id, query["wanted"], page)


@blp.route("/patients/<uuid:patient_id>/themes/<theme>")
class ThemeTimeline(MethodView):
    """How one theme returns."""

    @blp.reads(
        "readThemeTimeline",
        recurrence_schemas.ThemeTimelineSchema,
        of=Resource.THEME,
        query=recurrence_schemas.TimelineQuery,
        is_kept=True,
    )
    def get(self, caller: Principal, query: dict[str, Any], patient_id: UUID, theme: str) -> object:
        """Read one theme's timeline.

        The theme's recurrence, and every mention of it that counts, in the order of writing, by the page.
        """
        page = page_request(query, caller.user_id)
        with showing() as db_session:
            found = use_cases.read_timeline(db_session, caller, patient_id, theme, query["wanted"], page)
        return replace(found, next_cursor=cursor_for(found.mentions, query, caller.user_id))


@blp.route("/patients/<uuid:patient_id>/motifs")
class Motifs(MethodView):
    """A patient's own images and phrases."""

    @blp.lists(
        "listMotifs", motif_schemas.MotifSchema, motif_schemas.MotifQuery, of=Resource.THEME, missing=True, is_kept=True
    )
    def get(self, caller: Principal, query: dict[str, Any], page: Any, patient_id: UUID) -> object:
        """List motifs.

        Images and phrases of the patient's own that return across at least two dosing sessions, in changing wording,
        those most their own first, each with passages. Found without a taxonomy, by how much more often they stand
        here than in other people's text. Only what the caller may read counts, and only what is in English.
        """
        with showing() as db_session:
            return motifs.list_motifs(db_session, caller, patient_id, query["source"], page)


@blp.route("/patients/<uuid:patient_id>/patterns")
class ThemePatterns(MethodView):
    """How a patient's themes stand to one another."""

    @blp.reads(
        "readPatterns",
        pattern_schemas.PatternsSchema,
        of=Resource.THEME,
        query=pattern_schemas.PatternsQuery,
        is_kept=True,
    )
    def get(self, caller: Principal, query: dict[str, Any], patient_id: UUID) -> object:
        """Read the patterns of a patient's themes.

        Which go together and which follow one another, only where what was written carries it; themes and mood by time
        since dosing, route and dose; what journal and notes both name, and what only one of them does. Descriptions
        with their numbers and evidence, of affirmed mentions in what the caller may read: no cause, no effect.
        """
        with showing() as db_session:
            return patterns.read_patterns(db_session, caller, patient_id, query["wanted"])


@blp.route("/mentions/<uuid:mention_id>")
class OneMention(MethodView):
    """One mention."""

    @blp.reads("readMention", schemas.ReviewedMentionSchema, of=Resource.MENTION)
    def get(self, caller: Principal, mention_id: UUID) -> object:
        """Read a mention.

        The words, why the theme was given, and what clinicians said of it.
        """
        with reading() as db_session:
            return reviews.read_mention(db_session, caller, mention_id)


@blp.route("/mentions/<uuid:mention_id>/review")
class MentionReview(MethodView):
    """A clinician's word on a mention."""

    @blp.acts("reviewMention", schemas.ReviewSchema, schemas.ReviewedMentionSchema, of=Resource.MENTION)
    def post(self, caller: Principal, review: reviews.Review, mention_id: UUID) -> object:
        """Review a mention.

        Confirms or rejects it, corrects its theme or assertion, or withdraws what was said before. A rejected mention
        no longer counts, and stays rejected when the document is tagged again.
        """
        with unit_of_work() as db_session:
            return reviews.review_mention(db_session, caller, mention_id, review, timing())
