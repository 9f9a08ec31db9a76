"""Exports in the background: written file by file, taken up where a worker that died stood, let go of in time."""

from uuid import UUID

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.principals import Principal
from integration_api.access.scopes import parse_scopes
from integration_api.access.tokens import Grant
from integration_api.access.use_cases import principal_of
from integration_api.attachments.jobs import discard
from integration_api.config import Settings
from integration_api.db import Collision, reading, showing, unit_of_work
from integration_api.errors import Unauthenticated
from integration_api.fhir.answering import base_url
from integration_api.fhir.bulk.use_cases import look
from integration_api.fhir.bulk.writing import Piece, Writing
from integration_api.fhir.known import Known
from integration_api.jobs.running import Run, Stopped
from integration_api.wiring import parts
from models import BulkExport, BulkFile, OAuthClient, drop_export, new_id
from models.sealed_file import seal_file

_BATCH = 20


def write_export(run: Run) -> None:
    """Write what is not written yet. Which files there are says how far it is, and nothing else does."""
    export_id = UUID(run.arguments["export_id"])
    while True:
        piece, number, steps = _next(export_id)
        if piece is None:
            run.step(steps, steps)
            return
        _keep(export_id, run.organization_id, piece, number)
        run.step(piece.after["part"], steps, file=number)  # a part may be of many files


def _next(export_id: UUID) -> tuple[Piece | None, int, int]:
    """Make the lines of the next file, with its number, and say of how many parts the export is."""
    settings: Settings = current_app.config["SETTINGS"]
    with showing() as db_session:
        export = db_session.get(BulkExport, export_id)
        if export is None:
            raise Stopped
        _, files = look(db_session, export)
        known = Known(db_session, _principal(db_session, export), base_url())
        writing = Writing(known, export, settings.export_file_resources)
        piece = writing.next_piece(files[-1].after if files else {})
        return piece, len(files) + 1, len(writing.parts)


def _principal(db_session: DbSession, export: BulkExport) -> Principal:
    """Give who has asked, with the scopes of then; raise `Unauthenticated` where account or client is switched off."""
    if export.client is not None:
        active = select(OAuthClient.id).where(OAuthClient.client_id == export.client, OAuthClient.is_active)
        if db_session.scalar(active) is None:
            raise Unauthenticated("The client is switched off.")
    grant = Grant(export.user_id, parse_scopes(" ".join(export.scope)), export.client)
    return principal_of(db_session, grant, parts().now())


def _keep(export_id: UUID, organization_id: UUID, piece: Piece, number: int) -> None:
    """Store a file, and only then name it by a row. What dies in between leaves a file for the sweep, and no row."""
    file = BulkFile.made(
        id=new_id(),
        organization_id=organization_id,
        export_id=export_id,
        number=number,
        section=piece.section,
        type=piece.type,
        resource_count=piece.count,
        byte_count=len(piece.lines),
        patient_ids=sorted(piece.patient_ids),
        after=piece.after,
    )
    parts().file_store.put(file.storage_name, seal_file(file.file_key, file.place, memoryview(piece.lines)))
    try:
        with unit_of_work() as db_session:
            still = select(BulkExport.id).where(BulkExport.id == export_id).with_for_update()
            is_wanted = db_session.scalar(still) is not None
            if is_wanted:
                db_session.add(file)
    except Collision:  # another worker was faster
        is_wanted = False
    if not is_wanted:
        discard([file.storage_name])
        raise Stopped


def drop_expired_exports() -> int:
    """Let go of the exports whose time is over; tell how many."""
    over = select(BulkExport).where(BulkExport.expires_at <= parts().now()).order_by(BulkExport.id).limit(_BATCH)
    with reading() as db_session:
        if db_session.scalars(over.limit(1)).one_or_none() is None:
            return 0
    with unit_of_work() as db_session:
        found = db_session.scalars(over.with_for_update(skip_locked=True, of=BulkExport)).all()
        for export in found:
            drop_export(db_session, export, parts().now())
        return len(found)
