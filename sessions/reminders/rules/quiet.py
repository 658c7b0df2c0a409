"""Quiet hours: wall-clock time where the client lives, half-open, on days whose clock changes as on all others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sessions.reminders.models import ReminderPlan

BEFORE_QUIET = timedelta(minutes=30)  # room for a few tries before the quiet hours begin
LONGEST_QUIET = timedelta(hours=16)
DAY, SECOND, INSTANT = timedelta(days=1), timedelta(seconds=1), timedelta(microseconds=1)


def is_quiet(moment: datetime, zone: ZoneInfo, plan: ReminderPlan) -> bool:
    """Does the client's clock show a quiet hour?"""
    begin, end, now = plan.quiet_from, plan.quiet_to, moment.astimezone(zone).time()
    return begin <= now < end if begin <= end else now >= begin or now < end


def _turn(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """When between two moments of unlike offset the clock is changed, to the second."""
    before = low.astimezone(zone).utcoffset()
    while high - low > SECOND:
        middle = low + (high - low) // 2 // SECOND * SECOND
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    return high


def _edges(moment: datetime, zone: ZoneInfo, plan: ReminderPlan) -> list[datetime]:
    """All moments near `moment` at which quiet hours can begin or end: the clock shows their begin or end, of a
    repeated hour both times, or is changed. Some of an hour that is left out are none; they do no harm.
    """
    day = moment.astimezone(zone).date()
    found = {
        datetime.combine(day + n * DAY, clock, tzinfo=zone).replace(fold=fold).astimezone(UTC)
        for n in (-1, 0, 1)
        for clock in (plan.quiet_from, plan.quiet_to)
        for fold in (0, 1)
    }
    low, high = moment.astimezone(UTC).replace(microsecond=0) - DAY, moment.astimezone(UTC) + DAY
    if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
        found.add(_turn(zone, low, high))
    return sorted(found)


def period(moment: datetime, zone: ZoneInfo, plan: ReminderPlan) -> tuple[datetime, datetime] | None:
    """From when to when the quiet hours last that `moment` lies in; None when it lies in none."""
    if not is_quiet(moment, zone, plan):
        return None
    edges = _edges(moment, zone, plan)
    begins = [
        edge
        for edge in edges
        if edge <= moment and is_quiet(edge, zone, plan) and not is_quiet(edge - INSTANT, zone, plan)
    ]
    return begins[-1], next(edge for edge in edges if edge > moment and not is_quiet(edge, zone, plan))


def quiet_until(moment: datetime, zone: ZoneInfo, plan: ReminderPlan) -> datetime | None:
    """The first moment after the quiet hours that hold at `moment`; None when none hold."""
    found = period(moment, zone, plan)
    return None if found is None else found[1]


def leaves_at(planned: datetime, starts_at: datetime, zone: ZoneInfo, plan: ReminderPlan) -> datetime:
    """`planned`, or after the quiet hours that it fell into if that is before the session, else before them."""
    found = period(planned, zone, plan)
    if found is None:
        return planned
    begin, end = found
    if end < starts_at:
        return end
    leaves = begin - BEFORE_QUIET
    while earlier := period(leaves, zone, plan):  # a repeated hour may leave less than that between two
        leaves = earlier[0] - BEFORE_QUIET
    return leaves
