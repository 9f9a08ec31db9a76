"""Free text is sealed: what stood there in clear is sealed in place. Every row names its organization."""

import sqlalchemy as sa
from alembic import context, op

from models.base import now
from models.data_key import Keyring, KeyOwner, make_key
from models.sealing import open_sealed, place_of, seal_value

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ORGANIZATION = "organization"
# table, its texts (with the plain type, and whether each must be there), and whose key seals a row
_TABLES = {
    "documents": ({"text": (sa.Text(), False)}, "document"),
    "mentions": ({"because": (sa.String(500), False)}, "mention"),
    "sessions": ({"intention": (sa.Text(), False)}, "patient"),
    "courses": ({"indication": (sa.String(500), False)}, "patient"),
    "consents": ({"wording": (sa.String(2000), True)}, "patient"),
    "clinic_themes": (
        {
            "label": (sa.String(80), True),
            "definition": (sa.String(1000), True),
            "phrases": (sa.JSON(), True),
            "examples": (sa.JSON(), True),
        },
        _ORGANIZATION,
    ),
}
# Tables whose rows did not name their organization, and where it is found.
_OWNED = {
    "care_team_members": "select organization_id from care_teams where care_teams.id = care_team_members.care_team_id",
    "vitals": "select organization_id from sessions where sessions.id = vitals.session_id",
    "mention_reviews": "select organization_id from mentions where mentions.id = mention_reviews.mention_id",
    "creations": "select organization_id from users where users.id = creations.user_id",
}


def upgrade() -> None:
    op.create_table(
        "data_keys",
        sa.Column("owner_kind", sa.String(length=20), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("wrapping_key", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("owner_kind in ('patient', 'author', 'organization', 'audit')", name="owner_kind"),
        sa.CheckConstraint("(sealed is null) = (destroyed_at is not null)", name="destroyed"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_data_keys_organization_id_organizations"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_keys")),
    )
    op.create_index(op.f("ix_data_keys_organization_id"), "data_keys", ["organization_id"])
    op.create_index(
        "uq_data_keys_current",
        "data_keys",
        ["owner_kind", "owner_id"],
        unique=True,
        sqlite_where=sa.text("is_current"),
        postgresql_where=sa.text("is_current"),
    )
    _name_organizations()
    for table, (texts, _) in _TABLES.items():
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("data_key_id", sa.Uuid(), nullable=True))
            for name in texts:
                batch.add_column(sa.Column(f"{name}_sealed", sa.LargeBinary(), nullable=True))
            batch.create_foreign_key(
                op.f(f"fk_{table}_data_key_id_data_keys"), "data_keys", ["data_key_id"], ["id"], ondelete="RESTRICT"
            )
    _seal_all(op.get_bind())
    for table, (texts, _) in _TABLES.items():
        with op.batch_alter_table(table) as batch:
            for name, (_kind, is_needed) in texts.items():
                batch.drop_column(name)
                if is_needed:
                    batch.alter_column(f"{name}_sealed", existing_type=sa.LargeBinary(), nullable=False)


def _name_organizations() -> None:
    for table, found in _OWNED.items():
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("organization_id", sa.Uuid(), nullable=True))
        op.execute(f"update {table} set organization_id = ({found})")  # noqa: S608  (our own words)
        with op.batch_alter_table(table) as batch:
            batch.alter_column("organization_id", existing_type=sa.Uuid(), nullable=False)
            batch.create_index(op.f(f"ix_{table}_organization_id"), ["organization_id"])
            batch.create_foreign_key(
                op.f(f"fk_{table}_organization_id_organizations"),
                "organizations",
                ["organization_id"],
                ["id"],
                ondelete="RESTRICT",
            )


def _seal_all(connection: sa.Connection) -> None:
    """Seal what stands there in clear, row by row, each with its owner's key."""
    keys: dict[KeyOwner, object] = {}
    for table, (texts, owner) in _TABLES.items():
        rows = list(connection.execute(_reading(table, texts, owner)).mappings())
        for row in rows:
            key = _key(connection, keys, KeyOwner(row["owner_kind"], row["owner_id"], row["organization_id"]))
            values = {"id_": row["id"], "data_key_id": key.id}
            for name in texts:
                place = place_of(table, f"{name}_sealed", row["id"], key)
                values[f"{name}_sealed"] = None if row[name] is None else seal_value(key.cipher, place, row[name])
            target = _table(table, texts, suffix="_sealed")
            connection.execute(sa.update(target).where(target.c.id == sa.bindparam("id_")), values)


