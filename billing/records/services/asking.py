"""Ask for a copy of a record, or stop one. What it holds is settled at once; the worker makes it after the commit."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from billing.records.models import ExportFailure, RecordExport, RecordExportPart
from billing.records.rules import exports as rules
from billing.records.selectors import exports as selectors
from kapclinic.core import doorbell, transitions
from kapclinic.core.errors import Conflict, Invalid
from kapclinic.practice.models import Client, User
from kapclinic.practice.rules import CLINICIANS
from kapclinic.practice.selectors import person_ids


class SeenElsewhere(Conflict):
    code, title = "seen_elsewhere", "This client is in care at another location too"


@transaction.atomic
def ask_for_record(*, client_id: UUID, reason: str, by: User, at: datetime) -> RecordExport:
    """Let a copy of a person's whole record be made: JSON, papers, attachments, a manifest; no psychotherapy note.

    :raises NotPermitted: unless `by` is a clinician or the medical director
    :raises Invalid: for a client whom they may not see
    :raises SeenElsewhere: for one who is or was in care at a location that is not theirs
    """
    transitions.require_role(by, CLINICIANS, what="A copy of a record")
    if not Client.objects.visible_to(by).filter(pk=client_id).exists():
        raise Invalid.field("client", "There is no such client for you.", code="not_found")
    places = selectors.places_of(client_id)
    if not places <= set(by.locations):
        raise SeenElsewhere("A copy holds all of the record: somebody of all these locations makes it.")
    parts, left_out = selectors.planned(client_id)
    export = RecordExport(
        client_id=client_id,
        registrations=person_ids(client_id),
        reason=reason,
        locations=sorted(places),
        total=len(parts),
        left_out=left_out,
    ).save_by(by, at=at)
    RecordExportPart.objects.bulk_create(
        RecordExportPart(export=export, position=position, **part._asdict())
        for position, part in enumerate(parts)
    )
    doorbell.ring(rules.TASK, export_id=export.pk)
    return export


@transaction.atomic
def stop_export(*, export_id: UUID, by: User, at: datetime) -> RecordExport:
    """Stop an export; what was made of it goes away.

    :raises IllegalTransition: when it is over
    """
    export: RecordExport = RecordExport.objects.select_for_update().get(pk=export_id)
    transitions.apply(rules.RECORD_EXPORT_MOVES, "stop", instance=export, by=by, field="state")
    export.failure, export.ended_at = ExportFailure.STOPPED, at
    export.parts.all().delete()
    return export.save_by(by, at=at)
