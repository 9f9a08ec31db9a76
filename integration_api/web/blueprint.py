"""The blueprint that every room uses: a view declares its operation in one line, and the door stands before it."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

import flask_smorest
from flask import Response

from integration_api.access.policy import Resource
from integration_api.access.scopes import Action
from integration_api.errors import Fault, Invalid
from integration_api.web import preconditions
from integration_api.web.body import Parser, must_say_something
from integration_api.web.creation import Put, once_for
from integration_api.web.door import enter, traced
from integration_api.web.headers import (
    ALWAYS,
    BODY,
    CREATE,
    ETAG,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LINK,
)
from integration_api.web.operations import SchemaClass, View, colliding, created, list_of, match, takes_patch
from integration_api.web.pages import answer_page, page_request
from integration_api.web.remembered import remembered


def _unkept(view: View) -> View:
    return view


class Blueprint(flask_smorest.Blueprint):
    """A room's routes. Each decorator below makes one kind of operation, with its errors, headers and examples."""

    ARGUMENTS_PARSER = Parser()

    def arguments(self, schema: SchemaClass, *, location: str = "json", **kwargs: Any) -> Callable[[View], View]:
        """Read what is sent, and say in the contract whether a body may be left out."""
        required = location != "json" or must_say_something(schema())
        return super().arguments(schema, location=location, required=required, **kwargs)  # type: ignore[no-any-return]

    def lists(
        self,
        name: str,
        schema: SchemaClass,
        query: SchemaClass,
        *,
        of: Resource,
        missing: bool = False,
        is_kept: bool = False,
    ) -> Callable[[View], View]:
        """Answer a page; `is_kept`: from memory until the record changes. The view gets `(caller, query, page)`."""

        def decorate(view: View) -> View:
            @(remembered if is_kept else _unkept)
            @wraps(view)
            def call(resource: Any, caller: Any, parameters: dict[str, Any], **path: Any) -> Response:
                request = page_request(parameters, caller.user_id)
                page = view(resource, caller, parameters, request, **path)
                return answer_page(schema(), page, parameters, request.limit, caller.user_id)

            example = {"items": [schema.example], "next_cursor": None}
            listed = self.response(200, list_of(schema), example=example, headers=LINK | ETAG)(call)
            listed = self.alt_response(304, schema=None, description="Not modified", success=True)(listed)
            asked = self.arguments(query, location="query")(listed)
            errors = (422, *((404,) if missing else ()))
            return self._operation(asked, name, of, Action.SEARCH, errors, [IF_NONE_MATCH])

        return decorate

    def searches(self, name: str, asked: SchemaClass, schema: SchemaClass, *, of: Resource) -> Callable[[View], View]:
        """Answer a page to a question in the body, since words belong in no address.

        The view gets `(caller, asked, page)`.
        """

        def decorate(view: View) -> View:
            @wraps(view)
            def call(resource: Any, caller: Any, question: dict[str, Any], **path: Any) -> Response:
                request = page_request(question, caller.user_id)
                page = view(resource, caller, question, request, **path)
                return answer_page(schema(), page, question, request.limit, caller.user_id)

            example = {"items": [schema.example], "next_cursor": None}
            answered = self.response(200, list_of(schema), example=example)(call)
            answered = self.arguments(asked, example=asked.example)(answered)
            return self._operation(answered, name, of, Action.SEARCH, (400, 404, 413, 415, 422))

        return decorate

    def reads(
        self,
        name: str,
        schema: SchemaClass,
        *,
        of: Resource,
        query: SchemaClass | None = None,
        is_kept: bool = False,
    ) -> Callable[[View], View]:
        """Answer one record with its ETag. The view gets `(caller)`, or `(caller, query)`."""

        def decorate(view: View) -> View:
            @(remembered if is_kept else _unkept)
            @wraps(view)
            def call(resource: Any, *asked: Any, **path: Any) -> Response:
                return preconditions.answer(schema(), view(resource, *asked, **path))

            read = self.response(200, schema, example=schema.example, headers=ETAG)(call)
            read = self.alt_response(304, schema=None, description="Not modified", success=True)(read)
            if query is not None:
                read = self.arguments(query, location="query")(read)
            errors = (404, 422) if query is not None else (404,)
            return self._operation(read, name, of, Action.READ, errors, [IF_NONE_MATCH])

        return decorate

    def creates(
        self, name: str, draft: SchemaClass, schema: SchemaClass, *, of: Resource, missing: bool = False
    ) -> Callable[[View], View]:
        """Create one record, safe to repeat. The view gets `(caller, draft, once)`."""

        def decorate(view: View) -> View:
            @wraps(view)
            def call(resource: Any, caller: Any, body: Any, **path: Any) -> Response:
                once = once_for(caller, name, getattr(body, "id", None), path)
                record = colliding(lambda: view(resource, caller, body, once, **path))
                return created(schema(), record)

            made = self.response(201, schema, example=schema.example, headers=ETAG)(call)
            made = self.arguments(draft, example=draft.example)(made)
            errors = (*BODY, *((404,) if missing else ()))
            return self._operation(made, name, of, Action.CREATE, errors, [IDEMPOTENCY_KEY])

        return decorate

    def replaces(self, name: str, draft: SchemaClass, schema: SchemaClass, *, of: Resource) -> Callable[[View], View]:
        """Replace one record under If-Match. The view gets `(caller, draft, match)` and calls `match(record)` first."""

        def decorate(view: View) -> View:
            @wraps(view)
            def call(resource: Any, caller: Any, body: Any, **path: Any) -> Response:
                preconditions.require_precondition()
                return preconditions.answer(schema(), view(resource, caller, body, match(schema), **path))

            put = self.response(200, schema, example=schema.example, headers=ETAG)(call)
            put = self.arguments(draft, example=draft.example)(put)
            return self._operation(put, name, of, Action.UPDATE, (*BODY, 404, 412, 428), [IF_MATCH])

        return decorate

    def stores(
        self, name: str, draft: SchemaClass, schema: SchemaClass, *, of: Resource, creates: str
    ) -> Callable[[View], View]:
        """Create one record under `If-None-Match: *`, or replace it under If-Match.

        The view gets `(caller, put)`, where `put` (`web/creation.py`) carries out what was meant; `creates`
        names the operation that creates such records, so that a POST and a PUT of one id are known to be the same.
        """

        def decorate(view: View) -> View:
            @wraps(view)
            def call(resource: Any, caller: Any, body: Any, **path: Any) -> Response:
                record_id = next(iter(path.values()))
                if body.id not in (None, record_id):
                    raise Invalid(Fault("Not the id in the address.", pointer="/id"))
                meant = replace(body, id=record_id)
                if preconditions.wants_creation():
                    put = Put(meant, match(schema), once_for(caller, creates, record_id))
                    return created(schema(), colliding(lambda: view(resource, caller, put, **path)))
                preconditions.require_precondition()
                return preconditions.answer(schema(), view(resource, caller, Put(meant, match(schema)), **path))

            stored = self.response(200, schema, example=schema.example, headers=ETAG)(call)
            stored = self.alt_response(
                201, schema=schema, example=schema.example, headers=ETAG, description="Created", success=True
            )(stored)
            stored = self.arguments(draft, example=draft.example)(stored)
            headers: list[dict[str, Any]] = [IF_MATCH | {"required": False}, CREATE]
            return self._operation(stored, name, of, Action.UPDATE, (*BODY, 404, 412, 428), headers)

        return decorate

    def patches(self, name: str, draft: SchemaClass, schema: SchemaClass, *, of: Resource) -> Callable[[View], View]:
        """Merge-patch one record under If-Match. The view gets `(caller, merge)`; `merge(record)` gives the draft."""

        def decorate(view: View) -> View:
            @wraps(view)
            def call(resource: Any, caller: Any, patch: Any, **path: Any) -> Response:
                def merge(record: Any) -> Any:
                    return preconditions.merged(schema(), draft(), record, patch)

                preconditions.require_precondition()
                return preconditions.answer(schema(), view(resource, caller, merge, **path))

            patched = self.response(200, schema, example=schema.example, headers=ETAG)(call)
            patched = takes_patch(draft)(patched)
            return self._operation(patched, name, of, Action.UPDATE, (*BODY, 404, 412, 428), [IF_MATCH])

        return decorate

    def acts(self, name: str, draft: SchemaClass, schema: SchemaClass, *, of: Resource) -> Callable[[View], View]:
        """Carry out an act upon a record, and answer with it. The view gets `(caller, draft)`."""

        def decorate(view: View) -> View:
            @wraps(view)
            def call(resource: Any, caller: Any, body: Any, **path: Any) -> Response:
                return preconditions.answer(schema(), view(resource, caller, body, **path))

            acted = self.response(200, schema, example=schema.example, headers=ETAG)(call)
            acted = self.arguments(draft, example=draft.example)(acted)
            return self._operation(acted, name, of, Action.UPDATE, (*BODY, 404))

        return decorate

    def exchanges(self, name: str, asked: SchemaClass, schema: SchemaClass, *, of: Resource) -> Callable[[View], View]:
        """Take many changes and answer with many. The view gets `(caller, asked)` and gives the whole response."""

        def decorate(view: View) -> View:
            exchanged = self.response(200, schema, example=schema.example)(view)
            exchanged = self.arguments(asked, example=asked.example)(exchanged)
            return self._operation(exchanged, name, of, Action.UPDATE, (400, 410, 413, 415, 422))

        return decorate

    def downloads(self, name: str, media_type: str, *, of: Resource) -> Callable[[View], View]:
        """Answer with a file. The view gets `(caller)` and gives the whole response."""

        def decorate(view: View) -> View:
            described = {"type": "string", "format": "binary"}
            given = self.response(200, described, content_type=media_type)(view)
            return self._operation(given, name, of, Action.READ, (404,))

        return decorate

    def deletes(self, name: str, schema: SchemaClass, *, of: Resource) -> Callable[[View], View]:
        """Delete one record under If-Match. The view gets `(caller, match)` and calls `match(record)` first."""

        def decorate(view: View) -> View:
            @wraps(view)
            def call(resource: Any, caller: Any, **path: Any) -> Response:
                preconditions.require_precondition()
                view(resource, caller, match(schema), **path)
                return Response(status=204)

            gone = self.response(204, description="Deleted")(call)
            return self._operation(gone, name, of, Action.DELETE, (404, 412, 428), [IF_MATCH])

        return decorate

    def public(self, name: str, schema: SchemaClass, *, unready: SchemaClass | None = None) -> Callable[[View], View]:
        """Answer anybody. The view gets nothing and gives the whole response."""

        def decorate(view: View) -> View:
            told = self.response(200, schema, example=schema.example)(view)
            if unready is not None:
                told = self.alt_response(503, schema=unready, description="Not ready")(told)
            documented: View = self.doc(operationId=name, security=[])(told)
            return documented

        return decorate

    def _operation(
        self,
        view: View,
        name: str,
        resource: Resource,
        action: Action,
        errors: tuple[int, ...],
        headers: list[dict[str, Any]] | None = None,
    ) -> View:
        """Put the door before a view, and write down what the contract needs to know."""

        @wraps(view)
        def guarded(self_: Any, **path: Any) -> Any:
            with traced(name, resource, action, path):
                return view(self_, enter(resource, action), **path)

        documented: View = self.doc(operationId=name, security=[{"bearer": []}])(guarded)
        notes = documented._apidoc  # type: ignore[attr-defined]  # noqa: SLF001  (flask-smorest's own store)
        notes.setdefault("arguments", {"parameters": []})["responses"] = {}
        notes["manual_doc"]["x-requires"] = f"{resource}.{action}"
        notes["problems"] = sorted({*errors, *ALWAYS})
        notes["headers"] = headers or []
        return documented

    def _prepare_arguments_doc(self, doc: Any, doc_info: Any, **kwargs: Any) -> Any:
        """Add our headers and problems to what flask-smorest writes."""
        doc = super()._prepare_arguments_doc(doc, doc_info, **kwargs)
        doc.setdefault("parameters", []).extend(doc_info.get("headers", []))
        for status in doc_info.get("problems", []):
            doc.setdefault("responses", {})[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
        return doc
