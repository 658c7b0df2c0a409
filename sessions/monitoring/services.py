"""Verbs of monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, Invalid, merge
from kapclinic.practice.models import SYSTEM, Role
from kapclinic.practice.rules import NURSES
from kapclinic.practice.selectors import staff_with_role
from kapclinic.trail import services as trail
from programs.models import Protocol
from sessions.booking.models import Session
from sessions.booking.rules import moment_errors
from sessions.monitoring import rules, selectors
from sessions.monitoring.models import Alarm, Check, Reading, ReadingVoid

MONITORED = frozenset({Session.Status.CHECKED_IN, Session.Status.IN_PROGRESS, Session.Status.COMPLETED})


class NotCheckedIn(Conflict):
    code, title = "illegal_transition", "The client is not checked in"


class AlreadyVoid(Conflict):
    code, title = "already_void", "This was voided before"


def _protocol(session: Session) -> Protocol:
    return session.program.protocol


@transaction.atomic
def record_reading(
    *, session: Session, values: Mapping[str, Any], dosed_at: datetime | None, by: Any, at: datetime
) -> Reading:
    """Record vital signs, close the nearest open check, and open an alarm when a sign is red.

    `dosed_at` is the first dose's time, None before it. Nothing is pre-filled and nothing is corrected.

    :raises NotPermitted: unless `by` is a nurse practitioner or prescriber
    :raises Invalid: for implausible values, diastolic >= systolic, a time in the future or before check-in
    :raises NotCheckedIn: before the client has come
    """
    transitions.require_role(by, NURSES, what="Recording vital signs")
    if session.status not in MONITORED:
        raise NotCheckedIn("Check the client in first.", state=session.status)
    protocol, measured_at = _protocol(session), values["measured_at"]
    merge(
        [
            *rules.plausibility_errors(values, protocol.limits["plausible"]),
            *moment_errors(moment=measured_at, at=at, after=session.checked_in_at, field="measured_at"),
        ]
    )
    reading = Reading(session=session, recorded_at=max(at, measured_at), recorded_by=by, **values)
    reading.bands = _bands(reading, protocol, dosed_at=dosed_at)
    in_session = dosed_at is not None and measured_at > dosed_at
    reading.phase = Reading.Phase.IN_SESSION if in_session else Reading.Phase.PRE_DOSE
    reading.insert_by(by, at=at)
    _close_check(reading, protocol, by=by, at=at)
    _alarm(reading, at=at)
    return reading


def _bands(reading: Reading, protocol: Protocol, *, dosed_at: datetime | None) -> dict[str, str]:
    vitals = selectors.vitals_of(reading)
    if dosed_at is None or reading.measured_at <= dosed_at:
        return rules.pre_dose_bands(vitals, protocol.bands)
    gap = timedelta(minutes=protocol.bands["bp"]["recheck_min"])
    earlier = selectors.standing_readings(session_id=reading.session_id).filter(
        measured_at__lte=reading.measured_at - gap, measured_at__gt=dosed_at
    )
    last = earlier.last()
    before = selectors.vitals_of(last) if last else None
    return rules.in_session_bands(vitals, protocol.bands, before=before)


def _close_check(reading: Reading, protocol: Protocol, *, by: Any, at: datetime) -> None:
    tolerance = protocol.limits["reading_tolerance_min"]
    asked = list(selectors.asked_checks(session_id=reading.session_id).select_for_update(of=("self",)))
    check = rules.closed_by(reading.measured_at, asked, tolerance_min=tolerance)
    if check is None:
        return
    check.state = rules.state_when_read(check, reading.measured_at, tolerance_min=tolerance)
    check.reading = reading
    check.save_by(by, at=at)


def _alarm(reading: Reading, *, at: datetime) -> None:
    causes = {"red": Alarm.Cause.RED, "emergency": Alarm.Cause.RED, "amber": Alarm.Cause.AMBER}
    cause = causes.get(rules.worst(reading.bands))
    if cause is not None:
        Alarm(session_id=reading.session_id, cause=cause, reading=reading).save_by(SYSTEM, at=at)


@transaction.atomic
def void_reading(*, reading: Reading, reason: str, by: Any, at: datetime) -> ReadingVoid:
    """Say that a reading does not count; its check is asked for again.

    :raises AlreadyVoid: the second time
    """
    transitions.require_role(by, NURSES, what="Voiding a reading")
    try:
        with transaction.atomic():
            void = ReadingVoid(reading=reading, reason=reason).insert_by(by, at=at)
    except IntegrityError as exc:
        raise AlreadyVoid from exc
    for check in Check.objects.select_for_update().filter(reading=reading):
        check.reading, check.state = None, Check.State.DUE
        check.save_by(by, at=at)
    return void


def start_checks(*, session: Session, dosed_at: datetime, by: Any, at: datetime) -> list[Check]:
    """Plan the protocol's checks from the first dose; the pre-dose reading already answers the one at minute 0."""
    protocol = _protocol(session)
    baseline = selectors.last_before_dose(session_id=session.pk, before=dosed_at)
    before = {check.planned_at: check for check in Check.objects.select_for_update().filter(session=session)}
    checks = []
    for minute, moment in rules.planned(dosed_at=dosed_at, checks_min=protocol.checks_min):
        check = before.get(moment) or Check(session=session, minute=minute, planned_at=moment)
        check.ended_at = None  # a voided dose that is entered again at the same time asks again
        if minute == 0 and baseline is not None:
            check.state, check.reading = Check.State.DONE, baseline
        checks.append(check.save_by(by, at=at))
    return checks


