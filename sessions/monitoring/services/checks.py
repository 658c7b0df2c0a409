"""Checks: planned with the dose, extended, answered, skipped, asked for again, and swept by the clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.asking import AtOnce
from kapclinic.core.audited import change_all_by
from kapclinic.core.errors import IllegalTransition
from kapclinic.core.rows import in_batches
from kapclinic.practice.models import SYSTEM, User
from programs import policy
from programs.models import Protocol
from sessions.booking.models import Session
from sessions.booking.rules.days import roles_at
from sessions.booking.services import require_day
from sessions.monitoring import rules, selectors
from sessions.monitoring.models import Check, Reading
from sessions.monitoring.rules.late import asked_afterwards, rings_live
from sessions.monitoring.services.alarms import (
    Planned,
    Rung,
    open_for_check,
    open_for_checks,
    open_for_reading,
)

BATCH = 50  # as many sessions are held at once, for some hundredths of a second


def _protocol(session: Session) -> Protocol:
    return session.program.protocol


_planned = AtOnce(selectors.planned)


def start_checks(
    *,
    session: Session,
    dosed_at: datetime,
    by: User,
    at: datetime,
    rems: bool = False,
    left_at: datetime | None = None,
    beside: Planned | None = None,
) -> list[Check]:
    """Plan the protocol's checks from the first dose; the pre-dose reading already answers the one at minute 0.

    `rems`: the drug is esketamine, whose checks the label fixes whatever the protocol says (policy.REMS_CHECKS). Checks
    that only a voided dose had asked for are ended. Readings since `dosed_at` that were written down before the dose
    open their alarms and answer these checks now. `left_at`: when the client was discharged, if they were. `beside`
    (`selectors.planned`): read by who has the session locked.
    """
    known = beside or Planned.of(*_planned(session_id=session.pk))
    slots = rules.schedule(
        dosed_at=dosed_at,
        checks_min=_protocol(session).checks_min,
        fixed=policy.REMS_CHECKS if rems else None,
    )
    baseline = next((row for row in reversed(known.standing) if row.measured_at <= dosed_at), None)
    before = _scheduled(known.checks)
    _end({moment: check for moment, check in before.items() if check.ended_at is None}, slots, by=by, at=at)
    checks = []
    for kind, minute, moment in slots:
        check = before.get(moment) or Check(session=session, planned_at=moment)
        check.kind, check.minute = kind, minute
        rules.ask(check)  # a voided dose that is entered again at the same time asks again
        if minute == 0 and baseline is not None:
            check.state, check.reading = Check.State.DONE, baseline
        checks.append(check.save_by(by, at=at))
    live = rings_live(session, left_at=left_at, at=at)
    _catch_up(session, checks, known, dosed_at=dosed_at, live=live, by=by, at=at)
    return checks


def _end(
    asked: Mapping[datetime, Check], slots: Sequence[tuple[str, int, datetime]], *, by: User, at: datetime
) -> None:
    kept = {moment for _, _, moment in slots}
    for moment, check in asked.items():
        if moment not in kept:
            end_check(check, reason=rules.DOSE_VOIDED, by=by, at=at)


def _catch_up(
    session: Session,
    checks: list[Check],
    known: Planned,
    *,
    dosed_at: datetime,
    live: bool,
    by: User,
    at: datetime,
) -> None:
    """Let readings taken after a dose, but entered before it, open their alarms and answer its checks (R14)."""
    protocol = _protocol(session)
    tolerance = protocol.limits["reading_tolerance_min"]
    since = selectors.readings_after(session=session, dosed_at=dosed_at, standing=known.standing)
    for reading in since:
        open_for_reading(reading, reading.bands, session=session, at=at, live=live, rung=known.rung)
        for check in rules.closed_by(reading.measured_at, checks, tolerance_min=tolerance):
            _answer(check, reading, session, live=live, rung=known.rung, by=by, at=at)
    if since and live and session.status != Session.Status.COMPLETED:
        asked = [check for check in known.checks if check.ended_at is None]
        ask_again(since[-1], protocol, by=by, at=at, asked=asked)


def _by_moment(session: Session) -> dict[datetime, Check]:
    """The session's scheduled checks, locked, also those that were ended."""
    return _scheduled(Check.objects.select_for_update().filter(session=session))


