"""/courses, /sessions, /sessions/{id}/vitals."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.care import schemas, use_cases
from integration_api.db import reading, showing, unit_of_work
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once, Put
from integration_api.web.pages import PageQuery
from integration_api.wiring import parts

blp = Blueprint("Care", __name__, url_prefix="/v1", description="Courses of treatment and their sessions.")


@blp.route("/courses")
class Courses(MethodView):
    """Courses of treatment."""

    @blp.lists("listCourses", schemas.CourseSchema, schemas.CourseQuery, of=Resource.COURSE)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List courses of treatment.

        The newest first; of one patient, or in one state, if asked for.
        """
        with showing() as db_session:
            return use_cases.list_courses(db_session, caller, query["patient_id"], query["status"], page)

    @blp.creates("openCourse", schemas.CourseDraftSchema, schemas.CourseSchema, of=Resource.COURSE)
    def post(self, caller: Principal, draft: use_cases.CourseDraft, once: Once) -> object:
        """Open a course of treatment.

        For a patient whose care team the caller is on.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: use_cases.open_course(db_session, caller, draft),
                lambda course_id: use_cases.read_course(db_session, caller, course_id),
            )


@blp.route("/courses/<uuid:course_id>")
class OneCourse(MethodView):
    """One course of treatment."""

    @blp.reads("readCourse", schemas.CourseSchema, of=Resource.COURSE)
    def get(self, caller: Principal, course_id: UUID) -> object:
        """Read a course of treatment.

        Its sessions are listed at `/v1/sessions?course_id=`.
        """
        with reading() as db_session:
            return use_cases.read_course(db_session, caller, course_id)

    @blp.patches("changeCourse", schemas.CourseDraftSchema, schemas.CourseSchema, of=Resource.COURSE)
    def patch(self, caller: Principal, merge: Any, course_id: UUID) -> object:
        """Change a course of treatment.

        A merge patch of status, indication and dates. A course stays its patient's. One that is cancelled takes with it
        the sessions that it had planned for later: they are cancelled, too. One that is taken up again loses its
        `ended_on`, unless that is said anew.
        """
        with unit_of_work() as db_session:
            return use_cases.change_course(db_session, caller, course_id, merge, parts().now())


@blp.route("/sessions")
class Sessions(MethodView):
    """Sessions of courses."""

    @blp.lists("listSessions", schemas.SessionSchema, schemas.SessionQuery, of=Resource.SESSION)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List sessions.

        The latest first; of one patient, course, kind, status or stretch of time, if asked for.
        """
        with showing() as db_session:
            return use_cases.list_sessions(db_session, caller, query["wanted"], page)

    @blp.creates("createSession", schemas.SessionDraftSchema, schemas.SessionSchema, of=Resource.SESSION)
    def post(self, caller: Principal, draft: use_cases.SessionDraft, once: Once) -> object:
        """Create a session.

        Planned or held. Journal entries whose writers named no session are tied anew.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: use_cases.hold_session(db_session, caller, draft, parts().now()),
                lambda session_id: use_cases.read_session(db_session, caller, session_id),
            )


@blp.route("/sessions/<uuid:session_id>")
class OneSession(MethodView):
    """One session."""

    @blp.reads("readSession", schemas.SessionSchema, of=Resource.SESSION)
    def get(self, caller: Principal, session_id: UUID) -> object:
        """Read a session.

        With its dosing, what follows from it by arithmetic, and its vitals.
        """
        with reading() as db_session:
            return use_cases.read_session(db_session, caller, session_id)

    @blp.stores(
        "putSession",
        schemas.SessionDraftSchema,
        schemas.SessionSchema,
        of=Resource.SESSION,
        creates="createSession",
    )
    def put(self, caller: Principal, put: Put, session_id: UUID) -> object:
        """Create or replace a session.

        Creates it with `If-None-Match: *`, replaces it with `If-Match`. Vitals stay as they are.
        """
        with unit_of_work() as db_session:
            return put(
                db_session,
                lambda draft: use_cases.hold_session(db_session, caller, draft, parts().now()),
                lambda _: use_cases.read_session(db_session, caller, session_id),
                lambda merge: use_cases.change_session(db_session, caller, session_id, merge, parts().now()),
            )

    @blp.patches("changeSession", schemas.SessionDraftSchema, schemas.SessionSchema, of=Resource.SESSION)
    def patch(self, caller: Principal, merge: Any, session_id: UUID) -> object:
        """Change a session.

        A merge patch. Moving or cancelling a session ties journal entries and counts dosing sessions anew.
        """
        with unit_of_work() as db_session:
            return use_cases.change_session(db_session, caller, session_id, merge, parts().now())


@blp.route("/sessions/<uuid:session_id>/vitals")
class VitalsSeries(MethodView):
    """A session's vital signs."""

    @blp.lists("listVitals", schemas.VitalsSchema, PageQuery, of=Resource.VITALS, missing=True)
    def get(self, caller: Principal, query: dict[str, Any], page: Any, session_id: UUID) -> object:
        """List a session's vitals.

        In the order of time.
        """
        with reading() as db_session:
            return use_cases.list_vitals(db_session, caller, session_id, page)

    @blp.creates("recordVitals", schemas.VitalsDraftSchema, schemas.VitalsSchema, of=Resource.VITALS, missing=True)
    def post(self, caller: Principal, draft: use_cases.VitalsDraft, once: Once, session_id: UUID) -> object:
        """Record vitals.

        One reading: blood pressure in mmHg, heart rate in beats per minute, oxygen saturation in percent.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: use_cases.record_vitals(db_session, caller, session_id, draft, parts().now()),
                lambda found: use_cases.read_vitals(db_session, caller, session_id, found),
            )


@blp.route("/sessions/<uuid:session_id>/vitals/<uuid:vitals_id>")
class OneVitals(MethodView):
    """One reading."""

    @blp.reads("readVitals", schemas.VitalsSchema, of=Resource.VITALS)
    def get(self, caller: Principal, session_id: UUID, vitals_id: UUID) -> object:
        """Read one reading.

        As it stands in the session's series.
        """
        with reading() as db_session:
            return use_cases.read_vitals(db_session, caller, session_id, vitals_id)

    @blp.deletes("strikeVitals", schemas.VitalsSchema, of=Resource.VITALS)
    def delete(self, caller: Principal, match: Any, session_id: UUID, vitals_id: UUID) -> None:
        """Strike a mistaken reading.

        Takes it out of the session's series.
        """
        with unit_of_work() as db_session:
            use_cases.strike_vitals(db_session, caller, session_id, vitals_id, match)
