"""How the list of sessions is narrowed: to a day of each location, and to somebody who is on the staff."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from kapclinic.core.http.params import Param
from kapclinic.practice.selectors import LocalMidnight, MidnightAnywhere
from sessions.booking.models import Session
from sessions.booking.rules import LONGEST
from sessions.visits.selectors.sessions import seats_of, was_seldom_there

SHORT = {"date", "client", "program"}  # each leaves few sessions by itself


def on_date(queryset: QuerySet[Session], value: Any, user: Any) -> QuerySet[Session]:
    """Sessions that reach into this date, each location in its own zone: ranges of starts that an index serves."""
    begin, end = (
        LocalMidnight(value, "location__time_zone"),
        LocalMidnight(value, "location__time_zone", after=1),
    )
    about = queryset.filter(
        starts_at__gte=MidnightAnywhere(value) - LONGEST,
        starts_at__lt=MidnightAnywhere(value, after=1, last=True),
    )
    return about.filter(starts_at__gte=begin - LONGEST, starts_at__lt=end, ends_at__gt=begin)


def with_staff(queryset: QuerySet[Session], value: UUID, user: Any) -> QuerySet[Session]:
    return queryset.filter(staff__contains=[{"user": str(value)}])


def _in_seats(queryset: QuerySet[Session], value: UUID, user: Any) -> QuerySet[Session]:
    return queryset.filter(pk__in=seats_of(value).values("session"))


SEATS = Param("seats", "uuid", _in_seats)


def hinted(values: dict[str, Any], source: str) -> dict[str, Any]:
    """Somebody who was in few sessions is found by their seats; for all others a walk through the book is over sooner.
    A day, a client or a course is found by its own index.
    """
    who = values.get("staff")
    if who is None or values.keys() & SHORT or not was_seldom_there(who, source):
        return values
    return values | {SEATS.name: who}
