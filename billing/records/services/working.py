"""Make an export, file by file. Each step is a short transaction that begins with the export's row: whoever is killed
leaves every file made or not begun, another goes on from the rows, and nothing is made twice.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from time import monotonic
from uuid import UUID

from django.db import OperationalError, transaction

from billing.records.models import (
    ExportFailure,
    ExportState,
    RecordExport,
    RecordExportFile,
    RecordExportPart,
    RecordExportPiece,
)
from billing.records.rendering import archive
from billing.records.rendering.pieces import Pieces
from billing.records.rules import exports as rules
from billing.records.selectors import exports as selectors
from billing.records.services.ending import end_files, fail
from kapclinic.core import crypto, doorbell, transitions
from kapclinic.core.rows import FAILURES
from kapclinic.practice.models import SYSTEM, User
from kapclinic.practice.rules import CLINICIANS
from kapclinic.practice.selectors import person_ids

logger = logging.getLogger(__name__)
SLICE_SECONDS = 20.0  # then others of the queue have their turn


def work_on(*, export_id: UUID, at: datetime, seconds: float = SLICE_SECONDS) -> None:
    """Go on with an export for some seconds, and ask to go on when it is not over then.

    One that somebody else is at is left to them.
    """
    stop = monotonic() + seconds
    while monotonic() < stop:
        if not _step(export_id, at=at):
            return
    with transaction.atomic():
        doorbell.ring(rules.TASK, export_id=export_id)


def sweep_exports(*, at: datetime) -> int:
    """Go on with exports that are not over, for some seconds in all, and end the files whose days are over.

    :returns: how many there were
    """
    stop = monotonic() + SLICE_SECONDS
    found = selectors.open_exports()
    for export_id in found:
        if (left := stop - monotonic()) > 0:
            work_on(export_id=export_id, at=at, seconds=left)
    return len(found) + end_files(at=at)


def _step(export_id: UUID, *, at: datetime) -> bool:
    """One step, and whether there may be another: none when the export is over or somebody is at it."""
    with transaction.atomic():
        rows = RecordExport.objects.select_for_update(of=("self",), skip_locked=True)
        export: RecordExport | None = rows.filter(pk=export_id, state__in=rules.OPEN).first()
        if export is None:
            return False
        asker: User = User.objects.get(pk=export.created_by)
        places = selectors.places_of(export.client_id) | set(export.locations)
        if not (asker.is_active and asker.role_set & CLINICIANS and places <= set(asker.locations)):
            fail(export, ExportFailure.NOT_PERMITTED, at=at)
            return False
        if person_ids(export.client_id) != sorted(export.registrations):
            fail(export, ExportFailure.PERSON_CHANGED, at=at)
            return False
        if export.state == ExportState.QUEUED:
            transitions.apply(rules.RECORD_EXPORT_MOVES, "begin", instance=export, by=SYSTEM, field="state")
            export.save_by(SYSTEM, at=at)
            return True
        part = selectors.next_part(export)
        return _try(export, part, at=at)


def _try(export: RecordExport, part: RecordExportPart | None, *, at: datetime) -> bool:
    """Make one file, or with none left the archive. An export that breaks at it has failed. Is there another step?"""
    try:
        with transaction.atomic():
            if part is None:
                _finish(export, at=at)
            else:
                _make(export, part)
    except OperationalError:
        raise  # the database is away, or somebody holds a lock: later
    except FAILURES as exc:
        logger.warning("a record export could not be packed: %s", type(exc).__name__)
        export.refresh_from_db()
        fail(export, ExportFailure.BROKEN, at=at)
        return False
    return part is not None


def _make(export: RecordExport, part: RecordExportPart) -> None:
    content = selectors.content_of(part, client_id=export.client_id)
    part.sealed = crypto.seal(content, aad=part.bound_to())
    part.sha256 = hashlib.sha256(content).hexdigest()
    part.save(update_fields=["sealed", "sha256"])


def _finish(export: RecordExport, *, at: datetime) -> None:
    first, position = b"", 0

    def take(content: bytes) -> None:
        nonlocal first, position
        if position:
            piece = RecordExportPiece(export=export, position=position, size=len(content))
            piece.sealed = crypto.seal(content, aad=piece.bound_to())
            piece.save(force_insert=True)
        else:
            first = content  # bound to the hash of all of them
        position += 1

    out = Pieces(take)
    archive.write(export, selectors.made_parts(export), out, made_at=at)
    transitions.apply(rules.RECORD_EXPORT_MOVES, "finish", instance=export, by=SYSTEM, field="state")
    export.sha256, export.size = out.end(), out.size
    export.ended_at, export.expires_at = at, at + rules.KEPT_FOR
    export.save_by(SYSTEM, at=at)
    sealed = crypto.seal(first, aad=export.bound_to())
    RecordExportFile(export=export, sealed=sealed).save(force_insert=True)
    export.parts.all().delete()
