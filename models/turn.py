"""One change at a time in a patient's record: who numbers its events or counts its stamp waits for who did so before.

Both hold to the end of a transaction what they count by, and a transaction comes to them in any order, also more than
once. With a lock for each, two would wait for each other; so both take this one first.
"""

from uuid import UUID

from sqlalchemy import Connection, text

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 21))")


def take_turn(connection: Connection, patient_id: UUID) -> None:
    """Wait until nobody else counts in a patient's record, and keep others waiting; on SQLite every write is alone."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"id": str(patient_id)})
