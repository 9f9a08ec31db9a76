"""The feed of each patient's record, versions of entries, and drafts."""

import sqlalchemy as sa
from alembic import op

from models.row_security import wall_off

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Existing records take the place that their patient's stamp has now; psychotherapy notes are in no feed.
_EXISTING = (
    ("documents", "CASE source WHEN 'journal' THEN 'journal_entry' ELSE 'note' END"),
    ("intentions", "'intention'"),
    ("commitments", "'commitment'"),
    ("sessions", "'session'"),
    ("courses", "'course'"),
)


def _of(table: str, column: str, there: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{there}")
    return sa.ForeignKeyConstraint([column], [f"{there}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    op.add_column("documents", sa.Column("is_draft", sa.Boolean(), nullable=False, server_default=sa.false()))
    _create_changes("record_changes")
    _create_versions("document_versions")
    wall_off(op, "record_changes", "document_versions")


def _create_changes(table: str) -> None:
    op.create_table(
        table,
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        _of(table, "patient_id", "patients", "CASCADE"),
        _of(table, "organization_id", "organizations", "RESTRICT"),
        sa.PrimaryKeyConstraint("kind", "record_id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_record_changes_patient_id_seq", table, ["patient_id", "seq"])
    for there, kind in _EXISTING:
        but = " WHERE coalesce(record.note_kind, '') <> 'psychotherapy'" if there == "documents" else ""
        op.execute(
            f"INSERT INTO {table} (kind, record_id, patient_id, seq, organization_id) "
            f"SELECT {kind}, record.id, record.patient_id, coalesce(patient_stamps.stamp, 1), record.organization_id "
            f"FROM {there} AS record LEFT JOIN patient_stamps ON patient_stamps.patient_id = record.patient_id{but}"
        )


def _create_versions(table: str) -> None:
    op.create_table(
        table,
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("fields_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("data_key_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _of(table, "document_id", "documents", "CASCADE"),
        _of(table, "patient_id", "patients", "RESTRICT"),
        _of(table, "data_key_id", "data_keys", "RESTRICT"),
        _of(table, "organization_id", "organizations", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.CheckConstraint("reason in ('former', 'conflict', 'settled')", name="reason"),
    )
    op.create_index("ix_document_versions_document_id_version", table, ["document_id", "version"])
    op.create_index(op.f("ix_document_versions_patient_id"), table, ["patient_id"])


def downgrade() -> None:
    for table in ("document_versions", "record_changes"):
        op.drop_table(table)
    op.drop_column("documents", "is_draft")
