"""Intentions and commitments raise safety flags; what the patient had written before is looked through by the worker."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_FLAGS = "safety_flags"
_RESOLVES = {"intention_id": "intentions", "commitment_id": "commitments"}
_ORIGINS = ("document_id", "response_id", *_RESOLVES)
_COUNT = " + ".join(f"(case when {each} is null then 0 else 1 end)" for each in _ORIGINS)
_GONE = "SELECT id FROM safety_flags WHERE document_id IS NULL AND response_id IS NULL"


def upgrade() -> None:
    for table in _RESOLVES.values():
        op.add_column(table, sa.Column("is_patients_own", sa.Boolean(), server_default=sa.false(), nullable=False))
        op.add_column(table, sa.Column("signals_sealed", sa.LargeBinary(), nullable=True))
        op.add_column(table, sa.Column("pipeline_version", sa.String(length=80), nullable=True))
        op.execute(  # nobody else could reword what a patient wrote; what a patient reworded is not known
            f"UPDATE {table} SET is_patients_own = true WHERE EXISTS (SELECT 1 FROM patients "  # noqa: S608  (names are ours)
            f"WHERE patients.id = {table}.patient_id AND patients.user_id = {table}.author_id)"
        )
    with op.batch_alter_table(_FLAGS) as batch:
        batch.drop_constraint(op.f("ck_safety_flags_raised_from"), type_="check")
        for column, table in _RESOLVES.items():
            batch.add_column(sa.Column(column, sa.Uuid(), nullable=True))
            name = op.f(f"fk_safety_flags_{column}_{table}")
            batch.create_foreign_key(name, table, [column], ["id"], ondelete="SET NULL")
            batch.create_unique_constraint(op.f(f"uq_safety_flags_{column}_theme"), [column, "theme"])
        batch.create_check_constraint(
            op.f("ck_safety_flags_raised_from"), f"({_COUNT}) = 1 or ({_COUNT}) = 0 and status = 'withdrawn'"
        )


def downgrade() -> None:
    op.execute(f"DELETE FROM safety_flag_events WHERE flag_id IN ({_GONE})")  # noqa: S608  (names are ours)
    op.execute(f"DELETE FROM safety_flags WHERE id IN ({_GONE})")  # noqa: S608  (names are ours)
    with op.batch_alter_table(_FLAGS) as batch:
        batch.drop_constraint(op.f("ck_safety_flags_raised_from"), type_="check")
        for column, table in reversed(_RESOLVES.items()):
            batch.drop_constraint(op.f(f"uq_safety_flags_{column}_theme"), type_="unique")
            batch.drop_constraint(op.f(f"fk_safety_flags_{column}_{table}"), type_="foreignkey")
            batch.drop_column(column)
        batch.create_check_constraint(
            op.f("ck_safety_flags_raised_from"), "(document_id is null) <> (response_id is null)"
        )
    for table in _RESOLVES.values():
        with op.batch_alter_table(table) as batch:
            for column in ("pipeline_version", "signals_sealed", "is_patients_own"):
                batch.drop_column(column)
