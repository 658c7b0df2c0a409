"""Pure arithmetic of the legal clocks: business days, federal holidays, the 45 days of Form 106, the two years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
FORM_106_DAYS = 45  # 21 CFR 1301.76(b), since 24 July 2023: 88 FR 40707
INVENTORY_YEARS = 2  # 21 CFR 1304.11(c)
INVENTORY_NOTICE = timedelta(days=30)
THURSDAY, SATURDAY, SUNDAY = 3, 5, 6


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    """The nth such weekday of the month, from 1."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _last_monday(year: int, month: int) -> date:
    last = date(year + month // 12, month % 12 + 1, 1) - DAY
    return last - timedelta(days=last.weekday())


def _named(year: int) -> Iterator[date]:
    """The legal public holidays of the United States, as 5 U.S.C. 6103(a) names them."""
    yield date(year, 1, 1)
    yield _nth(year, 1, 0, 3)  # Martin Luther King, Jr.
    yield _nth(year, 2, 0, 3)  # Washington
    yield _last_monday(year, 5)  # Memorial Day
    yield date(year, 6, 19)  # Juneteenth
    yield date(year, 7, 4)
    yield _nth(year, 9, 0, 1)  # Labor Day
    yield _nth(year, 10, 0, 2)  # Columbus
    yield date(year, 11, 11)  # Veterans Day
    yield _nth(year, 11, THURSDAY, 4)  # Thanksgiving
    yield date(year, 12, 25)


def _observed(day: date) -> date:
    """A Saturday's holiday is kept on the Friday before, a Sunday's on the Monday after (5 U.S.C. 6103(b))."""
    return day + {SATURDAY: -DAY, SUNDAY: DAY}.get(day.weekday(), timedelta(0))


def is_federal_holiday(day: date) -> bool:
    """Whether federal offices keep this day; New Year's Day may be kept on the last of December."""
    return day in {_observed(named) for year in (day.year, day.year + 1) for named in _named(year)}


def is_business_day(day: date) -> bool:
    """Neither Saturday, Sunday nor a federal holiday. A day on which only the clinic is closed counts."""
    return day.weekday() < SATURDAY and not is_federal_holiday(day)


def one_business_day_after(moment: datetime, *, zone: ZoneInfo) -> datetime:
    """The same time of day, by the clinic's clock, on the next business day: the strictest reading of "within one".

    What is found on a Friday is due on Monday at that hour.
    """
    local = moment.astimezone(zone)
    day = local.date() + DAY
    while not is_business_day(day):
        day += DAY
    return datetime.combine(day, local.time(), tzinfo=zone).astimezone(moment.tzinfo)


def form_106_due_on(discovered: date) -> date:
    return discovered + timedelta(days=FORM_106_DAYS)


def end_of_day(day: date, *, zone: ZoneInfo) -> datetime:
    """The first moment that is no longer this local day."""
    return datetime.combine(day + DAY, datetime.min.time(), tzinfo=zone)


def next_inventory_on(last: date) -> date:
    """The last day for the next inventory: two years on; of a 29 February, the 28th."""
    try:
        return last.replace(year=last.year + INVENTORY_YEARS)
    except ValueError:
        return last.replace(year=last.year + INVENTORY_YEARS, day=28)


def inventory_is_near(due_on: date, *, on: date) -> bool:
    """From 30 days before its last day on, somebody is told."""
    return on >= due_on - INVENTORY_NOTICE
