"""The day board: a location's day by rooms, people and columns, from one row per session.

What holds a dose back is judged for all its sessions at once (`blockers`). That changes with the time alone, too, so a
board that shows any counts for a minute at most, and is then told anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TypedDict, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    CharField,
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, ExtractIsoWeekDay, JSONObject

from kapclinic.core.asking import Question
from kapclinic.core.statements import FIRST, Look, Row, StandIns, Statement, compiled, of_asker
from kapclinic.practice import rules
from kapclinic.practice.models import Location, Room, SessionKind, TimeOff, User, WorkingHours
from kapclinic.practice.selectors import LocalDate, LocalMidnight, MidnightAnywhere
from sessions.boards.selectors.day_mark import DayMark
from sessions.booking.models import Session, Stage
from sessions.booking.rules import HERE, LONGEST
from sessions.dosing.gates.judge import held_for_front_desk
from sessions.dosing.gates.many import Booked, readiness_of
from sessions.dosing.models import Administration
from sessions.dosing.selectors import preparations_completed
from sessions.integration.models import Obligation
from sessions.integration.rules import COUNTED_AS, COUNTS
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
    {
        "time_zone",
        "late_cancel_hours",
        "opening_hours",
        "closed_dates",
        "day",
        "its_rooms",
        "its_staff",
        "mark",
        "place",
    }
)  # columns of no session
OF_COURSE = frozenset({"prepared", "required", "dosed", "planned", "owed_states"})  # what makes its progress
FROM_TO = {"from": "starts", "to": "ends"}
UNDOSED = frozenset({S.SCHEDULED, S.CHECKED_IN, S.IN_PROGRESS})  # a dose may still come
LONGEST_DAY = timedelta(hours=25)  # the clocks are put back
TODAY, DATED = "today", "dated"  # is a day said?
JUDGED_FOR = timedelta(minutes=1)  # what the gates said counts so long


class RoomRow(TypedDict):
    id: str
    name: str
    kinds: list[str]
    turnover_min: int


class AwayRow(TypedDict):
    starts_at: datetime
    ends_at: datetime


class StaffRow(TypedDict):
    """Who works there on that day: when, when not, and how many they may watch at a time."""

    id: str
    name: str
    roles: list[str]
    capacity: int
    hours: list[rules.Opening]  # local times of the location
    off: list[AwayRow]


class Blocker(TypedDict):
    """What holds the dose back, as the front desk reads it (R13)."""

    code: str
    label: str


class CourseRow(SessionRow):
    """A session with what makes the progress of its course."""

    prepared: int | None
    required: int
    dosed: int | None
    planned: int
    owed_states: list[str] | None


class BoardRow(SessionRow):
    """A session with its place on the board, what holds its dose back, and how far its course is."""

    column: str
    since: datetime | None
    blockers: list[Blocker]
    progress: dict[str, dict[str, int]]


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
    opening: rules.Opening | None  # None when it is closed
    rooms: list[RoomRow]
    staff: list[StaffRow]
    sessions: list[BoardRow]
    until: datetime | None  # what was judged counts so long; None when nothing was


def still(
    *, location_id: UUID, on: date | None, by: User, at: datetime, known: Collection[str]
) -> str | None:
    """Which of the tags `known` the board of a day still has, today at `at` unless said; one query alone."""
    marking = _marking(len(by.locations), TODAY if on is None else DATED)
    if marking is None:
        return None
    marks = marking.polled(of_asker(by) | {"location_id": location_id, "on": on, "at": at})
    return marks[0]["mark"] if marks and marks[0]["mark"] in known else None


def look(*, location_id: UUID, on: date | None, by: User, at: datetime) -> Look | None:
    """What the board of a day is made of, today at `at` unless said; None for a location that `by` may not see.

    One query.
    """
    values = of_asker(by) | {"location_id": location_id, "on": on, "at": at}
    statement = _statement(by.role_set, len(by.locations), TODAY if on is None else DATED)
    rows = [] if statement is None else statement.rows(values)
    return Look(rows[0]["mark"], None, rows) if rows else None


def board(read: list[Row], *, at: datetime) -> Board:
    """The board that these rows of a look are, its gates as they stand at `at`; one query where a dose may come.

    Sessions that began the day before and reach into the day are on it too, each with `column` and `since`.
    """
    place = read[0]
    late_within = timedelta(hours=place["late_cancel_hours"])
    rows = cast("list[CourseRow]", [row for row in read if row["id"] is not None])
    held = _blockers(rows, zone=ZoneInfo(place["time_zone"]), at=at)
    placed = [_placed(row, late_within, blockers=held.get(row["id"], [])) for row in rows]
    until = at + JUDGED_FOR if held else None
    opening = rules.opening(place["opening_hours"], place["closed_dates"], on=place["day"])
    staff = [_worker(row) for row in place["its_staff"]]
    return Board(place["day"], place["time_zone"], opening, place["its_rooms"], staff, placed, until)


def _worker(row: Row) -> StaffRow:
    hours = [{name: time.fromisoformat(one[key]) for name, key in FROM_TO.items()} for one in row["hours"]]
    return {
        "id": row["id"],
        "name": row["name"],
        "roles": row["roles"],
        "capacity": row["capacity"],
        "hours": [
            {"from": rules.hours_text(one["from"]), "to": rules.hours_text(one["to"])} for one in hours
        ],
        "off": [
            {
                "starts_at": datetime.fromisoformat(one["starts_at"]),
                "ends_at": datetime.fromisoformat(one["ends_at"]),
            }
            for one in row["off"]
        ],
    }


def _placed(row: CourseRow, late_within: timedelta, *, blockers: list[Blocker]) -> BoardRow:
    shown = {name: value for name, value in row.items() if name not in OF_LOCATION | OF_COURSE}
    placed: BoardRow = shown | {  # type: ignore[assignment]  # the columns of `session_rows`
        "column": column_of(row, late_within=late_within),
        "since": since(row),
        "blockers": blockers,
        "progress": _progress(row),
    }
    return placed


def _progress(row: CourseRow) -> dict[str, dict[str, int]]:
    """As a program's own `progress` says it."""
    owed = Counter(COUNTED_AS[state] for state in row["owed_states"] or () if state in COUNTED_AS)
    return {
        "preparation": {"done": row["prepared"] or 0, "required": row["required"]},
        "dosing": {"done": row["dosed"] or 0, "planned": row["planned"]},
        "integration": {name: owed[name] for name in COUNTS},
    }


