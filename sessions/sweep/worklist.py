"""What stays on the worklist whoever ticks it off: rows that only a fact settles, and who is told when one is late."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import CharField, QuerySet, Value

from kapclinic.core.rows import each, tried
from kapclinic.practice.models import SYSTEM, Role
from kapclinic.practice.selectors import staff_at
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import BreakGlass, Outbox, Task
from screening import selectors as screening
from screening.models import SafetyAlert
from sessions.booking.models import Session
from sessions.booking.rules import AHEAD
from sessions.dosing.models import AdverseEvent
from sessions.drugs.models import DrugDiscrepancy
from sessions.drugs.services import discrepancies
from sessions.monitoring.models import Alarm
from sessions.notes.models import Note
from sessions.rights.models import AmendmentRequest


def _alarms() -> QuerySet[Any]:
    return Alarm.objects.filter(state=Alarm.State.OPEN)


def _alerts() -> QuerySet[Any]:
    return SafetyAlert.objects.filter(status=SafetyAlert.Status.OPEN)


def _unscreened() -> QuerySet[Any]:
    return screening.unasked_screeners()


def _cosigns() -> QuerySet[Any]:
    return Note.objects.filter(status=Note.Status.COSIGN_PENDING)


def _amendments() -> QuerySet[Any]:
    return AmendmentRequest.objects.filter(state=AmendmentRequest.State.OPEN)


def _reviews() -> QuerySet[Any]:
    return AdverseEvent.objects.filter(review_due_at__isnull=False, reviews__isnull=True)


def _follow_ups() -> QuerySet[Any]:
    return AdverseEvent.objects.filter(follow_up_due_at__isnull=False, follow_ups__isnull=True)


def _root_causes() -> QuerySet[Any]:
    asked = AdverseEvent.objects.filter(root_cause_due_at__isnull=False)
    return asked.exclude(follow_ups__root_cause=True)


def _glasses() -> QuerySet[Any]:
    return BreakGlass.objects.filter(reviewed_at__isnull=True)


def _left() -> QuerySet[Any]:
    return Session.objects.filter(left_at__isnull=False, status__in=AHEAD)


def _notices(cause: str) -> Callable[[], QuerySet[Any]]:
    return lambda: _missing().filter(cause=cause, notified_at__isnull=True)


def _forms() -> QuerySet[Any]:
    return _missing().filter(filed_at__isnull=True)


def _missing() -> QuerySet[DrugDiscrepancy]:
    states = (DrugDiscrepancy.State.OPEN, DrugDiscrepancy.State.REPORTED)
    found: QuerySet[DrugDiscrepancy] = DrugDiscrepancy.objects.filter(state__in=states)
    return found


# kind of row -> the subjects that still wait for the fact which settles it: every kind that is settled by a fact alone.
WAITING: dict[Kind, Callable[[], QuerySet[Any]]] = {
    Kind.ALARM: _alarms,
    Kind.SAFETY_ALERT: _alerts,
    Kind.CSSRS_TODAY: _unscreened,
    Kind.ADVERSE_EVENT_REVIEW: _reviews,
    Kind.ADVERSE_EVENT_FOLLOW_UP: _follow_ups,
    Kind.ADVERSE_EVENT_ROOT_CAUSE: _root_causes,
    Kind.NOTE_COSIGN: _cosigns,
    Kind.AMENDMENT_DUE: _amendments,
    Kind.BREAK_GLASS_REVIEW: _glasses,
    Kind.SESSION_UNSTAFFED: _left,
    Kind.DRUG_FORM_106: _forms,
} | {kind: _notices(cause) for cause, kind in discrepancies.NOTICE.items()}

# A message about one of these overtakes all others.
URGENT = frozenset({Kind.ALARM, Kind.SAFETY_ALERT, Kind.CSSRS_TODAY})


def sweep_worklist(*, at: datetime) -> int:
    """Put back rows ticked off without their fact, and carry up those that nobody answered in time (R14).

    Everybody who sees a row that came back gets a message again.

    :returns: how many rows came back or were carried up
    """
    by_the_clock = [kind for kind in Kind if kind.in_words or kind in {Kind.CSSRS_TODAY, Kind.NOTE_UNSIGNED}]
    listed: dict[str, set[UUID]] = {kind: set() for kind in WAITING}
    for kind, subject_id in Task.objects.open().filter(kind__in=WAITING).values_list("kind", "subject_id"):
        listed[kind].add(subject_id)
    waiting = tried(_all_waiting, instead=None)  # when that fails, each kind is looked at by itself
    silent = [kind for kind in WAITING if waiting is None or not waiting[kind] <= listed[kind]]
    back = each(silent, lambda kind: _put_back(kind, listed[kind], at=at))
    return back + trail.carry_up_overdue(of=by_the_clock, roles=(Role.MEDICAL_DIRECTOR,), by=SYSTEM, at=at)


def _all_waiting() -> dict[str, set[UUID]]:
    """Kind -> the subjects that wait. One query."""
    first, *others = [
        rows().order_by().values_list(Value(kind.value, output_field=CharField()), "pk")
        for kind, rows in WAITING.items()
    ]
    found: dict[str, set[UUID]] = {kind: set() for kind in WAITING}
    for kind, subject_id in first.union(*others, all=True):
        found[kind].add(subject_id)
    return found


def _put_back(kind: Kind, listed: Collection[UUID], *, at: datetime) -> int:
    silent = set(WAITING[kind]().values_list("pk", flat=True)).difference(listed)
    rows = trail.reopen_ticked(kind=kind, waiting=silent, by=SYSTEM, at=at) if silent else []
    for row in rows:
        _tell(row, at=at)
    return len(rows)


def _tell(row: Task, *, at: datetime) -> None:
    readers = staff_at(roles=row.roles, locations=[row.location])[row.location]
    readers |= {row.assignee} if row.assignee else set()
    notices = [trail.Notice(f"back:{row.pk}:{reader}", reader, row.subject_id) for reader in readers]
    priority = Outbox.Priority.SAFETY if row.kind in URGENT else Outbox.Priority.STAFF
    trail.queue_notices(notices, template="worklist", at=at, priority=priority)
