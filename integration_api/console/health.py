"""/healthz and /readyz: for whoever keeps the service running."""

from typing import Any, ClassVar

from flask import Response
from flask.views import MethodView
from marshmallow import fields

from integration_api.db import is_migrated, is_reachable
from integration_api.jobs.health import late_tasks
from integration_api.web.blueprint import Blueprint
from integration_api.web.body import write_json
from integration_api.web.schema import Answer
from integration_api.wiring import parts

blp = Blueprint("Operation", __name__, description="Whether the service is well. These need no token.")


class HealthSchema(Answer):
    """That the process answers."""

    example: ClassVar[dict[str, Any]] = {"status": "ok"}

    status = fields.String(required=True)


class ReadinessSchema(Answer):
    """Whether requests can be carried out, and which part is missing if not."""

    example: ClassVar[dict[str, Any]] = {
        "status": "ready",
        "database": True,
        "migrations": True,
        "pipeline": "lexicon-1+0a1b2c3d",
        "work": True,
    }

    status = fields.String(required=True)
    database = fields.Boolean(required=True)
    migrations = fields.Boolean(required=True)
    pipeline = fields.String(required=True, allow_none=True)
    work = fields.Boolean(
        required=True,
        metadata={
            "description": "Whether all tasks in the background have gone well lately. If not, requests can be carried "
            "out all the same; `integration-api check` names the tasks."
        },
    )


@blp.route("/healthz")
class Health(MethodView):
    """Alive."""

    @blp.public("readHealth", HealthSchema)
    def get(self) -> Response:
        """Tell that the process answers.

        Touches neither the database nor the pipeline.
        """
        return write_json({"status": "ok"})


@blp.route("/readyz")
class Readiness(MethodView):
    """Ready."""

    @blp.public("readReadiness", ReadinessSchema, unready=ReadinessSchema)
    def get(self) -> Response:
        """Tell whether requests can be carried out.

        The database answers and stands at the newest migration, and the tagging pipeline is loaded; 503 otherwise.
        Work in the background that is not done is told, and is no reason to take the service away.
        """
        database = is_reachable()
        migrations = database and is_migrated()
        pipeline = _pipeline_version()
        is_ready = migrations and pipeline is not None
        status = "ready" if is_ready else "not ready"
        body = {"status": status, "database": database, "migrations": migrations, "pipeline": pipeline}
        body["work"] = migrations and not late_tasks()
        return write_json(body, 200 if is_ready else 503)


def _pipeline_version() -> str | None:
    try:
        return parts().load_tagger().version
    except Exception:  # noqa: BLE001  (whatever keeps it from loading, the answer is the same)
        return None