def _blockers(rows: list[CourseRow], *, zone: ZoneInfo, at: datetime) -> dict[UUID, list[Blocker]]:
    """Session -> what holds its dose back, of those where no dose stands and one may come."""
    asked = [
        Booked(row["id"], row["client"], row["program"], row["starts_at"], row["ends_at"])
        for row in rows
        if row["kind"] == SessionKind.DOSING and row["status"] in UNDOSED
    ]
    return {
        session: [{"code": gate.code, "label": gate.label} for gate in held_for_front_desk(readiness)]
        for session, readiness in readiness_of(asked, zone=zone, at=at).items()
    }


@lru_cache(maxsize=200)
def _marking(locations: int, day: str) -> Statement | None:
    """The mark of a day, for somebody of so many locations."""
    stand_ins = StandIns()
    places = stand_ins.asker(frozenset(), locations).locations
    place = Location.objects.filter(pk=stand_ins.key("location_id"), pk__in=places)
    on = stand_ins.day("on") if day == DATED else None
    return compiled(
        place.values(mark=_mark(*_day(on or LocalDate(stand_ins.moment("at"), "time_zone"), "time_zone"))),
        stand_ins,
    )


@lru_cache(maxsize=200)
def _statement(roles: frozenset[str], locations: int, day: str) -> Statement | None:
    """By the roles of who asks, to how many locations they belong, and whether a day is said."""
    stand_ins = StandIns()
    asker, key = stand_ins.asker(roles, locations), stand_ins.key("location_id")
    at = stand_ins.moment("at")
    on = stand_ins.day("on") if day == DATED else None
    place = Location.objects.filter(pk=key, pk__in=asker.locations)
    begin, end = _day(on or LocalDate(at, "location__time_zone"), "location__time_zone")
    sessions = _about(on, at=at).filter(
        location=key, starts_at__gte=begin - LONGEST, starts_at__lt=end, ends_at__gt=begin
    )
    rows = _with_course(session_rows(sessions, by=asker)).order_by("starts_at", "pk")
    seen, shown = compiled(_of_place(place, on=on, at=at), stand_ins), compiled(rows, stand_ins)
    return seen.over(shown, where=FIRST) if seen and shown else None


