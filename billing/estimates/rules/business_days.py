"""Business days: Monday to Friday without the federal holidays (5 U.S.C. 6103(a)), and when an estimate is due by them.

A holiday on a Saturday is kept on the Friday before it, one on a Sunday on the Monday after it (5 U.S.C. 6103(b),
Executive Order 11582). 45 CFR 149.610 leaves "business day" open; days on which the mail does not go count for nobody.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

DAY = timedelta(days=1)
MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6

ON_A_DATE = (  # month, day
    (1, 1),  # New Year's Day
    (6, 19),  # Juneteenth
    (7, 4),  # Independence Day
    (11, 11),  # Veterans Day
    (12, 25),  # Christmas Day
)
ON_A_WEEKDAY = (  # month, weekday, which of the month (-1: the last)
    (1, MONDAY, 3),  # Birthday of Martin Luther King, Jr.
    (2, MONDAY, 3),  # Washington's Birthday
    (5, MONDAY, -1),  # Memorial Day
    (9, MONDAY, 1),  # Labor Day
    (10, MONDAY, 2),  # Columbus Day
    (11, THURSDAY, 4),  # Thanksgiving Day
)

# 45 CFR 149.610(b)(1): (business days ahead, business days in which the estimate is due), the longest notice first.
SCHEDULED = ((10, 3), (3, 1))
REQUESTED = 3


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    if nth > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
    last = date(year, month + 1, 1) - DAY
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _kept(day: date) -> date:
    return {SATURDAY: day - DAY, SUNDAY: day + DAY}.get(day.weekday(), day)


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """The days on which a year's federal holidays are kept; New Year's Day may be the last of the year before."""
    fixed = {_kept(date(year, month, day)) for month, day in ON_A_DATE}
    return frozenset(fixed | {_nth(year, month, weekday, nth) for month, weekday, nth in ON_A_WEEKDAY})


def is_business_day(day: date) -> bool:
    kept = day in holidays(day.year) or day in holidays(day.year + 1)
    return day.weekday() < SATURDAY and not kept


def business_day_after(day: date, count: int) -> date:
    """The `count`th business day after `day`, which itself never counts."""
    while count > 0:
        day += DAY
        count -= is_business_day(day)
    return day


def business_day_before(day: date) -> date:
    """The last business day before `day`."""
    day -= DAY
    while not is_business_day(day):
        day -= DAY
    return day


def business_days_ahead(day: date, until: date, *, most: int) -> int:
    """How many business days `day` lies before `until`: from `day` to the day before that. Counted to `most`."""
    count = 0
    while day < until and count < most:
        count += is_business_day(day)
        day += DAY
    return count


def due_when_requested(requested_on: date) -> date:
    """Not later than 3 business days after the date of the request (45 CFR 149.610(b)(1)(vi))."""
    return business_day_after(requested_on, REQUESTED)


def due_when_scheduled(scheduled_on: date, service_on: date) -> date | None:
    """3 business days after something was scheduled 10 or more ahead, 1 after it was scheduled 3 to 9 ahead; None when
    it was scheduled later than that, and none is owed (45 CFR 149.610(b)(1)(vi)).
    """
    ahead = business_days_ahead(scheduled_on, service_on, most=SCHEDULED[0][0])
    return next((business_day_after(scheduled_on, days) for least, days in SCHEDULED if ahead >= least), None)


def due_when_changed(changed_on: date, service_on: date) -> date | None:
    """The last business day before the service: a new estimate comes 1 business day ahead of it. None when the change
    came later than that: who renders it then takes the old estimate as their own (45 CFR 149.610(b)(1)).
    """
    last = business_day_before(service_on)
    return last if changed_on <= last else None
