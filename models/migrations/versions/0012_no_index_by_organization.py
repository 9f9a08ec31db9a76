"""Documents and mentions are not looked for by organization alone: with such an index, SQLite walked through all of them."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLES = ("documents", "mentions")


def upgrade() -> None:
    for table in _TABLES:
        op.drop_index(op.f(f"ix_{table}_organization_id"), table_name=table)


def downgrade() -> None:
    for table in _TABLES:
        op.create_index(op.f(f"ix_{table}_organization_id"), table, ["organization_id"])