def _about(on: date | None, *, at: datetime) -> QuerySet[Session]:
    """All sessions that the day can hold in any zone: what the planner reckons with."""
    if on is None:
        near: QuerySet[Session] = Session.objects.filter(
            starts_at__gte=Value(at) - (LONGEST_DAY + LONGEST), starts_at__lt=Value(at) + LONGEST_DAY
        )
        return near
    found: QuerySet[Session] = Session.objects.filter(
        starts_at__gte=MidnightAnywhere(on) - LONGEST, starts_at__lt=MidnightAnywhere(on, after=1, last=True)
    )
    return found


def _day(day: date | LocalDate, zone: str) -> tuple[LocalMidnight, LocalMidnight]:
    """When a local day begins, and when the next one does."""
    return LocalMidnight(day, zone), LocalMidnight(day, zone, after=1)


def _of_place(place: QuerySet[Location], *, on: date | None, at: datetime) -> Question:
    """The one row that stands before those of the sessions: of the location, and of what all the gates look at."""
    rooms = Room.objects.filter(location=OuterRef("pk"), is_active=True).order_by("name")
    begin, end = _day(on or LocalDate(at, "time_zone"), "time_zone")
    return place.values(
        "time_zone",
        "late_cancel_hours",
        "opening_hours",
        "closed_dates",
        day=Value(on, output_field=DateField()) if on else LocalDate(at, "time_zone"),
        its_rooms=ArraySubquery(
            rooms.values(row=JSONObject(id="id", name="name", kinds="kinds", turnover_min="turnover_min"))
        ),
        its_staff=ArraySubquery(_staff(on=on, at=at)),
        mark=_mark(begin, end),
    )


def _mark(begin: LocalMidnight, end: LocalMidnight) -> DayMark:
    """Of the outer row, a location."""
    return DayMark(F("pk"), begin, end)


def _staff(*, on: date | None, at: datetime) -> Question:
    """Who works at the outer row's location on that day, by name."""
    day = Value(on, output_field=DateField()) if on else LocalDate(at, "location__time_zone")
    hours = WorkingHours.objects.filter(
        location=OuterRef(OuterRef("pk")),
        user=OuterRef("pk"),
        ended_at__isnull=True,
        weekday=ExtractIsoWeekDay(day) - 1,
    )
    begin, end = _day(on or LocalDate(at, "zone"), "zone")
    away = TimeOff.objects.annotate(
        zone=ExpressionWrapper(OuterRef(OuterRef("time_zone")), output_field=CharField())
    ).filter(user=OuterRef("pk"), cancelled_at__isnull=True, starts_at__lt=end, ends_at__gt=begin)
    here = User.objects.filter(Exists(hours), is_active=True, locations__contains=[OuterRef("pk")])
    return here.order_by("name", "pk").values(
        row=JSONObject(
            id="id",
            name="name",
            roles="roles",
            capacity="monitor_capacity",
            hours=ArraySubquery(
                hours.order_by("starts", "pk").values(row=JSONObject(starts="starts", ends="ends"))
            ),
            off=ArraySubquery(
                away.order_by("starts_at", "pk").values(
                    row=JSONObject(starts_at="starts_at", ends_at="ends_at")
                )
            ),
        )
    )


def _with_course(rows: Question) -> Question:
    """Each session with what makes the progress of its course."""
    course = OuterRef("program")
    owed = Obligation.objects.filter(program=course).order_by("pk").values("state")
    prepared = preparations_completed().filter(program=course).order_by().values("program")
    doses = Administration.objects.standing().filter(session__program=course).order_by()
    dosed = doses.values("session__program").annotate(n=Count("session_id", distinct=True))
    found: Question = rows.annotate(
        prepared=Subquery(prepared.annotate(n=Count("pk")).values("n")),
        required=F("program__protocol__min_preparations"),
        dosed=Subquery(dosed.values("n")),
        planned=Coalesce("program__planned_doses", "program__protocol__planned_doses"),
        owed_states=ArraySubquery(owed),
    )
    return found
