"""How often a clinic's patients speak of a theme, all together."""

import sqlalchemy as sa
from alembic import op

from models.row_security import wall_off

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clinic_tallies",
        sa.Column("theme", sa.String(length=80), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_clinic_tallies_organization_id_organizations"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic_tallies")),
        sa.UniqueConstraint("organization_id", "theme", name=op.f("uq_clinic_tallies_organization_id_theme")),
    )
    op.create_index(op.f("ix_clinic_tallies_organization_id"), "clinic_tallies", ["organization_id"])
    wall_off(op, "clinic_tallies")


def downgrade() -> None:
    op.drop_table("clinic_tallies")
