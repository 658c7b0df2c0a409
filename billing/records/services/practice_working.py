"""Make the archive of a practice: in one transaction, which sees the practice as it stood at its first statement.

Whoever is killed leaves nothing of it, and another begins anew. Nobody is offered a half: the pieces and the state
`done` commit together.
"""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from psycopg.errors import SerializationFailure

from billing.records.models import ExportFailure, PracticeExport, PracticeExportPiece, PracticeExportState
from billing.records.rendering import practice_archive as archive
from billing.records.rendering.pieces import Pieces
from billing.records.rules import practice_exports as rules
from billing.records.selectors import practice_exports as selectors
from kapclinic.core import crypto, doorbell, transitions
from kapclinic.core.moments import utc_text
from kapclinic.core.rows import FAILURES
from kapclinic.practice.models import SYSTEM, User
from kapclinic.practice.rules import ADMIN, DIRECTOR
from kapclinic.trail.services import log_act

logger = logging.getLogger(__name__)
AT_IT = 0x6B61705F77686F6C  # "kap_whol": held while an archive is being made
# One statement of it may read a whole table; a worker's own patience is for short ones.
AS_ONE_SEES = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL cursor_tuple_fraction = 0.001",  # by the key's index, and not by sorting a table of years
    "SET LOCAL TIME ZONE 'UTC'",
)


def work_on(*, export_id: UUID, at: datetime) -> None:
    """Make an archive, or begin anew what somebody left. One that somebody else is at is left to them."""
    if not _begin(export_id, at=at):
        return
    try:
        _make(export_id, at=at)
    except OperationalError as exc:
        if not isinstance(exc.__cause__, SerializationFailure):
            raise  # the database is away: later
        logger.info("an export of the practice was stopped while it was being made")
    except (*FAILURES, OSError, crypto.Undecipherable) as exc:
        logger.warning("an export of the practice could not be made: %s", type(exc).__name__)
        _fail(export_id, ExportFailure.BROKEN, at=at)


def sweep_exports(*, at: datetime) -> int:
    """Ring for each export that is not over and that nobody is at, and end the files whose days are over."""
    found = selectors.open_exports()
    if found:
        with transaction.atomic():
            if _is_free():
                for export_id in found:
                    doorbell.ring(rules.TASK, export_id=export_id)
    return len(found) + end_files(at=at)


def end_files(*, at: datetime) -> int:
    """Delete the pieces of the archives whose days are over; returns how many archives that were."""
    over = PracticeExportPiece.objects.filter(export__expires_at__lte=at)
    return _end(over, at=at) if over.exists() else 0


@transaction.atomic
def _end(over: QuerySet[PracticeExportPiece], *, at: datetime) -> int:
    exports = PracticeExport.objects.select_for_update().filter(pk__in=over.values("export")).order_by("pk")
    ended = list(exports.values_list("pk", flat=True))
    for export_id in ended:
        log_act(
            by=SYSTEM.pk,
            roles=(),
            action="practice_export.file_ended",
            object_type="practice_export",
            object_id=export_id,
            at=at,
        )
    over.delete()
    return len(ended)


def reseal_pieces() -> int:
    """Seal again, with the first key, what an older key sealed; returns how many pieces that were.

    :raises Undecipherable: for one whose key is not among FIELD_KEYS any more
    """
    done = 0
    for key in list(PracticeExportPiece.objects.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            piece = PracticeExportPiece.objects.select_for_update(of=("self",)).filter(pk=key).first()
            if piece is None or crypto.is_current(bytes(piece.sealed)):
                continue
            piece.sealed = crypto.rotate(bytes(piece.sealed), aad=piece.bound_to())
            piece.save(update_fields=["sealed"])
            done += 1
    return done


# --- its steps -------------------------------------------------------------------------------------------------------


@transaction.atomic
def _begin(export_id: UUID, *, at: datetime) -> bool:
    """Is this export to be made, and by us? It then stands as running."""
    if not _is_free():
        return False
    export = PracticeExport.objects.select_for_update().filter(pk=export_id, state__in=rules.OPEN).first()
    if export is None:
        return False
    if not _may_still(export):
        _failed(export, ExportFailure.NOT_PERMITTED, at=at)
        return False
    if export.state == PracticeExportState.QUEUED:
        transitions.apply(rules.PRACTICE_EXPORT_MOVES, "begin", instance=export, by=SYSTEM, field="state")
        export.save_by(SYSTEM, at=at)
    return True


def _may_still(export: PracticeExport) -> bool:
    """May who asked and who let it go still do so, of all that the practice has by now?"""
    places = selectors.places() | set(export.locations)
    asked = User.objects.get(pk=export.created_by)
    assert export.decided_by is not None, "an open export was let go by somebody"
    decided = User.objects.get(pk=export.decided_by)
    return all(
        person.is_active and person.role_set & roles and places <= set(person.locations)
        for person, roles in ((asked, ADMIN), (decided, DIRECTOR))
    )


@transaction.atomic(durable=True)
def _make(export_id: UUID, *, at: datetime) -> None:
    """Read the practice and write its archive. Whoever stopped it meanwhile makes the last statement fail."""
    with connection.cursor() as cursor:
        for setting in AS_ONE_SEES:
            cursor.execute(setting)
    if not _is_free():
        return
    export = PracticeExport.objects.filter(pk=export_id, state=PracticeExportState.RUNNING).first()
    if export is None:
        return
    position = 0

    def take(content: bytes) -> None:
        nonlocal position
        piece = PracticeExportPiece(export=export, position=position, size=len(content))
        piece.sealed = crypto.seal(content, aad=piece.bound_to())
        piece.save(force_insert=True)
        position += 1

    out = Pieces(take)
    export.locations = sorted(selectors.places() | set(export.locations))  # who may fetch what it holds
    export.rows = archive.write(export, out, made_at=utc_text(at))
    transitions.apply(rules.PRACTICE_EXPORT_MOVES, "finish", instance=export, by=SYSTEM, field="state")
    export.sha256, export.size = out.end(), out.size
    export.ended_at, export.expires_at = at, at + rules.KEPT_FOR
    export.save_by(SYSTEM, at=at)


def _is_free() -> bool:
    """Is nobody making an archive? From here until the transaction's end it is we who do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [AT_IT])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def _fail(export_id: UUID, failure: ExportFailure, *, at: datetime) -> None:
    export = PracticeExport.objects.select_for_update().filter(pk=export_id, state__in=rules.OPEN).first()
    if export is not None:
        _failed(export, failure, at=at)


def _failed(export: PracticeExport, failure: ExportFailure, *, at: datetime) -> None:
    transitions.apply(rules.PRACTICE_EXPORT_MOVES, "fail", instance=export, by=SYSTEM, field="state")
    export.failure, export.ended_at = failure, at
    export.save_by(SYSTEM, at=at)
