"""/fhir/R4, what is read and searched."""

from flask import Response, current_app, g, request

from integration_api.access.scopes import Action
from integration_api.db import reading, showing
from integration_api.fhir import incoming_routes  # noqa: F401  (its routes join the same blueprint)
from integration_api.fhir.answering import answer_resource, base_url, write_fhir
from integration_api.fhir.bulk import routes as bulk_routes  # noqa: F401  (likewise)
from integration_api.fhir.bundles import Cursors, history, read_question, searchset
from integration_api.fhir.facade import blp
from integration_api.fhir.known import Known
from integration_api.fhir.outcome import prefers
from integration_api.fhir.search import read_search
from integration_api.fhir.sources import Hit, ResourceType
from integration_api.fhir.use_cases import read_resource, read_versions, search_resources, type_named
from integration_api.web.door import enter, traced
from integration_api.web.media import NotTaken
from integration_api.wiring import parts

__all__ = ["blp"]

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@blp.get("/<kind>")
def search_type(kind: str) -> Response:
    """Search by the address's parameters."""
    return _search(type_named(kind), list(request.args.items(multi=True)))


@blp.post("/<kind>/_search")
def search_by_form(kind: str) -> Response:
    """Search by a form's parameters, so that they are in no log of addresses."""
    if request.mimetype not in _FORMS and (request.mimetype or request.get_data()):
        raise NotTaken(*_FORMS)  # what is not read does not narrow, and all would be found
    return _search(type_named(kind), [*request.args.items(multi=True), *request.form.items(multi=True)])


def _search(kind: ResourceType, pairs: list[tuple[str, str]]) -> Response:
    with traced(f"fhirSearch{kind.name}", kind.resource, Action.SEARCH, {}):
        caller = enter(kind.resource, Action.SEARCH)
        cursors = Cursors(current_app.config["SECRET_KEY"], caller.user_id, kind.name)
        search = read_question(kind, pairs, cursors, is_lenient=prefers("handling=lenient"))
        with showing() as db_session:
            known = Known(db_session, caller, base_url())
            found = search_resources(known, kind, search)
            for hit in (*found.matches, *found.included):
                _saw(hit)
            cursor = cursors.write(search, found)
            page = searchset(base_url(), kind, search, found, parts().now(), cursor)
        return write_fhir(page)


@blp.get("/<kind>/<record>")
def read(kind: str, record: str) -> Response:
    """Read one resource."""
    return _read(kind, record)


@blp.get("/<kind>/<record>/_history/<version>")
def vread(kind: str, record: str, version: str) -> Response:
    """Read one of the versions of a resource that are kept."""
    return _read(kind, record, version)


def _read(kind: str, record: str, version: str | None = None) -> Response:
    wanted = type_named(kind)
    pairs = list(request.args.items(multi=True))
    search = read_search(pairs, (), is_lenient=prefers("handling=lenient"))
    with traced(f"fhirRead{wanted.name}", wanted.resource, Action.READ, {}):
        return answer_resource(_hit(wanted, record, version), wanted, search)


@blp.get("/<kind>/<record>/_history")
def read_history(kind: str, record: str) -> Response:
    """List the versions that are kept."""
    wanted = type_named(kind)
    read_search(list(request.args.items(multi=True)), (), is_lenient=prefers("handling=lenient"))
    with traced(f"fhirHistory{wanted.name}", wanted.resource, Action.READ, {}):
        caller = enter(wanted.resource, Action.READ)
        with reading() as db_session:
            versions = read_versions(Known(db_session, caller, base_url()), wanted, record)
        _saw(versions[0])
        return write_fhir(history(base_url(), [each.resource for each in versions], parts().now()))


def _hit(kind: ResourceType, record: str, version: str | None = None) -> Hit:
    caller = enter(kind.resource, Action.READ)
    with reading() as db_session:
        hit = read_resource(Known(db_session, caller, base_url()), kind, record, version)
    _saw(hit)
    return hit


def _saw(hit: Hit) -> None:
    """Have the audit trail know whose record is answered with."""
    if hit.row is not None:
        g.trace.saw(hit.row)
