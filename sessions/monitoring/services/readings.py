"""Readings: recorded once, judged by the protocol's bands, voided but never changed."""

from __future__ import annotations

from datetime import datetime
from typing import NotRequired, TypedDict

from django.db import IntegrityError, transaction

from kapclinic.core import transitions
from kapclinic.core.asking import AtOnce
from kapclinic.core.errors import AlreadyVoid, merge
from kapclinic.core.moments import moment_errors
from kapclinic.core.writing import joining
from kapclinic.practice.models import User
from kapclinic.practice.rules import NURSES
from sessions.booking.models import Session
from sessions.booking.rules import CAME
from sessions.booking.services import require_day
from sessions.monitoring import rules, selectors
from sessions.monitoring.models import Check, Reading, ReadingVoid
from sessions.monitoring.rules import measurable
from sessions.monitoring.rules.late import rings_live
from sessions.monitoring.services.alarms import Beside, NotCheckedIn, open_for_reading
from sessions.monitoring.services.checks import ask_again, ask_anew, close_checks, end_check


class ReadingFields(TypedDict):
    """Vital signs as they were measured; sedation is MOAA/S. `confirm`: the value was looked at and is as it stands."""

    systolic: NotRequired[int | None]
    diastolic: NotRequired[int | None]
    heart_rate: NotRequired[int | None]
    spo2: NotRequired[int | None]
    respiratory_rate: NotRequired[int | None]
    sedation: NotRequired[int | None]
    etco2: NotRequired[int | None]
    not_obtainable: NotRequired[list[str]]
    confirm: NotRequired[bool]
    measured_at: datetime
    action_taken: NotRequired[str]


_beside = AtOnce(selectors.beside)


@joining
def record_reading(
    *,
    session: Session,
    values: ReadingFields,
    dosed_at: datetime | None,
    by: User,
    at: datetime,
    left_at: datetime | None = None,
    override_reason: str = "",
    beside: Beside | None = None,
) -> Reading:
    """Record vital signs, close the checks they answer, and open an alarm when a sign is amber or red.

    All that a device can show is kept at once and rings as it is; what is far from the last value is told in `unusual`.
    `dosed_at` is the first dose's time, None before it; `left_at` when the client was discharged: after it nothing is
    asked for any more, and nothing was measured. What is entered then, or after the session's own day, rings no more:
    it is one row to look through. Nothing is pre-filled and nothing is corrected. `beside`: read by who has the session
    locked.

    :raises NotPermitted: unless `by` is a nurse practitioner or prescriber
    :raises NotToday: for a time on another day than the session's
    :raises Invalid: for what no device shows, pressure or heart rate that is neither there nor said to be not
        obtainable, diastolic >= systolic, a time in the future, before check-in or after the discharge
    :raises NotCheckedIn: before the client has come
    """
    protocol, measured_at = session.program.protocol, values["measured_at"]
    require_day(
        session=session,
        moment=measured_at,
        roles=NURSES,
        what="Recording vital signs",
        override_reason=override_reason,
        by=by,
        at=at,
        field="measured_at",
    )
    if session.status not in CAME:
        raise NotCheckedIn("Check the client in first.", state=session.status)
    merge(
        [
            *measurable.reading_errors(values),
            *moment_errors(moment=measured_at, at=at, after=session.checked_in_at, field="measured_at"),
            *rules.gone_errors(measured_at, left_at=left_at),
        ]
    )
    standing, asked, rung = beside or Beside.of(*_beside(session_id=session.pk))
    reading = _reading_of(values, session=session, standing=standing, by=by, at=at)
    taken = (measured_at, selectors.vitals_of(reading))
    reading.bands = rules.bands_at(*taken, protocol.bands, others=standing, dosed_at=dosed_at)
    reading.phase = rules.phase_at(measured_at, dosed_at=dosed_at)
    reading.insert_by(by, at=at)
    live = rings_live(session, left_at=left_at, at=at)
    close_checks(reading, protocol, asked=asked, rung=rung, live=live, by=by, at=at)
    open_for_reading(reading, reading.bands, session=session, at=at, live=live, rung=rung)
    if any(moment > measured_at for moment, _ in standing):
        others = [*standing, taken]
        for row in selectors.standing_after(session_id=session.pk, moment=measured_at):
            # A late entry may be the first of "two readings 5 min apart".
            signs = selectors.vitals_of(row)
            found = rules.bands_at(row.measured_at, signs, protocol.bands, others=others, dosed_at=dosed_at)
            if rules.worst(found) == "red":
                open_for_reading(row, found, session=session, at=at, live=live, rung=rung)
    elif live and session.status != Session.Status.COMPLETED:
        ask_again(reading, protocol, by=by, at=at, asked=asked)
    return reading


def _reading_of(
    values: ReadingFields, *, session: Session, standing: rules.Earlier, by: User, at: datetime
) -> Reading:
    """The row, with what of it is unusual beside the readings before it."""
    fields = {name: value for name, value in values.items() if name not in {"confirm", "not_obtainable"}}
    missing = values.get("not_obtainable", [])
    row = Reading(session=session, recorded_at=max(at, values["measured_at"]), recorded_by=by, **fields)
    row.not_obtainable = [sign for sign in rules.NEEDED if sign in missing]
    if not values.get("confirm"):
        earlier = [old for old in standing if old[0] <= row.measured_at]
        plausible = session.program.protocol.limits["plausible"]
        row.unusual = measurable.unusual(values, earlier=earlier, plausible=plausible)
    return row


@transaction.atomic
def void_reading(*, reading: Reading, reason: str, by: User, at: datetime) -> ReadingVoid:
    """Say that a reading does not count: its check is open again, and a recheck that it had asked for is ended.

    :raises AlreadyVoid: the second time
    """
    transitions.require_role(by, NURSES, what="Voiding a reading")
    # The session first, as every writer of checks: two orders would be a deadlock.
    Session.objects.select_for_update(of=("self",)).get(pk=reading.session_id)
    try:
        with transaction.atomic():
            void = ReadingVoid(reading=reading, reason=reason).insert_by(by, at=at)
    except IntegrityError as exc:
        raise AlreadyVoid from exc
    mine = selectors.open_checks(session_id=reading.session_id).filter(after_reading=reading)
    for check in mine.select_for_update(of=("self",)):
        end_check(check, reason=rules.READING_VOIDED, by=by, at=at)
    for check in Check.objects.select_for_update().filter(reading=reading):
        ask_anew(check, by=by, at=at)
    return void
