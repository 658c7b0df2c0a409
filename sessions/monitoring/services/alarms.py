"""Alarms: opened by readings, overdue checks and people; acknowledged, or carried up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypedDict, Unpack
from uuid import UUID

from django.db import transaction

from kapclinic.core import doorbell, transitions
from kapclinic.core.audited import change_all_by, insert_all_by
from kapclinic.core.errors import Conflict
from kapclinic.core.rows import in_batches
from kapclinic.practice.models import SYSTEM, User
from kapclinic.practice.rules import CLINICIANS
from kapclinic.practice.selectors import staff_at
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Outbox, Task
from sessions.booking.models import Session
from sessions.booking.rules import CAME
from sessions.monitoring import rules, selectors
from sessions.monitoring.models import Alarm, Check, Reading


class NotCheckedIn(Conflict):
    code, title = "illegal_transition", "The client is not checked in"


Rung = frozenset[tuple[str, UUID]]  # causes, each with the check or the reading that an alarm was opened for


def rung_of(alarms: Iterable[tuple[str, UUID, UUID]]) -> Rung:
    """Of rows of cause, reading and check, as the selectors give them."""
    return frozenset((cause, reading or check) for cause, reading, check in alarms)


class Beside(NamedTuple):
    """What a reading is judged beside, read behind the session's lock (`selectors.beside`)."""

    standing: rules.Earlier
    checks: Sequence[Check]
    rung: Rung

    @classmethod
    def of(
        cls,
        standing: Sequence[tuple[datetime, *tuple[int | None, ...]]],
        checks: Sequence[Check],
        alarms: Sequence[tuple[str, UUID, UUID]],
    ) -> Beside:
        stood = [(moment, dict(zip(rules.SIGNS, signs, strict=True))) for moment, *signs in standing]
        return cls(stood, checks, rung_of(alarms))


class Planned(NamedTuple):
    """What a dose's checks are planned beside, read behind the session's lock (`selectors.planned`)."""

    standing: Sequence[Reading]
    checks: Sequence[Check]
    rung: Rung

    @classmethod
    def of(
        cls, standing: Sequence[Reading], checks: Sequence[Check], alarms: Sequence[tuple[str, UUID, UUID]]
    ) -> Planned:
        return cls(standing, checks, rung_of(alarms))


def open_for_check(
    check: Check,
    state: str,
    *,
    session: Session,
    at: datetime,
    live: bool = True,
    rung: Rung | None = None,
) -> None:
    """Open the alarm of an overdue check of `session`, once; what is not `live` is a row to look through instead.

    `rung` are the session's alarms, where the caller knows all that were there when it locked the session.
    """
    cause = rules.OVERDUE.get(state)
    if cause is None:
        return
    if (cause, check.pk) in rung if rung is not None else check.alarms.filter(cause=cause).exists():
        return
    if not live:
        tell_recorded_late(session, at=at)
        return
    _alarm(session, cause=cause, check_row=check).save_by(SYSTEM, at=at)


def open_for_checks(checks: Sequence[Check], *, silent: Collection[UUID], at: datetime) -> None:
    """Do `open_for_check` for many, each with its session; nothing rings for `silent`, by id.

    :raises IntegrityError: when somebody else writes one of the rows at this moment; try again one by one
    """
    rung = set(Alarm.objects.filter(check_row__in=checks).values_list("cause", "check_row")) if checks else ()
    told = [
        (check, cause)
        for check in checks
        if (cause := rules.OVERDUE.get(check.state)) is not None and (cause, check.pk) not in rung
    ]
    late = {check.session_id: check.session for check, _ in told if check.pk in silent}
    if late:
        matters = {pk: _recorded_late(session, at=at) for pk, session in late.items()}
        trail.open_tasks(kind=Kind.RECORDED_LATE, subject_type="session", matters=matters, by=SYSTEM, at=at)
    alarms = [
        _alarm(check.session, cause=cause, check_row=check) for check, cause in told if check.pk not in silent
    ]
    insert_all_by(alarms, SYSTEM, at=at)


def open_for_reading(
    reading: Reading,
    bands: Mapping[str, str],
    *,
    session: Session,
    at: datetime,
    live: bool = True,
    rung: Rung | None = None,
) -> None:
    """Open the alarm of a reading that is out of band, once; `live` and `rung` as `open_for_check` takes them."""
    causes = {"red": Alarm.Cause.RED, "emergency": Alarm.Cause.RED, "amber": Alarm.Cause.AMBER}
    cause = causes.get(rules.worst(bands))
    if cause is None:
        return
    if (cause, reading.pk) in rung if rung is not None else reading.alarms.filter(cause=cause).exists():
        return
    if not live:
        tell_recorded_late(session, at=at)
        return
    _alarm(session, cause=cause, reading=reading).save_by(SYSTEM, at=at)


class About(TypedDict, total=False):
    """Why an alarm is raised, and by which row."""

    cause: Alarm.Cause
    trigger: str
    note: str
    reading: Reading
    check_row: Check


def _alarm(session: Session, **about: Unpack[About]) -> Alarm:
    """A new alarm of this session, at its place."""
    return Alarm(session=session, location_id=session.location_id, **about)


