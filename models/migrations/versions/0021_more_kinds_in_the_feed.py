"""Mood check-ins, answers to measures and attachments in the feed; safety signals of words that clash."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_KINDS = {
    "mood_check_in": "mood_check_ins",
    "measure_response": "measure_responses",
    "attachment": "attachments",
}


def upgrade() -> None:
    op.add_column("document_versions", sa.Column("signals_sealed", sa.LargeBinary(), nullable=True))
    op.execute(
        "UPDATE documents SET tagging_state = 'pending' WHERE deleted_at IS NULL AND id IN "
        "(SELECT document_id FROM document_versions WHERE reason = 'conflict')"
    )
    for kind, table in _KINDS.items():
        op.execute(
            "INSERT INTO record_changes (kind, record_id, patient_id, seq, organization_id) "  # noqa: S608  (names are ours)
            f"SELECT '{kind}', record.id, record.patient_id, coalesce(patient_stamps.stamp, 1), record.organization_id "
            f"FROM {table} AS record LEFT JOIN patient_stamps ON patient_stamps.patient_id = record.patient_id"
        )


def downgrade() -> None:
    op.drop_column("document_versions", "signals_sealed")
    for kind in _KINDS:
        op.execute(f"DELETE FROM record_changes WHERE kind = '{kind}'")  # noqa: S608  (names are ours)
