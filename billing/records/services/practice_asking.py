"""Ask for an export of the whole practice, let it go or refuse it, or stop one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from billing.records.models import ExportFailure, PracticeExport
from billing.records.rules import practice_exports as rules
from billing.records.selectors import practice_exports as selectors
from kapclinic.core import doorbell, transitions
from kapclinic.core.errors import Conflict, NotPermitted
from kapclinic.practice.models import User
from kapclinic.practice.rules import ADMIN

ONE_AT_A_TIME = 0x6B61705F6F7574  # "kap_out": whoever asks


class ExportOpen(Conflict):
    code, title = "export_open", "An export of the practice is open"


class OtherPerson(Conflict):
    code, title = "other_person", "Another person decides"


@transaction.atomic
def ask_for_practice(*, reason: str, by: User, at: datetime) -> PracticeExport:
    """Ask that the whole practice be put into one archive. A medical director decides; nothing is made before.

    :raises NotPermitted: unless `by` is an administrator, of every location
    :raises ExportOpen: while another one waits or is made
    """
    transitions.require_role(by, ADMIN, what="An export of the practice")
    places = _everywhere(by)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    if PracticeExport.objects.filter(ended_at__isnull=True).exists():
        raise ExportOpen("It is decided, made or stopped first.")
    return PracticeExport(reason=reason, locations=sorted(places)).save_by(by, at=at)


@transaction.atomic
def approve_export(*, export_id: UUID, by: User, at: datetime) -> PracticeExport:
    """Let an export be made.

    :raises OtherPerson: for who asked for it
    :raises NotPermitted: unless `by` is a medical director, of every location
    :raises IllegalTransition: when it does not wait
    """
    export = _decided(export_id, "approve", by=by, at=at)
    export.save_by(by, at=at)
    doorbell.ring(rules.TASK, export_id=export.pk)
    return export


@transaction.atomic
def refuse_export(*, export_id: UUID, reason: str, by: User, at: datetime) -> PracticeExport:
    """Say that an export is not made, and why.

    :raises OtherPerson: for who asked for it, who stops it
    :raises NotPermitted: unless `by` is a medical director, of every location
    :raises IllegalTransition: when it does not wait
    """
    export = _decided(export_id, "refuse", by=by, at=at)
    export.refusal, export.ended_at = reason, at
    return export.save_by(by, at=at)


@transaction.atomic
def stop_export(*, export_id: UUID, by: User, at: datetime) -> PracticeExport:
    """Stop an export that is not over. One that is being made then comes to nothing: its last step finds it stopped.

    :raises IllegalTransition: when it is over
    """
    export: PracticeExport = PracticeExport.objects.select_for_update().get(pk=export_id)
    transitions.apply(rules.PRACTICE_EXPORT_MOVES, "stop", instance=export, by=by, field="state")
    export.failure, export.ended_at = ExportFailure.STOPPED, at
    return export.save_by(by, at=at)


def _decided(export_id: UUID, move: str, *, by: User, at: datetime) -> PracticeExport:
    export: PracticeExport = PracticeExport.objects.select_for_update().get(pk=export_id)
    transitions.apply(rules.PRACTICE_EXPORT_MOVES, move, instance=export, by=by, field="state")
    if export.created_by == by.pk:
        raise OtherPerson("Who asked for it can't also decide.")
    _everywhere(by)
    export.decided_by, export.decided_at = by.pk, at
    return export


def _everywhere(by: User) -> set[UUID]:
    """All locations of the practice.

    :raises NotPermitted: for somebody who is not at each of them, or while there is none
    """
    places = selectors.places()
    if not places or not places <= set(by.locations):
        raise NotPermitted("An export holds every location: somebody of all of them asks, and decides.")
    return places
