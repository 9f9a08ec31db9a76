"""/fhir/R4, what is put in: create and update, also by condition; transactions and batches."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Response, current_app, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.db import unit_of_work
from integration_api.errors import Conflict, IntegrationError
from integration_api.fhir.answering import answer_resource, base_url, write_fhir
from integration_api.fhir.bundles import bundle
from integration_api.fhir.elements import Json
from integration_api.fhir.facade import blp
from integration_api.fhir.known import Known
from integration_api.fhir.outcome import FHIR_JSON, prefers
from integration_api.fhir.resources.registry import TYPES
from integration_api.fhir.search import IGNORED
from integration_api.fhir.sources import ResourceType
from integration_api.fhir.transactions import Entry, at_entry, carry_out, check_request, named_once, read_entries
from integration_api.fhir.use_cases import type_named
from integration_api.fhir.writing import Writer, Written, condition_in
from integration_api.web.body import read_json
from integration_api.web.door import authenticated, enter, traced
from integration_api.web.media import NotTaken
from integration_api.wiring import parts

_TAKEN = (FHIR_JSON, "application/json")


@blp.post("/<kind>")
def create(kind: str) -> Response:
    """Create a resource, unless `If-None-Exist` or the address's own parameters find it there."""
    wanted, condition = _written(kind), request.headers.get("If-None-Exist")
    asked = [each for each in request.args.items(multi=True) if each[0] not in IGNORED]
    pairs = condition_in(condition) if condition is not None else asked or None
    return _write(wanted, Action.CREATE, lambda writer, body: writer.create(wanted, body, pairs))


@blp.put("/<kind>")
def update_by_condition(kind: str) -> Response:
    """Change the one resource that the address's parameters find; create it where there is none."""
    wanted, pairs = _written(kind), list(request.args.items(multi=True))
    seen = request.headers.get("If-Match")
    return _write(wanted, Action.UPDATE, lambda writer, body: writer.update_matching(wanted, pairs, body, seen))


@blp.put("/<kind>/<record>")
def update(kind: str, record: str) -> Response:
    """Change a resource."""
    wanted, seen = _written(kind), request.headers.get("If-Match")
    return _write(wanted, Action.UPDATE, lambda writer, body: writer.update(wanted, record, body, seen))


def _written(name: str) -> ResourceType:
    kind = type_named(name)
    if not kind.is_written:
        raise MethodNotAllowed(["GET", "HEAD"])
    return kind


def read_body() -> Any:
    """Read a body of FHIR's JSON."""
    if request.mimetype not in _TAKEN:
        raise NotTaken(*_TAKEN)
    return read_json(request.mimetype)


def _write(kind: ResourceType, action: Action, write: Callable[[Writer, Json], Written]) -> Response:
    with traced(f"fhir{action.name.capitalize()}{kind.name}", kind.resource, action, {}):
        caller, body = enter(kind.resource, action), read_body()
        written = _again_if_clashing(lambda: _in_transaction(caller, lambda writer: write(writer, body)))
        g.trace.saw(written.hit.row)
        answer = answer_resource(written.hit, kind, status=201 if written.is_new else 200)
    resource = written.hit.resource
    here = f"{base_url()}/{kind.name}/{resource['id']}/_history/{resource['meta']['versionId']}"
    answer.headers["Location" if written.is_new else "Content-Location"] = here
    if prefers("return=minimal"):
        answer.set_data(b"")
    return answer


def _in_transaction(caller: Principal, work: Callable[[Writer], Any]) -> Any:
    with unit_of_work() as db_session:
        return work(Writer(Known(db_session, caller, base_url()), parts().now()))


def _again_if_clashing(work: Callable[[], Any]) -> Any:
    """Try once more where another request has stored the same identifier meanwhile: now it is found.

    The database may notice (`Collision`), or we, where it was kept between a search by condition and the write.
    """
    try:
        return work()
    except Conflict:
        return work()


@blp.post("", strict_slashes=False)
@blp.post("/", strict_slashes=False)
def carry_out_bundle() -> Response:
    """Carry out a transaction, all or nothing, or a batch, each request for itself."""
    with traced("fhirBundle", "Bundle", Action.CREATE, {}):
        caller = authenticated()
        kind, entries = read_entries(read_body(), base_url())
        if kind == "transaction":
            made = _again_if_clashing(lambda: _in_transaction(caller, lambda writer: _all(writer, entries)))
            return _answer_bundle("transaction-response", entries, made)
    return _answer_bundle("batch-response", entries, [_one(caller, each) for each in entries])


def _answer_bundle(kind: str, entries: Sequence[Entry], made: Sequence[Json]) -> Response:
    """Answer each request; what was put in is shown unless that is not wanted."""
    hidden = {"resource"} if prefers("return=minimal") else set()
    shown = [
        each if entry.method == "GET" else {name: value for name, value in each.items() if name not in hidden}
        for entry, each in zip(entries, made, strict=True)
    ]
    return write_fhir(bundle(kind, parts().now(), named_once(shown)))


def _all(writer: Writer, entries: Sequence[Entry]) -> list[Json]:
    """Carry out all entries; patients before their visits. One that fails takes all of them back."""
    made: dict[int, Json] = {}
    for entry in sorted(entries, key=lambda each: each.order):
        try:
            made[entry.number], shown = carry_out(writer, entry, current_app.config["SECRET_KEY"])
        except IntegrationError as error:
            raise at_entry(entry.number, error) from None
        for hit in shown:
            if hit.row is not None:
                g.trace.saw(hit.row)
    return [made[entry.number] for entry in entries]


def _one(caller: Principal, entry: Entry) -> Json:
    """Carry out one entry of a batch, with a place of its own in the audit trail; a failure is its answer."""
    try:
        check_request(entry)
        with traced(f"fhirBatch{entry.method.capitalize()}", _type_of(entry), _ACTIONS[entry.method], {}):
            g.trace.caller = caller
            (made,) = _again_if_clashing(lambda: _in_transaction(caller, lambda writer: _all(writer, [entry])))
            return dict(made)
    except (IntegrationError, HTTPException) as error:
        told: Response = current_app.make_response(current_app.handle_user_exception(error))
        return {"response": {"status": str(told.status_code), "outcome": told.get_json(force=True)}}


def _type_of(entry: Entry) -> str:
    """Name the type that an entry asks for; an unknown one is the client's own word, and no trail is for those."""
    return entry.path[0] if entry.path[0] in TYPES else "Bundle"


_ACTIONS = {"GET": Action.READ, "POST": Action.CREATE, "PUT": Action.UPDATE}
