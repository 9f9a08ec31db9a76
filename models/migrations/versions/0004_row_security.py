"""Row-level security on PostgreSQL: each row is for its organization alone."""

from alembic import op

from models.row_security import row_security_statements, wall_off

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = (
    "care_team_members",
    "care_teams",
    "clinic_themes",
    "clinicians",
    "consents",
    "courses",
    "creations",
    "data_keys",
    "documents",
    "mention_reviews",
    "mentions",
    "patients",
    "sessions",
    "users",
    "vitals",
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for statement in row_security_statements("organizations", "id"):
        op.execute(statement)
    wall_off(op, *_TABLES)


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in ("organizations", *_TABLES):
        op.execute(f"DROP POLICY organization ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