def _scheduled(checks: Iterable[Check]) -> dict[datetime, Check]:
    return {check.planned_at: check for check in checks if check.kind != Check.Kind.RECHECK}


def extend_checks(
    *,
    session: Session,
    dosed_at: datetime,
    booster_at: datetime,
    by: User,
    at: datetime,
    beside: Planned | None = None,
) -> list[Check]:
    """Ask for more checks after a booster, as `rules.extended` says; `dosed_at` is the first dose's time.

    `beside` is as `start_checks` takes it.

    Esketamine has no booster in this sense: its two hours count from the first device (label), so nobody calls this.
    """
    protocol = _protocol(session)
    rows = _by_moment(session) if beside is None else _scheduled(beside.checks)
    slots = rules.extended(
        booster_at=booster_at,
        dosed_at=dosed_at,
        checks_min=protocol.checks_min,
        asked=[moment for moment, check in rows.items() if check.ended_at is None],
        tolerance_min=protocol.limits["reading_tolerance_min"],
    )
    found = []
    for minute, moment in slots:
        check = rows.get(moment) or Check(session=session, minute=minute, planned_at=moment)
        check.minute = minute
        rules.ask(check)
        found.append(check.save_by(by, at=at))
    return found


def plan_after_end(*, session: Session, ended_at: datetime, by: User, at: datetime) -> list[Check]:
    """An infusion has ended: ask for vital signs at its end and then until the stay is over (clinical policy 3.3).

    Checks that lie inside the infusion stay; those behind it give way to the ones counted from its end, apart from
    overdue ones with no new one near. A reading within the tolerance of a new check has answered it already. Without a
    route that has an end (`limits.after_end`), or without a dose, nothing is planned.
    """
    protocol, rows = _protocol(session), _by_moment(session)
    after = protocol.limits.get("after_end") or policy.limits_of(protocol.route).get("after_end")
    first = min((row for row in rows.values() if row.ended_at is None), key=rules.moment_of, default=None)
    if after is None or first is None:
        return []
    assert first.minute is not None
    dosed_at = first.planned_at - timedelta(minutes=first.minute)
    slots = rules.after_end(dosed_at=dosed_at, ended_at=ended_at, **after)
    tolerance = protocol.limits["reading_tolerance_min"]
    missed = protocol.limits["missed_after_min"]
    for check in rows.values():
        if check.planned_at > ended_at and rules.gives_way(
            check, [moment for _, moment in slots], at=at, tolerance_min=tolerance, missed_min=missed
        ):
            end_check(check, reason=rules.AFTER_END, by=by, at=at)
    return [_after_end(session, slot, rows.get(slot[1]), by=by, at=at) for slot in slots]


def _after_end(session: Session, slot: rules.Slot, check: Check | None, *, by: User, at: datetime) -> Check:
    minute, moment = slot
    if check is None:
        check = Check(session=session, kind=Check.Kind.AFTER_END, minute=minute, planned_at=moment)
    elif check.ended_at is None:
        return check
    check.minute = minute
    rules.ask(check)
    protocol = _protocol(session)
    tolerance = timedelta(minutes=protocol.limits["reading_tolerance_min"])
    taken = selectors.standing_readings(session_id=session.pk).filter(
        measured_at__range=(moment - tolerance, moment + tolerance)
    )
    nearest = min(taken, key=lambda row: abs(row.measured_at - moment), default=None)
    if nearest is not None and check.reading_id is None:
        check.state, check.reading = Check.State.DONE, nearest
    return check.save_by(by, at=at)


