"""Prompts of a clinic's own, switches, showings; reminder settings."""

import sqlalchemy as sa
from alembic import op

from models.row_security import wall_off

revision = "0016"
down_revision = "0015"
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
    _create_prompts()
    _create_showings()
    _create_settings()
    for table in ("clinic_prompts", "prompt_switches", "reminder_settings"):
        op.create_index(op.f(f"ix_{table}_organization_id"), table, ["organization_id"])
    wall_off(op, "clinic_prompts", "prompt_switches", "prompt_showings", "reminder_settings")


def _create_prompts() -> None:
    op.create_table(
        "clinic_prompts",
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("gentleness", sa.String(length=20), nullable=False),
        sa.Column("needs", sa.String(length=20), nullable=True),
        sa.Column("phases", sa.JSON(), nullable=False),
        sa.Column("themes", sa.JSON(), nullable=False),
        sa.Column("texts_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reviewed_by_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("data_key_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_common("clinic_prompts"),
        _of("clinic_prompts", "data_key_id", "data_keys", "RESTRICT"),
    )


def _create_showings() -> None:
    op.create_table(
        "prompt_switches",
        sa.Column("prompt_id", sa.Uuid(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        *_common("prompt_switches"),
        sa.UniqueConstraint(
            "organization_id", "prompt_id", name=op.f("uq_prompt_switches_organization_id_prompt_id")
        ),
    )
    op.create_table(
        "prompt_showings",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("prompt_id", sa.Uuid(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        *_common("prompt_showings"),
        _of("prompt_showings", "patient_id", "patients", "CASCADE"),
        sa.UniqueConstraint("patient_id", "prompt_id", name=op.f("uq_prompt_showings_patient_id_prompt_id")),
        sa.CheckConstraint("turn > 0", name=op.f("ck_prompt_showings_turn")),
    )


def _create_settings() -> None:
    op.create_table(
        "reminder_settings",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("off", sa.JSON(), nullable=False),
        sa.Column("quiet_from", sa.String(length=5), nullable=False),
        sa.Column("quiet_until", sa.String(length=5), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_common("reminder_settings"),
        _of("reminder_settings", "patient_id", "patients", "CASCADE"),
        sa.UniqueConstraint("patient_id", name=op.f("uq_reminder_settings_patient_id")),
    )


def downgrade() -> None:
    for table in ("reminder_settings", "prompt_showings", "prompt_switches", "clinic_prompts"):
        op.drop_table(table)
