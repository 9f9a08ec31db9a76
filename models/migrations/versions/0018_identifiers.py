"""Identifiers of other systems for patients and sessions, and a person's name and gender as they tell them."""

import sqlalchemy as sa
from alembic import op

from models.row_security import wall_off

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLE = "identifiers"
_TOLD = (("family", 200), ("given", 200), ("gender", 10))


def _of(column: str, there: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{TABLE}_{column}_{there}")
    return sa.ForeignKeyConstraint([column], [f"{there}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    for name, length in _TOLD:
        op.add_column("patients", sa.Column(name, sa.String(length=length), nullable=True))
    op.create_table(
        TABLE,
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("system", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _of("patient_id", "patients", "CASCADE"),
        _of("session_id", "sessions", "CASCADE"),
        _of("owner_id", "users", "SET NULL"),
        _of("organization_id", "organizations", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.CheckConstraint("kind in ('patient', 'session')", name=op.f(f"ck_{TABLE}_kind")),
        sa.CheckConstraint("(kind = 'session') = (session_id is not null)", name=op.f(f"ck_{TABLE}_of")),
        sa.UniqueConstraint(
            "organization_id", "kind", "system", "value", name=op.f(f"uq_{TABLE}_organization_id_kind_system_value")
        ),
    )
    for column in ("organization_id", "patient_id", "session_id"):
        op.create_index(op.f(f"ix_{TABLE}_{column}"), TABLE, [column])
    op.create_index("ix_identifiers_owner_id_kind", TABLE, ["owner_id", "kind"])
    wall_off(op, TABLE)


def downgrade() -> None:
    op.drop_table(TABLE)
    with op.batch_alter_table("patients") as patients:
        for name, _ in reversed(_TOLD):
            patients.drop_column(name)
