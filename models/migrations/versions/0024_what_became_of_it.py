"""Since when a document may be in a record system; jobs that workers died over; which tasks go well, and when."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_REPLACED = sa.text(  # words that no longer count came with the time when they did
    "UPDATE consents SET updated_at = :now WHERE EXISTS (SELECT 1 FROM consents later "
    "WHERE later.patient_id = consents.patient_id AND later.purpose = consents.purpose AND later.at > consents.at)"
).bindparams(sa.bindparam("now", type_=sa.DateTime(timezone=True)))
_COUNTS = ("claims", "deaths")
_MOMENTS = ("told_at", "missing_since")


def upgrade() -> None:
    for moment in _MOMENTS:
        op.add_column("ehr_copies", sa.Column(moment, sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE ehr_copies SET told_at = tried_at WHERE sent_at IS NOT NULL OR state = 'waiting' OR reason = 'attempts'"
    )
    op.execute(  # was called withdrawn since one search did not find it; not to be sent, though it be shared again
        "UPDATE ehr_copies SET state = 'waiting', reason = NULL, tries = 0, missing_since = CURRENT_TIMESTAMP "
        "WHERE state = 'withdrawn' AND sent_at IS NOT NULL AND remote_id IS NULL"
    )
    for count in _COUNTS:
        op.add_column("jobs", sa.Column(count, sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE jobs SET claims = tries, tries = 0 WHERE state = 'waiting'")  # claims are what they counted
    op.create_table(
        "worker_tasks",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("went_well_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker_tasks")),
    )
    op.get_bind().execute(_REPLACED, {"now": datetime.now(UTC)})


def downgrade() -> None:
    op.drop_table("worker_tasks")
    op.execute("UPDATE jobs SET tries = claims WHERE state = 'waiting'")
    for count in reversed(_COUNTS):
        op.drop_column("jobs", count)
    for moment in reversed(_MOMENTS):
        op.drop_column("ehr_copies", moment)
