"""/patients/{id}/brief and /caseload."""

from typing import Any
from uuid import UUID

from flask import Response, g, render_template
from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.db import showing
from integration_api.overview import brief, caseload, schemas, search
from integration_api.web.blueprint import Blueprint
from integration_api.web.pages import PageQuery
from integration_api.wiring import parts

blp = Blueprint(
    "Overview",
    __name__,
    url_prefix="/v1",
    template_folder="templates",
    description="The five minutes before a session.",
)
_PAGE = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@blp.route("/patients/<uuid:patient_id>/brief")
class Brief(MethodView):
    """What to know before the next session."""

    @blp.reads("readBrief", schemas.BriefSchema, of=Resource.BRIEF, query=schemas.BriefQuery, is_kept=True)
    def get(self, caller: Principal, query: dict[str, Any], patient_id: UUID) -> object:
        """Read the brief.

        What was written since the last session: safety first, rising and resurfaced themes, sleep, commitments, what
        keeps returning; each line with the words that it rests on.
        """
        with showing() as db_session:
            return brief.read_brief(db_session, caller, patient_id, query["since"], parts().now())


@blp.route("/patients/<uuid:patient_id>/brief/page")
class BriefPage(MethodView):
    """The same to print."""

    @blp.downloads("readBriefPage", "text/html", of=Resource.BRIEF)
    def get(self, caller: Principal, patient_id: UUID) -> Response:
        """Read the brief as a page.

        One sheet to print, since the last session.
        """
        with showing() as db_session:
            found = brief.read_brief(db_session, caller, patient_id, None, parts().now())
        g.trace.saw(found)
        page = Response(render_template("overview/brief.html", brief=schemas.BriefSchema().dump(found)))
        page.headers["Content-Security-Policy"] = _PAGE
        return page


@blp.route("/caseload")
class Caseload(MethodView):
    """A clinician's patients at a glance."""

    @blp.lists("listCaseload", schemas.GlanceSchema, PageQuery, of=Resource.CASELOAD, is_kept=True)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List the caseload.

        The patients of the care teams that the caller is on, by name: who wrote, who fell silent, what rose this week,
        who comes next.
        """
        with showing() as db_session:
            return caseload.list_caseload(db_session, caller, page, parts().now())


@blp.route("/patients/<uuid:patient_id>/search")
class Search(MethodView):
    """What was written, searched."""

    @blp.searches("searchRecord", schemas.QuestionSchema, schemas.FoundSchema, of=Resource.SEARCH)
    def post(self, caller: Principal, question: dict[str, Any], page: Any, patient_id: UUID) -> object:
        """Search a patient's entries and notes.

        By words, theme, facet, assertion, source, session and time, the latest first, as far as the caller may read.
        The question stands in the body, since addresses are kept in many places. Send it again with `cursor` for more.
        """
        with showing() as db_session:
            return search.search(db_session, caller, patient_id, question["wanted"], page, parts().now())
