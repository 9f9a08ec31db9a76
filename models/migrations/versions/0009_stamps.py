"""Stamps: how often a patient's record has changed."""

import sqlalchemy as sa
from alembic import op

from models.row_security import wall_off

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "patient_stamps",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_patient_stamps_organization_id_organizations"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_patient_stamps_patient_id_patients"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_patient_stamps")),
    )
    op.create_index(op.f("ix_patient_stamps_organization_id"), "patient_stamps", ["organization_id"])
    op.execute("INSERT INTO patient_stamps (patient_id, organization_id, stamp) SELECT id, organization_id, 1 FROM patients")
    wall_off(op, "patient_stamps")


def downgrade() -> None:
    op.drop_table("patient_stamps")
