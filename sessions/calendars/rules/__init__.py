"""Pure rules of calendars: a feed's moves, its window, and what it shows of a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kapclinic.core.transitions import Move
from kapclinic.practice.rules import EVERYONE
from sessions.booking.models import Session
from sessions.calendars.models import CalendarFeed

FEED_MOVES = {
    "revoke": Move.of({CalendarFeed.State.LIVE}, CalendarFeed.State.REVOKED, EVERYONE),
}
BACK, AHEAD = timedelta(days=7), timedelta(days=60)
CALLED_OFF = frozenset({Session.Status.CANCELLED, Session.Status.NO_SHOW})


@dataclass(frozen=True)
class Event:
    """All that a calendar shows: no name and no kind. `sequence` rises with every change of the session."""

    uid: str
    sequence: int
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    summary: str
    place: str
    status: str


def window(at: datetime) -> tuple[datetime, datetime]:
    return at - BACK, at + AHEAD


def is_there(feed: CalendarFeed, session: Any) -> bool:
    """Whether the session still has the feed's person or room."""
    if feed.room_id is not None:
        return bool(session.room_id == feed.room_id)
    return any(row["user"] == str(feed.user_id) for row in session.staff)


def _status(session: Session) -> str:
    if session.status in CALLED_OFF:
        return "CANCELLED"
    return "TENTATIVE" if session.status == Session.Status.HELD else "CONFIRMED"


def event_of(feed: CalendarFeed, session: Session, *, was: Any = None) -> Event:
    """The event of a session; `was` is its last row that had the feed's person or room, when it has them no more."""
    shown = was or session
    room = feed.room or (session.room if was is None else None)
    return Event(
        uid=uid_of(session.pk),
        sequence=session.version,
        changed_at=session.updated_at,
        starts_at=shown.starts_at,
        ends_at=shown.ends_at,
        time_zone=session.location.time_zone,
        summary="Busy" if feed.room_id else "Session",
        place=room.name if room else "",
        status="CANCELLED" if was else _status(session),
    )


def uid_of(session_id: UUID) -> str:
    return f"{session_id}@kapclinic"
