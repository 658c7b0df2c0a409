"""The day board: a location's day by rooms and columns, from one row per session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TypedDict
from uuid import UUID

from kapclinic.practice.models import Location, Room
from sessions.booking.models import Session, Stage
from sessions.booking.rules import HERE, LONGEST
from sessions.visits.selectors.sessions import SessionRow, session_rows

S, G = Session.Status, Stage.Name
COLUMNS = (
    "booked",
    "arrived",
    "roomed",
    "in_session",
    "recovery",
    "ready",
    "done",
    "no_show",
    "late_cancel",
    "cancelled",
)
OF_STATUS: Mapping[str, str] = {
    S.HELD: "booked",
    S.SCHEDULED: "booked",
    S.CHECKED_IN: "arrived",
    S.IN_PROGRESS: "in_session",
    S.COMPLETED: "done",
    S.NO_SHOW: "no_show",
}
OF_STAGE: Mapping[str, str] = {
    G.ROOMED: "roomed",
    G.IN_SESSION: "in_session",
    G.RECOVERY: "recovery",
    G.READY: "ready",
    G.CHECKED_OUT: "done",
}


class RoomRow(TypedDict):
    id: UUID
    name: str
    kinds: list[str]
    turnover_min: int


class BoardRow(SessionRow):
    """A session with its place on the board."""

    column: str
    since: datetime | None


def column_of(row: SessionRow, *, late_within: timedelta) -> str:
    """Where a session stands on the board: by its stage while the client is here, else by its status."""
    if row["status"] == S.CANCELLED:
        late = row["cancelled_at"] is not None and row["starts_at"] - row["cancelled_at"] < late_within
        return "late_cancel" if late else "cancelled"
    stage = row["latest_stage"]
    if stage is not None and row["status"] in HERE:
        return OF_STAGE[stage["stage"]]
    return OF_STATUS[row["status"]]


def since(row: SessionRow) -> datetime | None:
    """Since when it stands there, so that a screen can count the minutes."""
    stage = row["latest_stage"]
    if stage is not None and row["status"] in HERE:
        return datetime.fromisoformat(stage["at"])
    by_status: dict[str, datetime | None] = {
        S.CHECKED_IN: row["checked_in_at"],
        S.IN_PROGRESS: row["started_at"],
        S.COMPLETED: row["completed_at"],
        S.CANCELLED: row["cancelled_at"],
    }
    return by_status.get(row["status"])


def board(*, location: Location, on: date) -> tuple[list[RoomRow], list[BoardRow]]:
    """(rooms, session rows) of one local day at one location, in two queries.

    Each row carries `column` and `since`; sessions that began the day before and reach into the day are on it too.
    """
    begin = datetime.combine(on, datetime.min.time(), tzinfo=location.zone)
    end = datetime.combine(on + timedelta(days=1), datetime.min.time(), tzinfo=location.zone)
    rooms: list[RoomRow] = list(
        Room.objects.filter(location=location, is_active=True)
        .order_by("name")
        .values("id", "name", "kinds", "turnover_min")
    )
    day = Session.objects.filter(
        location=location, starts_at__gte=begin - LONGEST, starts_at__lt=end, ends_at__gt=begin
    )
    late_within = timedelta(hours=location.late_cancel_hours)
    rows: list[BoardRow] = [
        {**row, "column": column_of(row, late_within=late_within), "since": since(row)}
        for row in session_rows(day).order_by("starts_at", "pk")
    ]
    return rooms, rows
