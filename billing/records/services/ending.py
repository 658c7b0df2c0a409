"""End the files of exports, and seal them with another key. A file is a copy: the record stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from billing.records.models import (
    ExportFailure,
    RecordExport,
    RecordExportFile,
    RecordExportPart,
    RecordExportPiece,
)
from billing.records.rules import exports as rules
from kapclinic.core import crypto, transitions
from kapclinic.core.rows import each
from kapclinic.practice.models import SYSTEM, User
from kapclinic.trail.services import log_act


def end_files(*, at: datetime) -> int:
    """Delete the files whose days are over, each with a line in the client's access log; returns how many."""
    over = RecordExportFile.objects.filter(export__expires_at__lte=at)

    @transaction.atomic
    def end(key: UUID) -> int:
        row = over.select_for_update(of=("self",)).select_related("export").filter(pk=key).first()
        if row is None:
            return 0
        _end(row, at=at)
        return 1

    return each(over.order_by("pk").values_list("pk", flat=True), end)


def _end(row: RecordExportFile, *, at: datetime) -> None:
    export = row.export
    export.pieces.all().delete()
    row.delete()
    log_act(
        by=SYSTEM.pk,
        roles=(),
        action="record_export.file_ended",
        object_type="record_export",
        object_id=export.pk,
        clients=[export.client_id],
        at=at,
    )


def fail(export: RecordExport, failure: ExportFailure, *, at: datetime) -> None:
    """End an export that comes to no end of its own; what was made of it goes away."""
    transitions.apply(rules.RECORD_EXPORT_MOVES, "fail", instance=export, by=SYSTEM, field="state")
    export.failure, export.ended_at = failure, at
    export.parts.all().delete()
    export.save_by(SYSTEM, at=at)


def part_copies(*, one: UUID, others: Sequence[UUID], by: User, at: datetime) -> None:
    """A copy of the record of two who are no longer one person is handed out no more, and none goes on being made.

    Waits for the worker that is at one.
    """
    of_both = RecordExport.objects.filter(registrations__contains=[one], registrations__overlap=list(others))
    rows = of_both.filter(client__in=[one, *others]).select_for_update(of=("self",)).order_by("pk")
    for export in rows:
        if export.state in rules.OPEN:
            fail(export, ExportFailure.PERSON_CHANGED, at=at)
        for row in RecordExportFile.objects.filter(pk=export.pk).select_related("export"):
            _end(row, at=at)


def reseal_exports() -> int:
    """Seal again, with the first key, what an older key sealed; returns how many files that were.

    :raises Undecipherable: for one whose key is not among FIELD_KEYS any more
    """
    done = 0
    for number in list(RecordExportPiece.objects.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            done += _reseal(RecordExportPiece, number)
    for key in list(RecordExportFile.objects.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            done += _reseal_file(key)
    waiting = RecordExportPart.objects.filter(sealed__isnull=False).order_by("pk")
    for number in list(waiting.values_list("pk", flat=True)):
        with transaction.atomic():
            done += _reseal(RecordExportPart, number)
    return done


def _reseal_file(key: UUID) -> int:
    row = RecordExportFile.objects.select_for_update(of=("self",)).filter(pk=key).first()
    if row is None or crypto.is_current(bytes(row.sealed)):
        return 0
    row.sealed = crypto.rotate(bytes(row.sealed), aad=row.export.bound_to())
    row.save(update_fields=["sealed"])
    return 1


def _reseal(table: type[RecordExportPart | RecordExportPiece], number: int) -> int:
    row = table._default_manager.select_for_update(of=("self",)).filter(pk=number).first()
    if row is None or row.sealed is None or crypto.is_current(bytes(row.sealed)):
        return 0
    row.sealed = crypto.rotate(bytes(row.sealed), aad=row.bound_to())
    row.save(update_fields=["sealed"])
    return 1
