"""Questions to calendars."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from kapclinic.practice.models import Location, User
from kapclinic.practice.rules import token_digest
from sessions.booking.models import Allocation, Session
from sessions.calendars import rules
from sessions.calendars.models import CalendarFeed
from sessions.calendars.rules import Event


def live_feed(token: str) -> CalendarFeed | None:
    """The feed of a token, found by its digest, so that no comparison tells how much of a guess was right.

    None once it is revoked, its person (for a room: whoever made it) is no longer active or no longer at the room's
    location, or its room is closed.
    """
    found = CalendarFeed.objects.filter(digest=token_digest(token), state=CalendarFeed.State.LIVE)
    active = User.objects.filter(is_active=True).values("pk")
    there = User.objects.filter(
        pk=OuterRef("created_by"), is_active=True, locations__contains=[OuterRef("room__location")]
    )
    in_use = Q(user__in=active) | (Q(room__is_active=True) & Exists(there))
    feed: CalendarFeed | None = found.filter(in_use).select_related("user", "room__location").first()
    return feed


def events_of(feed: CalendarFeed, *, at: datetime) -> list[Event]:
    """Every session that holds, or once held, the feed's person or room in the window; earliest first."""
    start, stop = rules.window(at)
    held = Allocation.objects.filter(
        resource=feed.resource,
        session__isnull=False,
        starts_at__lt=stop,
        ends_at__gt=start,
    )
    sessions = list(
        Session.objects.filter(pk__in=held.values("session"))
        .select_related("location", "room")
        .order_by("starts_at", "pk")
    )
    gone = _last_rows(feed, [session for session in sessions if not rules.is_there(feed, session)])
    return [rules.event_of(feed, session, was=gone.get(session.pk)) for session in sessions]


# Any: rows of the history, which simple-history gives no types
def _last_rows(feed: CalendarFeed, sessions: list[Session]) -> dict[UUID, Any]:
    """The last state of each session that still had the feed's person or room."""
    if not sessions:
        return {}
    had = Q(room_id=feed.room_id) if feed.room_id else Q(staff__contains=[{"user": str(feed.user_id)}])
    rows = Session.history.filter(had, id__in=[session.pk for session in sessions])
    return {row.id: row for row in rows.order_by("id", "-version").distinct("id")}


def zones_of(feed: CalendarFeed, events: list[Event]) -> list[str]:
    """Time zones that the calendar names: those of its events and of the feed's places."""
    if feed.room is not None:
        places = {feed.room.location.time_zone}
    else:
        homes = Location.objects.filter(pk__in=list(feed.user.locations if feed.user else ()))
        places = set(homes.values_list("time_zone", flat=True))
    return sorted(places | {event.time_zone for event in events})
