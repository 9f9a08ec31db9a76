"""Responses to measures, and safety flags that are raised from them."""

import sqlalchemy as sa
from alembic import op

from models.row_security import wall_off

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_RESPONSES, _FLAGS = "measure_responses", "safety_flags"


def _of(table: str, column: str, there: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{there}")
    return sa.ForeignKeyConstraint([column], [f"{there}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        _RESPONSES,
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("measure", sa.String(length=40), nullable=False),
        sa.Column("measure_version", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("data_key_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status in ('final', 'entered_in_error', 'deleted')", name=op.f("ck_measure_responses_status")
        ),
        sa.CheckConstraint(
            "(status = 'deleted') = (answers_sealed is null)", name=op.f("ck_measure_responses_tombstone")
        ),
        _of(_RESPONSES, "patient_id", "patients", "CASCADE"),
        _of(_RESPONSES, "author_id", "users", "RESTRICT"),
        _of(_RESPONSES, "replaces_id", "measure_responses", "SET NULL"),
        _of(_RESPONSES, "data_key_id", "data_keys", "RESTRICT"),
        _of(_RESPONSES, "organization_id", "organizations", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure_responses")),
    )
    op.create_index(
        "ix_measure_responses_patient_id_measure_answered_at", _RESPONSES, ["patient_id", "measure", "answered_at"]
    )
    wall_off(op, _RESPONSES)
    with op.batch_alter_table(_FLAGS) as batch:
        batch.alter_column("document_id", existing_type=sa.Uuid(), nullable=True)
        batch.add_column(sa.Column("response_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("item", sa.String(length=10), nullable=True))
        batch.create_foreign_key(
            op.f("fk_safety_flags_response_id_measure_responses"),
            _RESPONSES,
            ["response_id"],
            ["id"],
            ondelete="CASCADE",
        )
        batch.create_unique_constraint(op.f("uq_safety_flags_response_id_theme"), ["response_id", "theme"])
        batch.create_check_constraint(
            op.f("ck_safety_flags_raised_from"), "(document_id is null) <> (response_id is null)"
        )
        batch.create_check_constraint(op.f("ck_safety_flags_item"), "(response_id is null) = (item is null)")


def downgrade() -> None:
    op.execute("DELETE FROM safety_flag_events WHERE flag_id IN (SELECT id FROM safety_flags WHERE document_id IS NULL)")
    op.execute("DELETE FROM safety_flags WHERE document_id IS NULL")
    with op.batch_alter_table(_FLAGS) as batch:
        batch.drop_constraint(op.f("ck_safety_flags_item"), type_="check")
        batch.drop_constraint(op.f("ck_safety_flags_raised_from"), type_="check")
        batch.drop_constraint(op.f("uq_safety_flags_response_id_theme"), type_="unique")
        batch.drop_constraint(op.f("fk_safety_flags_response_id_measure_responses"), type_="foreignkey")
        batch.drop_column("item")
        batch.drop_column("response_id")
        batch.alter_column("document_id", existing_type=sa.Uuid(), nullable=False)
    op.drop_table(_RESPONSES)
