"""Safety flags and their history."""

import sqlalchemy as sa
from alembic import op

from models.row_security import wall_off

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _common(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _of(table, "organization_id", "organizations", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _of(table: str, column: str, there: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{there}")
    return sa.ForeignKeyConstraint([column], [f"{there}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    table = "safety_flags"
    op.create_table(
        table,
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("theme", sa.String(length=80), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mention_count", sa.Integer(), nullable=False),
        *_common(table),
        _of(table, "patient_id", "patients", "RESTRICT"),
        _of(table, "document_id", "documents", "CASCADE"),
        _of(table, "assigned_to", "clinicians", "SET NULL"),
        sa.UniqueConstraint("document_id", "theme", name=op.f("uq_safety_flags_document_id_theme")),
        sa.CheckConstraint(
            "status in ('open', 'acknowledged', 'resolved', 'withdrawn')", name=op.f("ck_safety_flags_status")
        ),
    )
    op.create_index(op.f("ix_safety_flags_organization_id"), table, ["organization_id"])
    op.create_index("ix_safety_flags_patient_id_raised_at", table, ["patient_id", "raised_at"])
    op.create_index("ix_safety_flags_status_due_at", table, ["status", "due_at"])
    _create_events("safety_flag_events")
    wall_off(op, "safety_flags", "safety_flag_events")


def _create_events(table: str) -> None:
    op.create_table(
        table,
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=True),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("data_key_id", sa.Uuid(), nullable=True),
        *_common(table),
        _of(table, "flag_id", "safety_flags", "CASCADE"),
        _of(table, "clinician_id", "clinicians", "SET NULL"),
        _of(table, "assigned_to", "clinicians", "SET NULL"),
        _of(table, "data_key_id", "data_keys", "RESTRICT"),
        sa.CheckConstraint(
            "what in ('raised', 'acknowledged', 'assigned', 'resolved', 'reopened', 'escalated', 'withdrawn')",
            name=op.f("ck_safety_flag_events_what"),
        ),
    )
    op.create_index(op.f("ix_safety_flag_events_organization_id"), table, ["organization_id"])
    op.create_index(op.f("ix_safety_flag_events_flag_id"), table, ["flag_id"])


def downgrade() -> None:
    for table in ("safety_flag_events", "safety_flags"):
        op.drop_table(table)
