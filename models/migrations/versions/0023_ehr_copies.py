"""Record systems that a clinic writes to, and the copies of documents there."""

import sqlalchemy as sa
from alembic import op

from models.row_security import wall_off

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _common(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _moment("created_at", nullable=False),
        _moment("updated_at", nullable=False),
        _of(table, "organization_id", "organizations", "RESTRICT"),
        _of(table, "user_id", "users", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _of(table: str, column: str, there: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{there}")
    return sa.ForeignKeyConstraint([column], [f"{there}.id"], name=name, ondelete=ondelete)


def _one_of(table: str, column: str, *words: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} in {words}", name=op.f(f"ck_{table}_{column}"))


def upgrade() -> None:
    _create_connections("ehr_connections")
    _create_copies("ehr_copies")
    wall_off(op, "ehr_connections", "ehr_copies")


def _create_connections(table: str) -> None:
    op.create_table(
        table,
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("auth", sa.String(length=20), nullable=False),
        sa.Column("scope", sa.String(length=500), nullable=False),
        sa.Column("patient_system", sa.String(length=500), nullable=False),
        sa.Column("creates_patients", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        *(_moment(name) for name in ("failing_since", "rests_until", "answered_at")),
        *(sa.Column(f"{name}_sealed", sa.LargeBinary(), nullable=False) for name in ("name", "base_url")),
        sa.Column("client_id_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("data_key_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_common(table),
        _of(table, "data_key_id", "data_keys", "RESTRICT"),
        _one_of(table, "state", "active", "paused"),
        _one_of(table, "auth", "smart", "none"),
    )
    op.create_index(op.f(f"ix_{table}_organization_id"), table, ["organization_id"])


def _create_copies(table: str) -> None:
    op.create_table(
        table,
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        *(sa.Column(f"remote_{name}", sa.String(length=64), nullable=True) for name in ("id", "version", "patient_id")),
        sa.Column("sent_version", sa.Integer(), nullable=True),
        sa.Column("seen_stamp", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        _moment("next_at", nullable=False),
        *(_moment(name) for name in ("claimed_until", "tried_at", "failing_since", "sent_at")),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=20), nullable=True),
        *_common(table),
        _of(table, "connection_id", "ehr_connections", "RESTRICT"),
        _of(table, "document_id", "documents", "CASCADE"),
        _of(table, "patient_id", "patients", "RESTRICT"),
        sa.UniqueConstraint("connection_id", "document_id", name=op.f(f"uq_{table}_connection_id_document_id")),
        _one_of(table, "state", "waiting", "sent", "refused", "withdrawn"),
    )
    op.create_index("ix_ehr_copies_state_next_at", table, ["state", "next_at"])
    op.create_index("ix_ehr_copies_document_id", table, ["document_id"])
    op.create_index("ix_ehr_copies_patient_id", table, ["patient_id"])


def downgrade() -> None:
    op.drop_table("ehr_copies")
    op.drop_table("ehr_connections")
