"""Events, the webhooks that are told of them, what became of each telling, and jobs in the background."""

import sqlalchemy as sa
from alembic import op

from models.row_security import wall_off

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _common(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of(table, "organization_id", "organizations", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _times() -> list[sa.Column[object]]:
    return [_moment("created_at", nullable=False), _moment("updated_at", nullable=False)]


def _of(table: str, column: str, there: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{there}")
    return sa.ForeignKeyConstraint([column], [f"{there}.id"], name=name, ondelete=ondelete)


def _one_of(table: str, column: str, *words: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} in {words}", name=op.f(f"ck_{table}_{column}"))


def upgrade() -> None:
    _create_events("events")
    _create_rising("rising_themes")
    _create_webhooks("webhooks")
    _create_deliveries("deliveries")
    _create_attempts("delivery_attempts")
    _create_jobs("jobs")
    wall_off(op, "events", "rising_themes", "webhooks", "deliveries", "delivery_attempts", "jobs")


def _create_events(table: str) -> None:
    op.create_table(
        table,
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        _moment("occurred_at", nullable=False),
        _moment("dispatched_at"),
        *_common(table),
        _of(table, "patient_id", "patients", "RESTRICT"),
        sa.UniqueConstraint("patient_id", "sequence", name=op.f("uq_events_patient_id_sequence")),
    )
    op.create_index("ix_events_dispatched_at", table, ["dispatched_at"])


def _create_rising(table: str) -> None:
    op.create_table(
        table,
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.Column("themes", sa.JSON(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        _of(table, "organization_id", "organizations", "RESTRICT"),
        _of(table, "patient_id", "patients", "CASCADE"),
        sa.PrimaryKeyConstraint("patient_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_organization_id"), table, ["organization_id"])


def _create_webhooks(table: str) -> None:
    sealed = [sa.Column(f"{name}_sealed", sa.LargeBinary(), nullable=False) for name in ("name", "url", "secret")]
    sealed += [sa.Column(f"{name}_sealed", sa.LargeBinary(), nullable=True) for name in ("previous", "channel")]
    op.create_table(
        table,
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("types", sa.JSON(), nullable=True),
        sa.Column("patient_ids", sa.JSON(), nullable=True),
        sa.Column("clinician_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_reason", sa.String(length=20), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        *(_moment(name) for name in ("failing_since", "rests_until", "delivered_at", "previous_until")),
        *sealed,
        sa.Column("data_key_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_times(),
        *_common(table),
        _of(table, "user_id", "users", "RESTRICT"),
        _of(table, "clinician_id", "clinicians", "RESTRICT"),
        _of(table, "data_key_id", "data_keys", "RESTRICT"),
        _one_of(table, "state", "requested", "active", "paused", "disabled"),
        _one_of(table, "format", "webhook", "fhir"),
    )
    op.create_index(op.f(f"ix_{table}_organization_id"), table, ["organization_id"])


def _create_deliveries(table: str) -> None:
    op.create_table(
        table,
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        _moment("next_at", nullable=False),
        _moment("claimed_until"),
        _moment("done_at"),
        *_times(),
        *_common(table),
        _of(table, "webhook_id", "webhooks", "CASCADE"),
        _of(table, "event_id", "events", "CASCADE"),
        _of(table, "patient_id", "patients", "RESTRICT"),
        sa.UniqueConstraint("webhook_id", "event_id", name=op.f(f"uq_{table}_webhook_id_event_id")),
        _one_of(table, "state", "waiting", "delivered", "dead", "dropped"),
    )
    op.create_index("ix_deliveries_state_next_at", table, ["state", "next_at"])
    op.create_index("ix_deliveries_webhook_id_patient_id_sequence", table, ["webhook_id", "patient_id", "sequence"])
    op.create_index("ix_deliveries_event_id", table, ["event_id"])


def _create_attempts(table: str) -> None:
    op.create_table(
        table,
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        _moment("at", nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=20), nullable=True),
        *_times(),
        *_common(table),
        _of(table, "delivery_id", "deliveries", "CASCADE"),
    )
    op.create_index("ix_delivery_attempts_delivery_id", table, ["delivery_id"])


def _create_jobs(table: str) -> None:
    op.create_table(
        table,
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=80), nullable=True),
        _moment("next_at", nullable=False),
        _moment("claimed_until"),
        _moment("ended_at"),
        *_times(),
        *_common(table),
        _of(table, "user_id", "users", "RESTRICT"),
        _one_of(table, "state", "waiting", "done", "failed", "cancelled"),
    )
    op.create_index(op.f(f"ix_{table}_organization_id"), table, ["organization_id"])
    op.create_index("ix_jobs_state_next_at", table, ["state", "next_at"])


def downgrade() -> None:
    for table in ("jobs", "delivery_attempts", "deliveries", "webhooks", "rising_themes", "events"):
        op.drop_table(table)
