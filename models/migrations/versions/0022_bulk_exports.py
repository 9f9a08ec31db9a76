"""Bulk exports and their files."""

import sqlalchemy as sa
from alembic import op

from models.row_security import wall_off

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _common(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("data_key_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        _of(table, "data_key_id", "data_keys", "RESTRICT"),
        _of(table, "organization_id", "organizations", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _of(table: str, column: str, there: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{there}")
    return sa.ForeignKeyConstraint([column], [f"{there}.id"], name=name, ondelete=ondelete)


def _one_of(table: str, column: str, *words: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} in {words}", name=op.f(f"ck_{table}_{column}"))


def upgrade() -> None:
    _create_exports("bulk_exports")
    _create_files("bulk_files")
    wall_off(op, "bulk_exports", "bulk_files")


def _create_exports(table: str) -> None:
    op.create_table(
        table,
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.String(length=80), nullable=True),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("patient_ids", sa.JSON(), nullable=True),
        sa.Column("types", sa.JSON(), nullable=False),
        _moment("since", nullable=True),
        _moment("transaction_time"),
        _moment("expires_at"),
        sa.Column("question_sealed", sa.LargeBinary(), nullable=False),
        *_common(table),
        _of(table, "user_id", "users", "RESTRICT"),
        _of(table, "job_id", "jobs", "RESTRICT"),
        _one_of(table, "level", "system", "patient", "group"),
    )
    for column in ("organization_id", "user_id", "expires_at"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _create_files(table: str) -> None:
    op.create_table(
        table,
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=20), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("resource_count", sa.Integer(), nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("patient_ids", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("storage_name", sa.String(length=40), nullable=False),
        sa.Column("file_key_sealed", sa.LargeBinary(), nullable=False),
        *_common(table),
        _of(table, "export_id", "bulk_exports", "CASCADE"),
        sa.UniqueConstraint("export_id", "number", name=op.f(f"uq_{table}_export_id_number")),
        _one_of(table, "section", "output", "deleted"),
    )
    op.create_index(op.f(f"ix_{table}_organization_id"), table, ["organization_id"])
    op.create_index("uq_bulk_files_storage_name", table, ["storage_name"], unique=True)


def downgrade() -> None:
    for table in ("bulk_files", "bulk_exports"):
        op.drop_table(table)
