"""Safety alerts: raised for a named clinician, acknowledged in words, carried up while nobody does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from kapclinic.core import transitions
from kapclinic.core.rows import each
from kapclinic.practice.models import SYSTEM, Actor, Role, User
from kapclinic.practice.selectors import staff_with_role
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Outbox, Task
from programs.models import Program
from programs.policy import limit
from programs.selectors import deciding_for
from screening import rules, selectors
from screening.models import Measure, SafetyAlert, Screening
from screening.signals import safety_alert_raised


def _clinicians_of(program: Program) -> list[User]:
    """The therapist, as long as they are one at this place; else the prescriber, or whoever decides in their place."""
    therapist = program.therapist
    if (
        therapist is not None
        and therapist.is_active
        and Role.THERAPIST in therapist.role_set
        and program.location_id in therapist.locations
    ):
        return [therapist]
    return deciding_for(program) or [program.prescriber]


@transaction.atomic
def raise_safety_alert(
    *,
    program: Program,
    cause: str,
    by: Actor,
    at: datetime,
    measure: Measure | None = None,
    screening: Screening | None = None,
) -> SafetyAlert:
    """Open an alert that the program's therapist, else its prescriber, must acknowledge within `alert_minutes`.

    It is also a worklist row and a message to that clinician; where neither is there any more, to each who prescribes
    at this place. Announces safety_alert_raised.
    """
    told = _clinicians_of(program)
    clinician = told[0]
    alert = SafetyAlert(
        program=program,
        cause=cause,
        measure=measure,
        screening=screening,
        clinician=clinician,
        acknowledge_by=at + timedelta(minutes=limit(program.protocol.limits, "alert_minutes")),
    ).save_by(by, at=at)
    _task_of(alert, by=by, at=at)
    _tell(alert, [user.pk for user in told], at=at)
    safety_alert_raised.send(SafetyAlert, program_id=program.pk, alert_id=alert.pk)
    return alert


def _task_of(alert: SafetyAlert, *, by: Actor, at: datetime) -> Task:
    return trail.open_task(
        kind=Kind.SAFETY_ALERT,
        location=alert.program.location_id,
        client=alert.program.client_id,
        assignee=alert.clinician_id,
        subject_type="safety_alert",
        subject_id=alert.pk,
        due_at=alert.acknowledge_by,
        by=by,
        at=at,
    )


def _tell(alert: SafetyAlert, recipients: Iterable[UUID], *, at: datetime) -> None:
    notices = [
        trail.Notice(f"safety_alert:{alert.pk}:{recipient}", recipient, alert.pk) for recipient in recipients
    ]
    trail.queue_notices(notices, template=Kind.SAFETY_ALERT, at=at, priority=Outbox.Priority.SAFETY)


@transaction.atomic
def acknowledge_alert(*, alert_id: UUID, action: str, by: User, at: datetime) -> SafetyAlert:
    """Say who saw the alert and what was done; its worklist row goes with it.

    :raises IllegalTransition: when it is acknowledged already
    :raises NotPermitted: unless `by` is a clinician
    """
    locked = SafetyAlert.objects.select_for_update(of=("self",)).select_related("program")
    alert: SafetyAlert = locked.get(pk=alert_id)
    transitions.apply(rules.ALERT_MOVES, "acknowledge", instance=alert, by=by)
    alert.acknowledged_at, alert.acknowledged_by, alert.action = at, by, action
    alert.save_by(by, at=at)
    trail.settle_tasks(kind=Kind.SAFETY_ALERT, subject_id=alert.pk, by=by, at=at, outcome="acknowledged")
    return alert


def escalate_overdue_alerts(*, at: datetime) -> int:
    """Carry every overdue alert up to prescriber and medical director, by worklist and by message; from the sweep.

    Returns how many were carried up this time: a second pass finds nothing more to do. A worklist row that somebody
    ticked off without acknowledging the alert is opened again.
    """
    carried_up = Task.objects.open().filter(
        kind=Kind.SAFETY_ALERT,
        subject_id=OuterRef("pk"),
        roles__contains=sorted(Kind.SAFETY_ALERT.climbs_to),
    )
    waiting = selectors.overdue_alerts(at=at).exclude(Exists(carried_up))
    return each(waiting.values_list("pk", flat=True), partial(_escalate, at=at))


@transaction.atomic
def _escalate(alert_id: UUID, *, at: datetime) -> int:
    locked = SafetyAlert.objects.select_for_update(of=("self",), skip_locked=True).select_related("program")
    alert = locked.filter(pk=alert_id, status=SafetyAlert.Status.OPEN).first()
    if alert is None:
        return 0
    task = _task_of(alert, by=SYSTEM, at=at)
    if set(task.roles) >= Kind.SAFETY_ALERT.climbs_to:
        return 0
    trail.escalate_task(task=task, roles=Kind.SAFETY_ALERT.climbs_to, by=SYSTEM, at=at)
    directors = staff_with_role(role=Role.MEDICAL_DIRECTOR, location=alert.program.location_id)
    deciding = {user.pk for user in deciding_for(alert.program)}
    _tell(alert, deciding.union(directors.values_list("pk", flat=True)), at=at)
    return 1
