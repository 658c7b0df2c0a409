"""End the files of exports, and seal them with another key. A file is a copy: the record stays as it is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from billing.records.models import RecordExportFile, RecordExportPart
from kapclinic.core import crypto
from kapclinic.core.rows import each
from kapclinic.practice.models import SYSTEM
from kapclinic.trail.services import log_act


def end_files(*, at: datetime) -> int:
    """Delete the files whose days are over, each with a line in the client's access log; returns how many."""
    over = RecordExportFile.objects.filter(export__expires_at__lte=at)

    @transaction.atomic
    def end(key: UUID) -> int:
        row = over.select_for_update(of=("self",)).select_related("export").filter(pk=key).first()
        if row is None:
            return 0
        export = row.export
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
        return 1

    return each(over.order_by("pk").values_list("pk", flat=True), end)


def reseal_exports() -> int:
    """Seal again, with the first key, what an older key sealed; returns how many files that were.

    :raises Undecipherable: for one whose key is not among FIELD_KEYS any more
    """
    done = 0
    for key in list(RecordExportFile.objects.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            done += _reseal_file(key)
    waiting = RecordExportPart.objects.filter(sealed__isnull=False).order_by("pk")
    for number in list(waiting.values_list("pk", flat=True)):
        with transaction.atomic():
            done += _reseal_part(number)
    return done


def _reseal_file(key: UUID) -> int:
    row = RecordExportFile.objects.select_for_update(of=("self",)).filter(pk=key).first()
    if row is None or crypto.is_current(bytes(row.sealed)):
        return 0
    row.sealed = crypto.rotate(bytes(row.sealed), aad=row.export.bound_to())
    row.save(update_fields=["sealed"])
    return 1


def _reseal_part(number: int) -> int:
    row = RecordExportPart.objects.select_for_update(of=("self",)).filter(pk=number).first()
    if row is None or row.sealed is None or crypto.is_current(bytes(row.sealed)):
        return 0
    row.sealed = crypto.rotate(bytes(row.sealed), aad=row.bound_to())
    row.save(update_fields=["sealed"])
    return 1
