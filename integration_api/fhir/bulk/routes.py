"""/fhir/R4/$export: kick-off, status, files, and letting go."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, request, stream_with_context
from werkzeug.http import http_date

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.access.use_cases import still_let_in
from integration_api.config import Settings
from integration_api.db import reading, unit_of_work
from integration_api.errors import Fault, Invalid
from integration_api.fhir.answering import base_url, write_fhir
from integration_api.fhir.bulk import use_cases
from integration_api.fhir.bulk.asking import pairs_in, read_wish
from integration_api.fhir.bulk.sending import seen_in, sent_lines, still_there
from integration_api.fhir.elements import NDJSON, Json, moment
from integration_api.fhir.facade import blp
from integration_api.fhir.incoming_routes import read_body
from integration_api.fhir.known import Known
from integration_api.fhir.outcome import outcome, prefers, told
from integration_api.web.body import write_json
from integration_api.web.door import authenticated, traced
from integration_api.wiring import parts
from models import BulkExport, BulkFile, Job, drop_export

POLL = 5  # seconds between two looks
_BOTH = ["GET", "POST"]
_OURS = Resource.BULK_EXPORT


@blp.route("/$export", methods=_BOTH)
def export_all() -> Response:
    """Begin an export of all that the caller may read."""
    return _begin("system")


@blp.route("/Patient/$export", methods=_BOTH)
def export_patients() -> Response:
    """Begin an export of the records of all patients, or of some."""
    return _begin("patient")


@blp.route("/Group/<group>/$export", methods=_BOTH)
def export_group(group: str) -> Response:
    """Begin an export of the records of a group's patients."""
    return _begin("group", group)


def _begin(level: str, group: str | None = None) -> Response:
    settings: Settings = current_app.config["SETTINGS"]
    with traced(f"fhirExport{level.capitalize()}", _OURS, Action.CREATE, {}):
        caller = authenticated()
        use_cases.refuse_others(caller)
        is_lenient = prefers("handling=lenient")
        wish = read_wish(_pairs(), is_lenient=is_lenient)
        query = request.query_string.decode("ascii", "ignore")
        said = use_cases.KickOff(
            level=level,
            group=group,
            address=base_url() + request.path.partition("/fhir/R4")[2] + (f"?{query}" if query else ""),
            is_lenient=is_lenient,
            at=parts().now(),
            hours=settings.export_hours,
            at_once=settings.exports_at_once,
        )
        with unit_of_work() as db_session:
            export = use_cases.begin(Known(db_session, caller, base_url()), wish, said)
    answer = write_fhir(told("The export is being made."), 202)
    answer.headers["Content-Location"] = _address(export)
    return answer


def _pairs() -> list[tuple[str, str]]:
    """Give the parameters: of the address, and of a POST's body. Patients are named in a body, which no log keeps."""
    if not prefers("respond-async"):
        raise Invalid(Fault("An export is made in the background: Prefer: respond-async.", parameter="Prefer"))
    asked = list(request.args.items(multi=True))
    if any(name == "patient" for name, _ in asked):
        raise Invalid(Fault("In the body of a POST.", parameter="patient"))
    if request.method == "POST" and request.get_data(cache=True):
        asked += pairs_in(read_body())
    return asked


def _address(export: BulkExport) -> str:
    return f"{base_url()}/bulk-exports/{export.id}"


@blp.get("/bulk-exports/<uuid:export_id>")
def read_export(export_id: UUID) -> Response:
    """Tell how far an export is, and at last where its files are."""
    with traced("fhirExportStatus", _OURS, Action.READ, {"export_id": export_id}):
        caller = authenticated()
        with reading() as db_session:
            export = use_cases.find(db_session, caller, export_id, parts().now())
            use_cases.check_scope(caller, export.types)
            job, files = use_cases.look(db_session, export)
            return _status(export, job, files)


def _status(export: BulkExport, job: Job, files: Any) -> Response:
    if job.state == "waiting":
        answer = write_fhir(told("The export is being made."), 202)
        answer.headers["X-Progress"] = f"{job.done} of {job.steps} types" if job.steps else "not begun"
        answer.headers["Retry-After"] = str(POLL)
        return answer
    if job.state != "done":
        return write_fhir(outcome(500, "The export could not be made. Please ask for it again."), 500)
    manifest: dict[str, Any] = {
        "transactionTime": moment(export.transaction_time),
        "request": export.question["request"],
        "requiresAccessToken": True,
        "output": [_listed(export, each) for each in files if each.section == "output"],
        "deleted": [_listed(export, each) for each in files if each.section == "deleted"],
        "error": [],
    }
    answer = write_json(manifest)
    answer.headers["Expires"] = http_date(export.expires_at)
    return answer


def _listed(export: BulkExport, file: BulkFile) -> dict[str, Any]:
    kind = file.type if file.section == "output" else "Bundle"
    return {"type": kind, "url": f"{_address(export)}/files/{file.id}", "count": file.resource_count}


@blp.get("/bulk-exports/<uuid:export_id>/files/<uuid:file_id>", endpoint="bulk_file")
def read_file(export_id: UUID, file_id: UUID) -> Response:
    """Give a file, without what may not be read any more."""
    with traced("fhirExportFile", _OURS, Action.READ, {"export_id": export_id}):
        caller = authenticated()
        with reading() as db_session:
            file = use_cases.find_file(db_session, caller, export_id, file_id, parts().now())
            known = Known(db_session, caller, base_url())
            for patient_id in seen_in(known, file):
                g.trace.subjects[patient_id] = file.id
        lines = _sent(caller, file)
        first = next(lines, b"")  # a file that cannot be opened is noticed before anything is answered
    answer = Response(stream_with_context(chain([first], lines)), mimetype=NDJSON)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file.type}.{file.number}.ndjson"'
    return answer


def _sent(caller: Principal, file: BulkFile) -> Iterator[bytes]:
    def still(ids: list[str]) -> Mapping[str, Json | None]:
        with reading() as db_session:
            asker = still_let_in(db_session, caller, parts().now())  # a long file outlives who may have it
            return still_there(Known(db_session, asker, base_url()), file, ids)

    return sent_lines(parts().file_store, file, still)


@blp.delete("/bulk-exports/<uuid:export_id>")
def delete_export(export_id: UUID) -> Response:
    """Let go of an export: it stops if it is being made, and its files go."""
    with traced("fhirExportDelete", _OURS, Action.DELETE, {"export_id": export_id}):
        caller = authenticated()
        with unit_of_work() as db_session:
            export = use_cases.find(db_session, caller, export_id, parts().now())
            drop_export(db_session, export, parts().now())
    return write_fhir(told("The export is gone."), 202)
