"""Attachments of entries, mood check-ins, and whether an entry was typed or dictated."""

import sqlalchemy as sa
from alembic import op

from models.row_security import wall_off

revision = "0015"
down_revision = "0014"
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
    _create_attachments("attachments")
    _create_moods("mood_check_ins")
    wall_off(op, "attachments", "mood_check_ins")
    # Written out, since Alembic would make SQLite's table of documents anew, and forget its other constraints.
    op.execute(
        "ALTER TABLE documents ADD COLUMN origin VARCHAR(10) DEFAULT 'typed' NOT NULL "
        "CONSTRAINT ck_documents_origin CHECK (origin in ('typed', 'dictated'))"
    )


def _create_attachments(table: str) -> None:
    op.create_table(
        table,
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("storage_name", sa.String(length=40), nullable=False),
        sa.Column("file_key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("description_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("transcript_language", sa.String(length=35), nullable=True),
        sa.Column("is_transcript_corrected", sa.Boolean(), nullable=True),
        sa.Column("data_key_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_common(table),
        _of(table, "patient_id", "patients", "CASCADE"),
        _of(table, "document_id", "documents", "CASCADE"),
        _of(table, "data_key_id", "data_keys", "RESTRICT"),
        sa.CheckConstraint("kind in ('picture', 'voice_note')", name=op.f("ck_attachments_kind")),
    )
    op.create_index(op.f("ix_attachments_organization_id"), table, ["organization_id"])
    op.create_index("ix_attachments_document_id", table, ["document_id"])
    op.create_index("ix_attachments_patient_id", table, ["patient_id"])
    op.create_index("uq_attachments_storage_name", table, ["storage_name"], unique=True)


def _create_moods(table: str) -> None:
    op.create_table(
        table,
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("is_session_given", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offset_minutes", sa.Integer(), nullable=False),
        sa.Column("valence", sa.Integer(), nullable=False),
        sa.Column("arousal", sa.Integer(), nullable=False),
        sa.Column("visibility", sa.String(length=20), nullable=False),
        *_common(table),
        _of(table, "patient_id", "patients", "CASCADE"),
        _of(table, "session_id", "sessions", "SET NULL"),
        sa.CheckConstraint("valence between -5 and 5", name=op.f("ck_mood_check_ins_valence")),
        sa.CheckConstraint("arousal between -5 and 5", name=op.f("ck_mood_check_ins_arousal")),
        sa.CheckConstraint("visibility in ('private', 'care_team')", name=op.f("ck_mood_check_ins_visibility")),
    )
    op.create_index(op.f("ix_mood_check_ins_session_id"), table, ["session_id"])
    op.create_index("ix_mood_check_ins_patient_id_at", table, ["patient_id", "at"])


def downgrade() -> None:
    op.drop_table("mood_check_ins")
    op.drop_table("attachments")
    op.execute("ALTER TABLE documents DROP COLUMN origin")
