"""What notes said before is kept, too; that of psychotherapy notes under their author's key."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_TABLE, _COLUMN = "document_versions", "author_id"


def upgrade() -> None:
    with op.batch_alter_table(_TABLE) as batch:
        batch.add_column(sa.Column(_COLUMN, sa.Uuid(), nullable=True))
        name = op.f(f"fk_{_TABLE}_{_COLUMN}_users")
        batch.create_foreign_key(name, "users", [_COLUMN], ["id"], ondelete="RESTRICT")


def downgrade() -> None:
    # The older software knows of entries' versions alone, and would have the patient's key open these.
    op.execute("DELETE FROM document_versions WHERE document_id IN (SELECT id FROM documents WHERE source = 'note')")
    with op.batch_alter_table(_TABLE) as batch:
        batch.drop_constraint(op.f(f"fk_{_TABLE}_{_COLUMN}_users"), type_="foreignkey")
        batch.drop_column(_COLUMN)
