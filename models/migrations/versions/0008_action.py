"""Intentions and commitments."""

import sqlalchemy as sa
from alembic import op

from models.row_security import wall_off

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_VISIBILITY = "visibility in ('private', 'care_team')"


def _resolve(table: str) -> list[sa.schema.SchemaItem]:
    owners = (
        ("patient_id", "patients", "CASCADE"),
        ("author_id", "users", "RESTRICT"),
        ("session_id", "sessions", "SET NULL"),
        ("data_key_id", "data_keys", "RESTRICT"),
        ("organization_id", "organizations", "RESTRICT"),
    )
    return [
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("visibility", sa.String(length=20), nullable=False),
        sa.Column("themes", sa.JSON(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("data_key_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_VISIBILITY, name="visibility"),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{there}.id"], name=op.f(f"fk_{table}_{column}_{there}"), ondelete=ondelete
            )
            for column, there, ondelete in owners
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    op.create_table("intentions", *_resolve("intentions"))
    op.create_table(
        "commitments",
        *_resolve("commitments"),
        sa.Column("intention_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status in ('open', 'kept', 'let_go')", name="status"),
        sa.ForeignKeyConstraint(
            ["intention_id"],
            ["intentions.id"],
            name=op.f("fk_commitments_intention_id_intentions"),
            ondelete="SET NULL",
        ),
    )
    for table in ("intentions", "commitments"):
        op.create_index(op.f(f"ix_{table}_organization_id"), table, ["organization_id"])
        op.create_index(f"ix_{table}_patient_id_created_at", table, ["patient_id", "created_at"])
    wall_off(op, "intentions", "commitments")


def downgrade() -> None:
    op.drop_table("commitments")
    op.drop_table("intentions")
