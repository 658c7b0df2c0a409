"""How moments are written, and when a moment that somebody states is refused."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kapclinic.core.errors import FieldError


def utc_text(moment: datetime) -> str:
    """The moment in UTC, written with `Z`: as answers, evidence and kept rows have it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def begin_of(value: date | datetime, zone: ZoneInfo, *, days: int = 0) -> datetime:
    """A moment as it is, or the midnight in `zone` that a date begins with (`days` later)."""
    if isinstance(value, datetime):
        return value
    return datetime.combine(value + timedelta(days=days), time.min, tzinfo=zone)


def year_later(day: date) -> date:
    """The same day of the next year; 28 February after a 29th."""
    last = calendar.monthrange(day.year + 1, day.month)[1]
    return date(day.year + 1, day.month, min(day.day, last))


def as_stated(moment: datetime) -> datetime:
    """People state seconds or minutes: a moment that the server stamped to the microsecond is cut to its minute."""
    return moment.replace(second=0, microsecond=0) if moment.microsecond else moment


def moment_errors(
    *, moment: datetime, at: datetime, after: datetime | None, field: str = "at"
) -> list[FieldError]:
    """One error when a stated moment lies in the future, or before `after`.

    A reading in the minute of the check-in is not refused (`as_stated`).
    """
    if moment > at + timedelta(minutes=1):
        return [FieldError(f"/{field}", "in_the_future", "This time has not come yet.")]
    after = None if after is None else as_stated(after)
    if after is not None and moment < after:
        return [FieldError(f"/{field}", "too_early", f"This can't be before {after.isoformat()}.")]
    return []
