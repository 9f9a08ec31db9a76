"""/measures, /measure-responses, and how a patient's measures change."""

from typing import Any
from uuid import UUID

from flask import current_app
from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.config import Settings
from integration_api.db import reading, showing, unit_of_work
from integration_api.measures import progress, schemas, trend_schemas, use_cases
from integration_api.measures.due import load_schedule
from integration_api.safety.jobs import timing
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once
from integration_api.web.languages import language
from integration_api.web.pages import PageQuery
from integration_api.wiring import parts

blp = Blueprint("Measures", __name__, url_prefix="/v1", description="Validated questionnaires, answered and scored.")


@blp.route("/measures")
class Measures(MethodView):
    """The catalogue of questionnaires."""

    @blp.lists("listMeasures", schemas.MeasureSchema, PageQuery, of=Resource.MEASURE)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List the measures.

        By name, each with its items, answers, scoring, bands, licence and source.
        """
        return use_cases.list_measures(caller, page)


@blp.route("/measures/<measure>")
class OneMeasure(MethodView):
    """One questionnaire."""

    @blp.reads("readMeasure", schemas.MeasureSchema, of=Resource.MEASURE)
    def get(self, caller: Principal, measure: str) -> object:
        """Read a measure.

        Its words are the published ones, in the languages that there is a published version in: show them unchanged.
        """
        return use_cases.read_measure(caller, measure)


@blp.route("/measure-responses")
class MeasureResponses(MethodView):
    """What was answered."""

    @blp.lists(
        "listMeasureResponses", schemas.MeasureResponseSchema, schemas.ResponseQuery, of=Resource.MEASURE_RESPONSE
    )
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List responses to measures.

        The latest first; of one patient, measure, status or stretch of time, if asked for.
        """
        with showing() as db_session:
            return use_cases.list_responses(db_session, caller, query["wanted"], page)

    @blp.creates(
        "answerMeasure", schemas.MeasureResponseDraftSchema, schemas.MeasureResponseSchema, of=Resource.MEASURE_RESPONSE
    )
    def post(self, caller: Principal, draft: use_cases.ResponseDraft, once: Once) -> object:
        """Answer a measure.

        By the patient, or by a clinician of the care team who writes it down. An answer that somebody must see soon
        raises a safety flag at once, whatever the total. To correct a response, send it anew with `replaces`.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: use_cases.keep_response(db_session, caller, draft, language(), timing()),
                lambda response_id: use_cases.read_response(db_session, caller, response_id),
            )


@blp.route("/measure-responses/<uuid:response_id>")
class OneMeasureResponse(MethodView):
    """One filled-in questionnaire."""

    @blp.reads("readMeasureResponse", schemas.MeasureResponseSchema, of=Resource.MEASURE_RESPONSE)
    def get(self, caller: Principal, response_id: UUID) -> object:
        """Read a response to a measure.

        With its total and band, reckoned from the answers. Where an answer is missing there is no total.
        """
        with reading() as db_session:
            return use_cases.read_response(db_session, caller, response_id)

    @blp.deletes("deleteMeasureResponse", schemas.MeasureResponseSchema, of=Resource.MEASURE_RESPONSE)
    def delete(self, caller: Principal, match: Any, response_id: UUID) -> None:
        """Delete a response to a measure.

        By who sent it. The answers go, and the safety flags that were raised from them.
        """
        with unit_of_work() as db_session:
            use_cases.take_back(db_session, caller, response_id, match, parts().now())


@blp.route("/patients/<uuid:patient_id>/measures")
class PatientMeasures(MethodView):
    """How a patient's measures change."""

    @blp.lists(
        "listPatientMeasures",
        trend_schemas.TrendSchema,
        PageQuery,
        of=Resource.MEASURE_RESPONSE,
        missing=True,
        is_kept=True,
    )
    def get(self, caller: Principal, query: dict[str, Any], page: Any, patient_id: UUID) -> object:
        """List how a patient's measures change.

        Those that were answered, by name, each with its series. Description: it claims no cause and no diagnosis.
        """
        with showing() as db_session:
            return progress.list_trends(db_session, caller, patient_id, page)


@blp.route("/patients/<uuid:patient_id>/measures/<measure>")
class PatientMeasure(MethodView):
    """How one measure changes."""

    @blp.reads("readPatientMeasure", trend_schemas.TrendSchema, of=Resource.MEASURE_RESPONSE, is_kept=True)
    def get(self, caller: Principal, patient_id: UUID, measure: str) -> object:
        """Read how one of a patient's measures changes.

        Its totals in order of time, the change since the one before and since the first, and the totals by time since
        the last dosing. Totals differ by chance, and by what else happens: it claims no cause.
        """
        with showing() as db_session:
            return progress.read_trend(db_session, caller, patient_id, measure)


@blp.route("/me/measures-due")
class MeasuresDue(MethodView):
    """What the patient is asked to answer now."""

    @blp.lists("listMeasuresDue", trend_schemas.DueSchema, PageQuery, of=Resource.MEASURE_DUE)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List the measures that are due.

        After the clinic's schedule, while a course of treatment is under way. Leaving one out is no fault.
        """
        settings: Settings = current_app.config["SETTINGS"]
        with showing() as db_session:
            schedule = load_schedule(settings.measure_schedule)
            return use_cases.list_due(db_session, caller, schedule, page, parts().now())
