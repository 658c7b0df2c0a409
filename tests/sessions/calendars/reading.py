"""Calendars read twice: by icalendar, and by vobject, which builds its time zones from the file alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import vobject
from icalendar import Calendar
from rest_framework.test import APIClient

from programs.models import Program
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import Cast


@dataclass(frozen=True)
class Shown:
    """What one reader makes of an event."""

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    place: str
    status: str


def by_icalendar(content: bytes) -> list[Shown]:
    events = Calendar.from_ical(content).walk("VEVENT")
    return [
        Shown(
            str(event["uid"]),
            int(event["sequence"]),
            event.start.astimezone(UTC),
            event.end.astimezone(UTC),
            str(event["summary"]),
            str(event.get("location", "")),
            str(event["status"]),
        )
        for event in events
    ]


def by_vobject(content: bytes) -> list[Shown]:
    known = vars(vobject.icalendar)["__tzidMap"]  # global: forget the zones that an earlier file described
    for name in known.keys() - {"UTC"}:
        del known[name]
    calendar = vobject.readOne(content.decode())
    return [
        Shown(
            event.uid.value,
            int(event.sequence.value),
            event.dtstart.value.astimezone(UTC),
            event.dtend.value.astimezone(UTC),
            event.summary.value,
            event.location.value if hasattr(event, "location") else "",
            event.status.value,
        )
        for event in calendar.contents.get("vevent", [])
    ]


def feed(cast: Cast, who: str = "therapist", **body: Any) -> dict[str, Any]:
    return cast.desk(who).must("calendar-feeds/", body)


def fetch(url: str, **headers: Any) -> Any:
    """Whoever knows the address asks, signed in nowhere."""
    return APIClient().get(url, **headers)


def read(url: str) -> list[Shown]:
    """The events of a calendar, on which both readers must agree."""
    answer = fetch(url)
    assert answer.status_code == 200, answer.content
    first, second = by_icalendar(answer.content), by_vobject(answer.content)
    assert first == second
    return first


def booked(cast: Cast, program: Program, starts_at: datetime, *, hours: float = 1, **more: Any) -> Session:
    more.setdefault("ends_at", starts_at + timedelta(hours=hours))
    more.setdefault("override_reason", "As the client asked")
    kind = more.pop("kind", "preparation")
    return people.booked(cast, program, kind, starts_at, **more)


def shown(
    session: Session, *, place: str = "Aspen", summary: str = "Session", status: str = "CONFIRMED"
) -> Shown:
    session.refresh_from_db()
    uid = f"{session.pk}@kapclinic"
    return Shown(uid, session.version, session.starts_at, session.ends_at, summary, place, status)