def _table(name: str, texts: dict[str, tuple[sa.types.TypeEngine, bool]], suffix: str = "") -> sa.TableClause:
    columns = [sa.column(f"{each}{suffix}", sa.LargeBinary() if suffix else kind) for each, (kind, _) in texts.items()]
    uuids = ("id", "organization_id", "patient_id", "author_id", "document_id", "data_key_id")
    return sa.table(name, *(sa.column(each, sa.Uuid()) for each in uuids), sa.column("note_kind"), *columns)


def _reading(name: str, texts: dict[str, tuple[sa.types.TypeEngine, bool]], owner: str) -> sa.Select:
    own = _table(name, texts)
    wanted = [own.c.id, own.c.organization_id, *(own.c[each] for each in texts)]
    if owner == _ORGANIZATION:
        return sa.select(*wanted, sa.literal(owner).label("owner_kind"), own.c.organization_id.label("owner_id"))
    if owner == "patient":
        return sa.select(*wanted, sa.literal(owner).label("owner_kind"), own.c.patient_id.label("owner_id"))
    document = own if owner == "document" else _table("documents", {})
    is_author = sa.func.coalesce(document.c.note_kind, "") == "psychotherapy"
    kind = sa.case((is_author, "author"), else_="patient").label("owner_kind")
    who = sa.case((is_author, document.c.author_id), else_=document.c.patient_id).label("owner_id")
    query = sa.select(*wanted, kind, who)
    return query if owner == "document" else query.where(document.c.id == own.c.document_id)


def _key(connection: sa.Connection, keys: dict, owner: KeyOwner):  # noqa: ANN202
    if owner not in keys:
        keyring: Keyring = context.config.attributes["keyring"]
        key = make_key(keyring, owner)
        table = sa.table(
            "data_keys",
            *(sa.column(each, sa.Uuid()) for each in ("id", "owner_id", "organization_id")),
            *(sa.column(each) for each in ("owner_kind", "wrapping_key")),
            sa.column("is_current", sa.Boolean()),
            sa.column("sealed", sa.LargeBinary()),
            *(sa.column(each, sa.DateTime(timezone=True)) for each in ("created_at", "updated_at")),
        )
        values = {each: getattr(key, each) for each in ("id", "owner_id", "owner_kind", "organization_id", "wrapping_key")}
        connection.execute(
            sa.insert(table),
            values | {"is_current": True, "sealed": key.sealed, "created_at": now(), "updated_at": now()},
        )
        keys[owner] = key
    return keys[owner]


def downgrade() -> None:
    for table, (texts, _) in _TABLES.items():
        with op.batch_alter_table(table) as batch:
            for name, (kind, _needed) in texts.items():
                batch.add_column(sa.Column(name, kind, nullable=True))
    _open_all(op.get_bind())
    for table, (texts, _) in _TABLES.items():
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"fk_{table}_data_key_id_data_keys"), type_="foreignkey")
            batch.drop_column("data_key_id")
            for name, (kind, is_needed) in texts.items():
                batch.drop_column(f"{name}_sealed")
                if is_needed or name in ("because", "text"):
                    batch.alter_column(name, existing_type=kind, nullable=False)
    for table in _OWNED:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"fk_{table}_organization_id_organizations"), type_="foreignkey")
            batch.drop_index(op.f(f"ix_{table}_organization_id"))
            batch.drop_column("organization_id")
    op.drop_index("uq_data_keys_current", table_name="data_keys")
    op.drop_index(op.f("ix_data_keys_organization_id"), table_name="data_keys")
    op.drop_table("data_keys")


def _open_all(connection: sa.Connection) -> None:
    """Put back in clear what can still be opened."""
    from sqlalchemy.orm import Session  # noqa: PLC0415  (only here)

    from models.data_key import KEYRING, DataKey  # noqa: PLC0415

    with Session(bind=connection, info={KEYRING: context.config.attributes["keyring"]}) as db_session:
        keys = {key.id: key for key in db_session.scalars(sa.select(DataKey))}
        for table, (texts, _) in _TABLES.items():
            sealed, plain = _table(table, texts, suffix="_sealed"), _table(table, texts)
            cells = [sealed.c[f"{name}_sealed"] for name in texts]
            for row in connection.execute(sa.select(sealed.c.id, sealed.c.data_key_id, *cells)).mappings():
                values = {"id_": row["id"]}
                for name in texts:
                    cell = row[f"{name}_sealed"]
                    place = cell and place_of(table, f"{name}_sealed", row["id"], keys[row["data_key_id"]])
                    values[name] = open_sealed(keys[row["data_key_id"]].cipher, place, cell) if cell else None
                    if name in ("because", "text"):
                        values[name] = values[name] or ""
                connection.execute(sa.update(plain).where(plain.c.id == sa.bindparam("id_")), values)
