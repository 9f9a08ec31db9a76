"""The second wall between organizations: PostgreSQL's row-level security.

Each transaction says whose it is; a row of another organization is not there for it. A transaction that says nothing
sees nothing. It holds for the tables' owner too, but not for a superuser: give the service an account that is none.
"""

from typing import Any

from sqlalchemy import Connection, text

SETTING = "integration.organization"
_SAY = text("SELECT set_config(:name, :value, true)")
EVERYBODY = "*"  # the service's own work, across organizations: sign-in, jobs, the command line


def row_security_statements(table: str, column: str = "organization_id") -> list[str]:
    """Say in SQL that a table's rows are for their organization alone."""
    said = f"current_setting('{SETTING}', true)"
    rule = f"({said} = '{EVERYBODY}' or {column} = nullif(nullif({said}, '{EVERYBODY}'), '')::uuid)"
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY organization ON {table} USING {rule} WITH CHECK {rule}",
    ]


def wall_off(op: Any, *tables: str) -> None:
    """Say so of a migration's new tables (`op` is Alembic's), where the database knows row-level security."""
    if op.get_bind().dialect.name == "postgresql":
        for table in tables:
            for statement in row_security_statements(table):
                op.execute(statement)


def speak_for(connection: Connection, organization: str) -> None:
    """Say whose the transaction is: an organization's id, or `EVERYBODY`. It ends with the transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(_SAY, {"name": SETTING, "value": organization})
