"""A number a document that counts up when it or what was found in it changes, so that only that is reckoned again."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default stays in the database: a table of a million rows is not written anew for it.
    op.add_column("documents", sa.Column("revision", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("documents", "revision")
