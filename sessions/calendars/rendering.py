"""Events as iCalendar (RFC 5545), the same bytes for the same events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar
from icalendar import Event as Component

from sessions.calendars.rules import Event
from sessions.calendars.rules.zones import vtimezone

REFRESH = timedelta(minutes=15)


def render(events: Sequence[Event], *, zones: Iterable[str], at: datetime) -> bytes:
    """A published calendar with the events and every zone that they name."""
    calendar = Calendar()
    calendar.add("prodid", "-//kapclinic//sessions//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-wr-calname", "Sessions")
    years = {at.year, *(moment.year for event in events for moment in (event.starts_at, event.ends_at))}
    for zone in zones:
        calendar.add_component(vtimezone(zone, min(years) - 1, max(years) + 1))
    for event in events:
        calendar.add_component(_component(event))
    return bytes(calendar.to_ical())


def _component(event: Event) -> Component:
    starts_at, ends_at = _local(event)
    component = Component()
    component.add("uid", event.uid)
    component.add("sequence", event.sequence)
    component.add("dtstamp", event.changed_at)
    component.add("last-modified", event.changed_at)
    component.add("dtstart", starts_at)
    component.add("dtend", ends_at)
    component.add("summary", event.summary)
    if event.place:
        component.add("location", event.place)
    component.add("status", event.status)
    component.add("class", "PRIVATE")
    return component


def _local(event: Event) -> tuple[datetime, datetime]:
    """Both ends in the location's time, or in UTC when one lies in the hour that the clock shows a second time:
    local time can only name the first (RFC 5545 3.3.5)."""
    zone = ZoneInfo(event.time_zone)
    local = event.starts_at.astimezone(zone), event.ends_at.astimezone(zone)
    if any(moment.fold for moment in local):
        return event.starts_at.astimezone(UTC), event.ends_at.astimezone(UTC)
    return local
