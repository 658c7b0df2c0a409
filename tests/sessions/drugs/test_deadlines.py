"""Business days, federal holidays, the 45 days and the two years: by tables and by what must hold of every day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.drugs import rules
from sessions.drugs.rules import deadlines

DENVER = ZoneInfo("America/Denver")


def at(text: str) -> datetime:
    """A moment by Denver's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=DENVER)


@pytest.mark.parametrize(
    "day",
    [
        "2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19",
        "2026-07-03",  # the fourth is a Saturday
        "2026-09-07", "2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25",
        "2027-07-05",  # the fourth is a Sunday
        "2027-12-24", "2021-12-31",  # New Year's Day 2022 was a Saturday
        "2028-11-10", "2023-01-02",
    ],
)  # fmt: skip
def test_a_federal_holiday_is_no_business_day(day: str) -> None:
    assert deadlines.is_federal_holiday(date.fromisoformat(day))
    assert not deadlines.is_business_day(date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2026-07-06", "2026-11-27", "2026-12-24", "2026-05-18", "2027-01-04"])
def test_other_weekdays_are_business_days(day: str) -> None:
    assert deadlines.is_business_day(date.fromisoformat(day))


@given(year=st.integers(2021, 2199))
def test_a_year_has_ten_to_twelve_holidays_and_none_on_a_weekend(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    kept = [day for day in days if deadlines.is_federal_holiday(day)]
    assert 10 <= len(kept) <= 12
    assert all(day.weekday() < 5 for day in kept)


@pytest.mark.parametrize(
    ("found", "due"),
    [
        ("2026-05-04T09:00", "2026-05-05T09:00"),  # Monday
        ("2026-05-08T17:30", "2026-05-11T17:30"),  # Friday to Monday
        ("2026-05-09T10:00", "2026-05-11T10:00"),  # Saturday to Monday
        ("2026-05-22T12:00", "2026-05-26T12:00"),  # Friday before Memorial Day
        ("2026-11-25T08:00", "2026-11-27T08:00"),  # over Thanksgiving
        ("2026-12-31T23:59", "2027-01-04T23:59"),
        ("2026-03-06T02:30", "2026-03-09T02:30"),  # over the night on which clocks change
    ],
)
def test_notice_is_due_one_business_day_after_discovery_by_the_clinics_clock(found: str, due: str) -> None:
    got = deadlines.one_business_day_after(at(found).astimezone(UTC), zone=DENVER)
    assert got == at(due)


@given(days=st.integers(0, 24_000))
def test_notice_is_never_due_on_a_day_off_nor_before_the_discovery(days: int) -> None:
    found = datetime(2022, 1, 1, 21, 40, tzinfo=UTC) + timedelta(days=days, minutes=days)
    due = deadlines.one_business_day_after(found, zone=DENVER)
    assert deadlines.is_business_day(due.astimezone(DENVER).date())
    assert timedelta(hours=22) < due - found < timedelta(days=5, hours=2)


def test_form_106_is_due_45_days_after_discovery() -> None:
    assert deadlines.form_106_due_on(date(2026, 5, 4)) == date(2026, 6, 18)


@pytest.mark.parametrize(
    ("last", "due"),
    [("2024-02-29", "2026-02-28"), ("2026-05-04", "2028-05-04"), ("2026-02-28", "2028-02-28")],
)
def test_the_next_inventory_is_due_two_years_after_the_last(last: str, due: str) -> None:
    due_on = deadlines.next_inventory_on(date.fromisoformat(last))
    assert due_on == date.fromisoformat(due)
    assert deadlines.inventory_is_near(due_on, on=due_on - timedelta(days=30))
    assert not deadlines.inventory_is_near(due_on, on=due_on - timedelta(days=31))


HOURS = [{"weekday": day, "from": "08:00", "to": "20:00"} for day in range(6)]


@pytest.mark.parametrize(
    ("now", "closed", "day", "closing"),
    [
        ("2026-05-04T19:59", [], "2026-05-03", "2026-05-04T00:00"),  # Sunday has no hours
        ("2026-05-04T20:00", [], "2026-05-04", "2026-05-04T20:00"),
        ("2026-05-05T07:00", [], "2026-05-04", "2026-05-04T20:00"),
        (
            "2026-05-05T21:00",
            [date(2026, 5, 5)],
            "2026-05-04",
            "2026-05-04T20:00",
        ),  # a closed date ends at midnight
    ],
)
def test_a_day_closes_when_its_hours_end(now: str, closed: list[date], day: str, closing: str) -> None:
    found = rules.last_closed_day(HOURS, closed_dates=closed, zone=DENVER, at=at(now))
    assert found == (date.fromisoformat(day), at(closing))
