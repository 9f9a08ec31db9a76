"""/docs: the reference, readable offline; /openapi.json: the same for machines."""

from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response, current_app, redirect, render_template, send_from_directory, url_for
from werkzeug.wrappers import Response as AnyResponse

from integration_api.web.body import write_json

blp = Blueprint("reference", __name__, template_folder="templates")


def _swagger_ui() -> Path:
    """Say where the wheel keeps Swagger UI's files; it is found, not imported."""
    found = find_spec("flask_openapi3_swagger")
    if found is None or found.origin is None:
        raise RuntimeError("flask-openapi3-swagger is not installed")
    return Path(found.origin).parent / "templates" / "swagger"


@blp.get("/")
def front() -> AnyResponse:
    """Lead to the reference."""
    return redirect(url_for("reference.docs"))


@blp.get("/docs")
def docs() -> Response:
    """Show the reference. It loads nothing from outside, and may talk to nothing else."""
    page = Response(render_template("docs.html"))
    page.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return page


@blp.get("/docs/start.js")
def start() -> Response:
    """Start Swagger UI on our own contract."""
    return Response(render_template("start.js"), mimetype="text/javascript")


@blp.get("/docs/files/<path:name>")
def files(name: str) -> Response:
    """Serve one of Swagger UI's files."""
    return send_from_directory(_swagger_ui(), name, max_age=86_400)


@blp.get("/openapi.json")
def openapi() -> Response:
    """Answer with the contract."""
    return write_json(current_app.extensions["contract"])