def _recorded_late(session: Session, *, at: datetime) -> trail.Matter:
    return {"location": session.location_id, "client": session.client_id, "assignee": None, "due_at": at}


def tell_recorded_late(session: Session, *, at: datetime) -> None:
    """The client has gone: what would have rung is looked through by somebody, in one row a session (R14)."""
    trail.open_task(
        kind=Kind.RECORDED_LATE,
        location=session.location_id,
        client=session.client_id,
        subject_type="session",
        subject_id=session.pk,
        due_at=at,
        by=SYSTEM,
        at=at,
    )


@transaction.atomic
def raise_alarm(*, session: Session, trigger: str, note: str, by: User, at: datetime) -> Alarm:
    """Open a red alarm for what somebody sees before a number does: agitation, psychosis, chest pain, a new
    neurological sign, suicidal intent, no breath, no airway, no response, a seizure (clinical policy 3.2).

    :raises NotPermitted: unless `by` is a clinician
    :raises NotCheckedIn: before the client has come
    """
    transitions.require_role(by, CLINICIANS, what="Raising an alarm")
    if session.status not in CAME:
        raise NotCheckedIn("Check the client in first.", state=session.status)
    return _alarm(session, cause=Alarm.Cause.TRIGGER, trigger=trigger, note=note).save_by(by, at=at)


@transaction.atomic
def acknowledge_alarm(*, alarm_id: UUID, action: str, by: User, at: datetime) -> Alarm:
    """Say who saw an alarm and what they did.

    :raises IllegalTransition: when it was acknowledged before
    """
    alarm: Alarm = Alarm.objects.select_for_update().get(pk=alarm_id)
    transitions.apply(rules.ALARM_MOVES, "acknowledge", instance=alarm, by=by, field="state")
    alarm.acknowledged_at, alarm.acknowledged_by, alarm.action = at, by, action
    alarm.save_by(by, at=at)
    trail.settle_tasks(kind=Kind.ALARM, subject_id=alarm.pk, by=by, at=at, outcome="acknowledged")
    return alarm


def carry_up_alarms(*, at: datetime) -> int:
    """An alarm that nobody acknowledged becomes a worklist row, and after a while the prescriber's and director's.

    Each alarm has its own row; whoever is told of several at once gets one message about the oldest.
    """
    rows = selectors.climbing_rows()
    due = [
        pk for pk, rang_at, escalation, limits in rows if rules.climbs_at(rang_at, escalation, limits) <= at
    ]
    return in_batches(due, partial(_carry_up, at=at))


def _carry_up(alarm_ids: Sequence[UUID], *, at: datetime) -> int:
    found = selectors.alarms_to_climb().filter(pk__in=alarm_ids).order_by("created_at", "pk")
    locked = found.select_related("session__program__protocol").select_for_update(
        skip_locked=True, of=("self",)
    )
    due = [
        alarm
        for alarm in locked
        if rules.climbs_at(alarm.created_at, alarm.escalation, alarm.session.program.protocol.limits) <= at
    ]
    told: dict[UUID, Alarm] = {}  # reader -> the oldest alarm that they are told of
    groups = [[alarm for alarm in due if alarm.escalation == n] for n in range(rules.CLIMBS)]
    for alarms, roles in zip(groups, (Kind.ALARM.roles, Kind.ALARM.climbs_to), strict=True):
        if alarms:
            _climb(alarms, roles, at=at)
            readers = staff_at(roles=roles, locations={alarm.session.location_id for alarm in alarms})
            for alarm in alarms:
                for reader in readers[alarm.session.location_id]:
                    told.setdefault(reader, alarm)
    _tell(told, at=at)
    return len(due)


def _climb(alarms: Sequence[Alarm], roles: Iterable[str], *, at: datetime) -> None:
    """Carry alarms of one height up to `roles`: the first time they become rows of the worklist."""
    first = alarms[0].escalation == 0
    tasks = _tasks_of(alarms, roles, at=at)
    if not first:
        trail.escalate_tasks(tasks, roles=roles, by=SYSTEM, at=at)
    change_all_by(alarms, {"escalation": alarms[0].escalation + 1}, SYSTEM, at=at)


def _tasks_of(alarms: Sequence[Alarm], roles: Iterable[str], *, at: datetime) -> list[Task]:
    matters: dict[UUID, trail.Matter] = {
        alarm.pk: {
            "location": alarm.session.location_id,
            "client": alarm.session.client_id,
            "assignee": None,
            "roles": roles,
            "due_at": at,
        }
        for alarm in alarms
    }
    return trail.open_tasks(kind=Kind.ALARM, subject_type="alarm", matters=matters, by=SYSTEM, at=at)


def _tell(told: Mapping[UUID, Alarm], *, at: datetime) -> None:
    notices = [
        trail.Notice(f"alarm:{alarm.pk}:{alarm.escalation}:{reader}", reader, alarm.pk)
        for reader, alarm in told.items()
    ]
    trail.queue_notices(notices, template="worklist", at=at, priority=Outbox.Priority.SAFETY)
    if notices:
        doorbell.ring("sessions.send_messages")
