"""A clinic's own themes; consents; the language of a document; how far a mention of suicidality goes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clinic_themes",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("facet", sa.String(length=40), nullable=False),
        sa.Column("definition", sa.String(length=1000), nullable=False),
        sa.Column("phrases", sa.JSON(), nullable=False),
        sa.Column("examples", sa.JSON(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_clinic_themes_organization_id_organizations"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic_themes")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_clinic_themes_organization_id_name")),
    )
    op.create_index(op.f("ix_clinic_themes_organization_id"), "clinic_themes", ["organization_id"])
    op.create_table(
        "consents",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("is_granted", sa.Boolean(), nullable=False),
        sa.Column("wording", sa.String(length=2000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("purpose in ('research_export')", name=op.f("ck_consents_purpose")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_consents_organization_id_organizations"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_consents_patient_id_patients"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_organization_id"), "consents", ["organization_id"])
    op.create_index("ix_consents_patient_id_purpose_at", "consents", ["patient_id", "purpose", "at"])
    op.add_column("documents", sa.Column("language", sa.String(length=8), nullable=True))
    op.add_column("mentions", sa.Column("severity", sa.String(length=20), nullable=True))


def downgrade() -> None:
    op.drop_column("mentions", "severity")
    op.drop_column("documents", "language")
    op.drop_index("ix_consents_patient_id_purpose_at", table_name="consents")
    op.drop_index(op.f("ix_consents_organization_id"), table_name="consents")
    op.drop_table("consents")
    op.drop_index(op.f("ix_clinic_themes_organization_id"), table_name="clinic_themes")
    op.drop_table("clinic_themes")
