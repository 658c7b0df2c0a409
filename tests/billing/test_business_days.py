"""When an estimate is due: against the published federal holidays, a plain calendar, and the table of the rule."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, timedelta

import pytest

from billing.estimates.rules import business_days as days

# As the Office of Personnel Management publishes them, each on the day on which it is kept.
PUBLISHED = {
    2026: "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
    2027: "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",  # New Year's Day of 2028
    2028: "01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25",
}
CLOSED = {date.fromisoformat(f"{year}-{day}") for year, text in PUBLISHED.items() for day in text.split()}
TWO_YEARS = [date(2026, 1, 1) + timedelta(days=n) for n in range(730)]
OPEN = [
    day
    for day in (date(2026, 1, 1) + timedelta(days=n) for n in range(1096))
    if day.isoweekday() < 6 and day not in CLOSED
]


def after(day: date, count: int) -> date:
    """By looking it up in the list of open days."""
    return OPEN[bisect_right(OPEN, day) + count - 1]


def ahead(day: date, until: date) -> int:
    return bisect_left(OPEN, until) - bisect_left(OPEN, day)


def test_two_years_of_business_days_are_the_published_ones() -> None:
    assert [day for day in TWO_YEARS if days.is_business_day(day)] == [day for day in OPEN if day.year < 2028]
    assert not days.is_business_day(date(2021, 12, 31))  # New Year's Day of 2022 was a Saturday
    assert not days.is_business_day(date(2023, 1, 2))


def test_what_is_asked_for_is_due_three_business_days_later() -> None:
    assert [days.due_when_requested(day) for day in TWO_YEARS] == [after(day, 3) for day in TWO_YEARS]


def test_what_is_scheduled_is_due_by_its_notice_on_every_day_of_two_years() -> None:
    for day in TWO_YEARS:
        for notice in range(25):
            service_on = day + timedelta(days=notice)
            count = ahead(day, service_on)
            expected = after(day, 3) if count >= 10 else after(day, 1) if count >= 3 else None
            assert days.due_when_scheduled(day, service_on) == expected, (day, service_on)
            last = OPEN[bisect_left(OPEN, service_on) - 1] if service_on > OPEN[0] else date(2025, 12, 31)
            assert days.due_when_changed(day, service_on) == (last if day <= last else None), (
                day,
                service_on,
            )


@pytest.mark.parametrize(
    ("scheduled", "service", "due"),
    [
        ("2026-11-20", "2026-12-01", "2026-11-23"),  # 6 ahead: Thanksgiving lies between
        ("2026-11-20", "2026-12-07", "2026-11-25"),  # 10 ahead
        ("2026-11-20", "2026-12-04", "2026-11-23"),  # 9 ahead
        ("2026-11-20", "2026-11-25", "2026-11-23"),  # 3 ahead
        ("2026-11-20", "2026-11-24", None),  # 2 ahead
        ("2026-11-21", "2026-11-25", None),  # a Saturday is no day of notice
        ("2026-12-24", "2026-12-30", "2026-12-28"),  # 24, 28 and 29; Christmas is none
        ("2026-11-20", "2026-11-20", None),
    ],
)
def test_the_table_of_the_rule(scheduled: str, service: str, due: str | None) -> None:
    found = days.due_when_scheduled(date.fromisoformat(scheduled), date.fromisoformat(service))
    assert found == (date.fromisoformat(due) if due else None)


def test_what_was_asked_for_on_a_weekend_counts_from_monday() -> None:
    assert [days.due_when_requested(date(2026, 11, day)).isoformat() for day in (20, 21, 22, 23, 25)] == [
        "2026-11-25",
        "2026-11-25",
        "2026-11-25",
        "2026-11-27",
        "2026-12-01",
    ]