def end_checks(
    *, session: Session, by: User, at: datetime, left_at: datetime | None = None, rings: bool = True
) -> None:
    """The client left at `left_at`, or the dose was voided: nothing is asked for any more.

    A check that was overdue when the client left opens its alarm, also when no sweep has seen it yet (R14); for one
    that is asked for only after that, `rings` is False, and it is a row to look through. The others are marked as not
    taken.
    """
    reason = rules.DISCHARGED if left_at is not None else rules.DOSE_VOIDED
    for check in selectors.open_checks(session_id=session.pk).select_for_update(of=("self",)):
        if left_at is not None and check.state == Check.State.DUE:
            check.state = _state_at(check, _protocol(session), at=left_at)
            live = rings and rings_live(session, left_at=None, at=at)
            open_for_check(check, check.state, session=session, at=at, live=live)
        end_check(check, reason=reason, by=by, at=at)


def end_check(check: Check, *, reason: str, by: User, at: datetime) -> None:
    """Ask for this check no more; one that was not overdue yet is marked as not taken."""
    if check.state == Check.State.DUE and check.reading_id is None:
        check.state, check.reason = Check.State.NOT_TAKEN, reason
    check.ended_at = at
    check.save_by(by, at=at)


@transaction.atomic
def skip_check(
    *, check_id: UUID, reason: str, moment: datetime, by: User, at: datetime, override_reason: str = ""
) -> Check:
    """Say that a check was not taken, and why; `moment` is when it was let go.

    One that was overdue by then opens its alarm, also when no sweep has seen it yet (R14).

    :raises NotToday: for a time on another day than the session's
    :raises Invalid: for a time in the future
    :raises IllegalTransition: when it was read already
    """
    not_taken = rules.CHECK_MOVES["not_taken"]
    session = Session.objects.select_related("program__protocol").get(checks=check_id)
    require_day(
        session=session,
        moment=moment,
        roles=not_taken.roles,
        what="Saying that a check was not taken",
        override_reason=override_reason,
        by=by,
        at=at,
    )
    check: Check = Check.objects.select_for_update().get(pk=check_id)
    roles = roles_at(not_taken.roles, session, moment=moment, at=at)
    moves = {"not_taken": replace(not_taken, roles=roles)}
    transitions.apply(moves, "not_taken", instance=check, by=by, field="state")
    if check.reading_id is not None:
        raise IllegalTransition("This check has a reading.", state=check.state)
    late = _state_at(check, _protocol(session), at=moment)
    live = rings_live(session, left_at=None, at=at)
    open_for_check(check, late, session=session, at=at, live=live)
    check.reason = reason
    return check.save_by(by, at=at)


# --- readings answer them ------------------------------------------------------------------------------------------


def close_checks(
    reading: Reading,
    protocol: Protocol,
    *,
    asked: Sequence[Check],
    rung: Rung,
    live: bool,
    by: User,
    at: datetime,
) -> None:
    """Answer the planned checks that this reading is for, and the recheck that waits for the next reading.

    `asked` are the session's checks, locked (`selectors.beside`).
    """
    tolerance = protocol.limits["reading_tolerance_min"]
    scheduled = [check for check in asked if check.kind != Check.Kind.RECHECK]
    answered = rules.closed_by(reading.measured_at, scheduled, tolerance_min=tolerance)
    answered += [check for check in asked if rules.waits_for(check, reading.measured_at)]
    for check in answered:
        _answer(check, reading, reading.session, live=live, rung=rung, by=by, at=at)


def _answer(
    check: Check,
    reading: Reading,
    session: Session,
    *,
    live: bool,
    by: User,
    at: datetime,
    rung: Rung | None = None,
) -> None:
    """Close a check; one that is read too late opens its alarm, whether the sweep has seen it or not (R14)."""
    protocol = _protocol(session)
    tolerance = protocol.limits["reading_tolerance_min"]
    check.state = rules.state_when_read(check, reading.measured_at, tolerance_min=tolerance)
    check.reading = reading
    check.save_by(by, at=at)
    state = _state_at(check, protocol, at=reading.measured_at)
    open_for_check(check, state, session=session, at=at, live=live, rung=rung)


