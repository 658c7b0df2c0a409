"""The day board: a location's day by rooms and columns, from one row per session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypedDict
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DateField, OuterRef, Value
from django.db.models.functions import JSONObject

from kapclinic.core.statements import Look, Looking, Row, StandIns, compiled, of_asker
from kapclinic.practice.models import Location, Room, User
from kapclinic.practice.selectors import LocalDate, LocalMidnight
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


OF_LOCATION = frozenset(
    {"time_zone", "late_cancel_hours", "day", "its_rooms", "place"}
)  # columns of no session


class RoomRow(TypedDict):
    id: str
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


@dataclass(frozen=True)
class Board:
    """One local day at one location."""

    on: date
    time_zone: str
    rooms: list[RoomRow]
    sessions: list[BoardRow]


def look(
    *, location_id: UUID, on: date | None, by: User, at: datetime, known: Sequence[str] = ()
) -> Look | None:
    """What the board of a day is made of, today at `at` unless said, for whoever holds what has one of the tags
    `known`; None for a location that `by` may not see. One query.
    """
    looking = _looking(by.role_set, len(by.locations), "today" if on is None else "dated")
    if looking is None:
        return None
    seen = looking.look(of_asker(by) | {"location_id": location_id, "on": on, "at": at}, known=known)
    return None if seen.rows == [] else seen


def board(read: list[Row]) -> Board:
    """The board that these rows of a look are.

    Sessions that began the day before and reach into the day are on it too, each with `column` and `since`.
    """
    place = read[0]
    late_within = timedelta(hours=place["late_cancel_hours"])
    rows = [
        _placed({name: value for name, value in row.items() if name not in OF_LOCATION}, late_within)
        for row in read
        if row["id"] is not None
    ]
    return Board(place["day"], place["time_zone"], place["its_rooms"], rows)


# Any: a row of `session_rows`
def _placed(row: Any, late_within: timedelta) -> BoardRow:
    placed: BoardRow = row | {"column": column_of(row, late_within=late_within), "since": since(row)}
    return placed


@lru_cache(maxsize=200)
def _looking(roles: frozenset[str], locations: int, day: str) -> Looking | None:
    """By the roles of who asks, to how many locations they belong, and whether a day is said."""
    stand_ins = StandIns()
    asker, key = stand_ins.asker(roles, locations), stand_ins.key("location_id")
    at = stand_ins.moment("at")
    on = stand_ins.day("on") if day == "dated" else None
    rooms = Room.objects.filter(location=OuterRef("pk"), is_active=True).order_by("name")
    place = Location.objects.filter(pk=key, pk__in=asker.locations).values(
        "time_zone",
        "late_cancel_hours",
        day=Value(on, output_field=DateField()) if on else LocalDate(at, "time_zone"),
        its_rooms=ArraySubquery(
            rooms.values(row=JSONObject(id="id", name="name", kinds="kinds", turnover_min="turnover_min"))
        ),
    )
    zone = "location__time_zone"
    begin, end = (LocalMidnight(on or LocalDate(at, zone), zone, after=after) for after in (0, 1))
    sessions = Session.objects.filter(
        location=key, starts_at__gte=begin - LONGEST, starts_at__lt=end, ends_at__gt=begin
    )
    shown = compiled(session_rows(sessions, by=asker).order_by("starts_at", "pk"), stand_ins)
    seen = compiled(place, stand_ins)
    return Looking.at(seen.over(shown)) if seen and shown else None
