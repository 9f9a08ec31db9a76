"""Since when a document may be in a record system, and is searched for there in vain."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_MOMENTS = ("told_at", "missing_since")


def upgrade() -> None:
    for moment in _MOMENTS:
        op.add_column("ehr_copies", sa.Column(moment, sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE ehr_copies SET told_at = tried_at "
        "WHERE sent_at IS NOT NULL OR state = 'waiting' OR reason = 'attempts'"
    )


def downgrade() -> None:
    for moment in reversed(_MOMENTS):
        op.drop_column("ehr_copies", moment)
