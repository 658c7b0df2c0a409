"""VTIMEZONE from the IANA rules that Python knows, with every change of the clock in the years that are shown.

Each onset stands in the local time that it ends (RFC 5545 3.6.5); icalendar's own generator writes the time that it
begins, an hour late in spring.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Observance:
    """What the clock shows from an onset on."""

    is_daylight: bool
    before: timedelta
    after: timedelta
    name: str


def _shown(zone: ZoneInfo, moment: datetime) -> tuple[timedelta, bool, str]:
    local = moment.astimezone(zone)
    return local.utcoffset() or timedelta(0), bool(local.dst()), local.tzname() or ""


def _change_between(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The second of the one change between `low` and `high`."""
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // timedelta(seconds=2) * timedelta(seconds=1)
        low, high = (middle, high) if _shown(zone, middle) == _shown(zone, low) else (low, middle)
    return high


def _onsets(zone: ZoneInfo, first_year: int, last_year: int) -> Iterator[tuple[Observance, datetime]]:
    """(what begins, when in the local time that ends), the state at the start first."""
    moment, stop = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    offset, daylight, name = _shown(zone, moment)
    yield Observance(daylight, offset, offset, name), datetime(first_year, 1, 1)  # noqa: DTZ001  (local time)
    while moment < stop:
        following = moment + DAY
        if _shown(zone, moment) != _shown(zone, following):
            change = _change_between(zone, moment, following)
            before = _shown(zone, moment)[0]
            after, daylight, name = _shown(zone, change)
            yield Observance(daylight, before, after, name), change.replace(tzinfo=None) + before
        moment = following


@lru_cache(maxsize=64)
def vtimezone(name: str, first_year: int, last_year: int) -> Timezone:
    """The zone's component, right from the start of `first_year` to the end of `last_year`."""
    groups: dict[Observance, list[datetime]] = {}
    for observance, onset in _onsets(ZoneInfo(name), first_year, last_year):
        groups.setdefault(observance, []).append(onset)
    component = Timezone()
    component.add("tzid", name)
    for observance, onsets in groups.items():
        part = TimezoneDaylight() if observance.is_daylight else TimezoneStandard()
        part.add("dtstart", onsets[0])
        for onset in onsets[1:]:
            part.add("rdate", onset)
        part.add("tzoffsetfrom", observance.before)
        part.add("tzoffsetto", observance.after)
        part.add("tzname", observance.name)
        component.add_component(part)
    return component