def end_checks(*, session: Session, by: Any, at: datetime) -> None:
    """The client is discharged, or the dose was voided: what was not yet due is asked for no more."""
    for check in selectors.open_checks(session_id=session.pk).select_for_update(of=("self",)):
        check.ended_at = at
        check.save_by(by, at=at)


@transaction.atomic
def skip_check(*, check_id: UUID, reason: str, by: Any, at: datetime) -> Check:
    """Say that a check was not taken, and why.

    :raises IllegalTransition: when it was read already
    """
    check: Check = Check.objects.select_for_update().get(pk=check_id)
    transitions.apply(rules.CHECK_MOVES, "not_taken", instance=check, by=by, field="state")
    if check.reading_id is not None:
        raise Invalid("This check has a reading.")
    check.reason = reason
    return check.save_by(by, at=at)


@transaction.atomic
def acknowledge_alarm(*, alarm_id: UUID, action: str, by: Any, at: datetime) -> Alarm:
    """Say who saw an alarm and what they did.

    :raises IllegalTransition: when it was acknowledged before
    """
    alarm: Alarm = Alarm.objects.select_for_update().get(pk=alarm_id)
    transitions.apply(rules.ALARM_MOVES, "acknowledge", instance=alarm, by=by, field="state")
    alarm.acknowledged_at, alarm.acknowledged_by, alarm.action = at, by, action
    alarm.save_by(by, at=at)
    trail.settle_tasks(kind="alarm", subject_id=alarm.pk, by=by, at=at, outcome="acknowledged")
    return alarm


def sweep_checks(*, at: datetime) -> int:
    """Mark overdue checks late or missed and open an alarm for each, by the server's clock."""
    waiting = Check.objects.filter(
        state__in=[Check.State.DUE, Check.State.LATE],
        reading__isnull=True,
        ended_at__isnull=True,
        planned_at__lt=at,
    )
    return sum(_mark(pk, at=at) for pk in list(waiting.order_by("planned_at").values_list("pk", flat=True)))


@transaction.atomic
def _mark(check_id: UUID, *, at: datetime) -> int:
    found = Check.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
        "session__program__protocol"
    )
    check: Check | None = found.filter(pk=check_id, reading__isnull=True).first()
    if check is None or check.state not in {Check.State.DUE, Check.State.LATE}:
        return 0
    limits = _protocol(check.session).limits
    tolerance, missed = limits["reading_tolerance_min"], limits["missed_after_min"]
    state = rules.state_unread(check.planned_at, at=at, tolerance_min=tolerance, missed_min=missed)
    if state == check.state:
        return 0
    check.state = state
    check.save_by(SYSTEM, at=at)
    cause = Alarm.Cause.MISSED if state == Check.State.MISSED else Alarm.Cause.LATE
    if not check.alarms.filter(cause=cause).exists():  # it was told before its reading was voided
        Alarm(session=check.session, cause=cause, check_row=check).save_by(SYSTEM, at=at)
    return 1


def carry_up_alarms(*, at: datetime) -> int:
    """An alarm that nobody acknowledged becomes a worklist row, and after a while the prescriber's and director's."""
    open_alarms = Alarm.objects.filter(state=Alarm.State.OPEN, escalation__lt=2)
    return sum(
        _carry_up(pk, at=at) for pk in list(open_alarms.order_by("created_at").values_list("pk", flat=True))
    )


@transaction.atomic
def _carry_up(alarm_id: UUID, *, at: datetime) -> int:
    found = Alarm.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
        "session__program__protocol"
    )
    alarm: Alarm | None = found.filter(pk=alarm_id, state=Alarm.State.OPEN).first()
    if alarm is None:
        return 0
    wait = timedelta(minutes=_protocol(alarm.session).limits["alarm_minutes"])
    if at < alarm.created_at + wait * (alarm.escalation + 1):
        return 0
    first = alarm.escalation == 0
    roles = (Role.NURSE_PRACTITIONER, Role.PRESCRIBER) if first else (Role.MEDICAL_DIRECTOR,)
    task = trail.open_task(
        kind="alarm",
        roles=roles,
        location=alarm.session.location_id,
        client=alarm.session.client_id,
        subject_type="alarm",
        subject_id=alarm.pk,
        due_at=at,
        by=SYSTEM,
        at=at,
    )
    if not first:
        trail.escalate_task(task=task, roles=roles, by=SYSTEM, at=at)
    alarm.escalation += 1
    alarm.save_by(SYSTEM, at=at)
    for role in roles:
        for user in staff_with_role(role=role, location=alarm.session.location_id):
            key = f"alarm:{alarm.pk}:{alarm.escalation}:{user.pk}"
            trail.queue_message(key=key, template="worklist", recipient=user.pk, subject_id=alarm.pk, at=at)
    return 1