def _state_at(check: Check, protocol: Protocol, *, at: datetime) -> str:
    """What an unread check was at `at`."""
    return _unread(check.planned_at, protocol.limits, at=at)


def _unread(planned_at: datetime, limits: Mapping[str, int], *, at: datetime) -> str:
    return rules.state_unread(
        planned_at,
        at=at,
        tolerance_min=limits["reading_tolerance_min"],
        missed_min=limits["missed_after_min"],
    )


def ask_again(
    reading: Reading, protocol: Protocol, *, by: User, at: datetime, asked: Sequence[Check] | None = None
) -> None:
    """An amber or red reading asks for a repeat; the next reading answers it. One repeat is open at a time.

    `asked` are the session's checks as they stand, where the caller has them locked.
    """
    if not rules.asks_again(reading.phase, reading.bands):
        return
    known = selectors.open_checks(session_id=reading.session_id) if asked is None else asked
    if any(check.kind == Check.Kind.RECHECK and rules.is_open(check) for check in known):
        return
    due_at = rules.recheck_at(reading.measured_at, at=at, recheck_min=protocol.bands["bp"]["recheck_min"])
    Check(
        session_id=reading.session_id, kind=Check.Kind.RECHECK, after_reading=reading, planned_at=due_at
    ).save_by(by, at=at)


def ask_anew(check: Check, *, by: User, at: datetime) -> None:
    """Open a check again whose reading was voided. The next standing reading, if any, answers a recheck."""
    check.reading, check.state = None, Check.State.DUE
    if check.after_reading is not None:
        standing = selectors.standing_readings(session_id=check.session_id)
        following = standing.filter(measured_at__gt=check.after_reading.measured_at).first()
        if following is not None:
            live = rings_live(check.session, left_at=None, at=at)
            _answer(check, following, check.session, live=live, by=by, at=at)
            return
        others = selectors.open_checks(session_id=check.session_id).exclude(pk=check.pk)
        if others.filter(kind=Check.Kind.RECHECK).exists():
            check.ended_at = at
    check.save_by(by, at=at)


# --- the clock ----------------------------------------------------------------------------------------------------


def sweep_checks(*, at: datetime) -> int:
    """Mark overdue checks late or missed and open an alarm for each, by the server's clock."""
    waiting = selectors.overdue(at=at).order_by("planned_at", "pk")
    rows = waiting.values_list("pk", "state", "planned_at", "session__program__protocol__limits")
    due = [pk for pk, state, *row in rows if _unread(*row, at=at) != state]
    return in_batches(due, partial(_mark, at=at), size=BATCH)


def _mark(check_ids: Sequence[UUID], *, at: datetime) -> int:
    """Lock the sessions first, as every writer of checks does: an alarm refers to one, and two orders could deadlock.

    A session that somebody writes to at this moment is left to the next sweep.
    """
    asked = Check.objects.filter(pk__in=check_ids).values("session")
    free = Session.objects.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("pk")
    sessions = {row.pk: row for row in free.select_related("program__protocol").filter(pk__in=asked)}
    found = selectors.overdue(at=at).filter(pk__in=check_ids, session__in=list(sessions)).select_for_update()
    turned: dict[str, list[Check]] = defaultdict(list)
    silent: set[UUID] = set()  # checks whose session is over, so that nothing rings
    for check in found.order_by("planned_at", "pk"):
        check.session = sessions[check.session_id]
        state = _state_at(check, _protocol(check.session), at=at)
        if state != check.state:
            turned[state].append(check)
            if not rings_live(check.session, left_at=None, at=at) and asked_afterwards(check):
                silent.add(check.pk)
    for state, checks in turned.items():
        change_all_by(checks, {"state": state}, SYSTEM, at=at)
    marked = [check for checks in turned.values() for check in checks]
    open_for_checks(marked, silent=silent, at=at)
    return len(marked)
