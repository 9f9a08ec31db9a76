"""Consents of every purpose, break-glass, erasure, and the audit trail."""

import sqlalchemy as sa
from alembic import op

from models.audit import allow_changes, refuse_changes
from models.row_security import wall_off

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PURPOSES = "purpose in ('care_team', 'ehr', 'safety_signals', 'research_export')"


def _common(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f(f"fk_{table}_organization_id_organizations"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _times() -> list[sa.Column]:
    return [
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _of(table: str, column: str, there: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{there}")
    return sa.ForeignKeyConstraint([column], [f"{there}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    with op.batch_alter_table("consents") as batch:
        batch.drop_constraint(op.f("ck_consents_purpose"), type_="check")
        batch.create_check_constraint("purpose", _PURPOSES)
    with op.batch_alter_table("patients") as batch:
        batch.add_column(sa.Column("retain_until", sa.Date(), nullable=True))
        batch.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "break_glass",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("data_key_id", sa.Uuid(), nullable=True),
        *_common("break_glass"),
        *_times(),
        _of("break_glass", "patient_id", "patients"),
        _of("break_glass", "clinician_id", "clinicians"),
        _of("break_glass", "data_key_id", "data_keys", "RESTRICT"),
    )
    op.create_index(op.f("ix_break_glass_organization_id"), "break_glass", ["organization_id"])
    op.create_index(op.f("ix_break_glass_patient_id"), "break_glass", ["patient_id"])
    op.create_index("ix_break_glass_clinician_id_expires_at", "break_glass", ["clinician_id", "expires_at"])
    op.create_table(
        "erasures",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_until", sa.Date(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        *_common("erasures"),
        *_times(),
        _of("erasures", "patient_id", "patients"),
        sa.UniqueConstraint("patient_id", name=op.f("uq_erasures_patient_id")),
    )
    op.create_index(op.f("ix_erasures_organization_id"), "erasures", ["organization_id"])
    _create_audit_events()
    wall_off(op, "break_glass", "erasures", "audit_events")
    refuse_changes(op.get_bind())


def _create_audit_events() -> None:
    op.create_table(
        "audit_events",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("resource", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_role", sa.String(length=20), nullable=False),
        sa.Column("origin", sa.String(length=80), nullable=False),
        sa.Column("client", sa.String(length=200), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        *_common("audit_events"),
        sa.UniqueConstraint("organization_id", "sequence", name=op.f("uq_audit_events_organization_id_sequence")),
    )
    op.create_index(op.f("ix_audit_events_organization_id"), "audit_events", ["organization_id"])
    op.create_index("ix_audit_events_patient_id_at", "audit_events", ["patient_id", "at"])
    op.create_index("ix_audit_events_at", "audit_events", ["at"])


def downgrade() -> None:
    allow_changes(op.get_bind())
    for table in ("audit_events", "erasures", "break_glass"):
        op.drop_table(table)
    with op.batch_alter_table("patients") as batch:
        batch.drop_column("erased_at")
        batch.drop_column("retain_until")
    op.execute("DELETE FROM consents WHERE purpose <> 'research_export'")
    with op.batch_alter_table("consents") as batch:
        batch.drop_constraint(op.f("ck_consents_purpose"), type_="check")
        batch.create_check_constraint("purpose", "purpose in ('research_export')")
