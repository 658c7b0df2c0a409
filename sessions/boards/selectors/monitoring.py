"""The monitoring board: who is being watched at a location, by what is due next, and what changed since the last look.

Nothing keeps a version of the board: it is read off the rows. A session's *mark* is the sum of the versions of its
editable rows and the numbers of its append-only ones, with the names of its room and staff: it is another one after
every change, whoever makes it, whatever commits first. What time alone changes, a check that becomes due, late or
missed, is a moment that the client is handed with the marks: until then, and with the same marks, there is nothing new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, TypedDict, cast
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    F,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.expressions import BaseExpression
from django.db.models.functions import Coalesce, JSONObject

from kapclinic.core.postgresql import alone
from kapclinic.core.statements import StandIns, Statement, compiled, read_json
from kapclinic.practice.models import SessionKind
from sessions.boards.selectors.cursors import TICK, Cursor, Marks
from sessions.boards.sql.watched_mark import MARK
from sessions.booking.models import Session, Stage
from sessions.booking.rules import HERE, StoredStaff
from sessions.dosing.models import Administration
from sessions.monitoring import rules
from sessions.monitoring.models import Alarm, Check, Reading

Json = dict[str, Any]  # Any: what SQL makes of a stage, a check, a reading or an alarm, and bands and limits
TREND = 8  # readings on a card
NEVER = datetime(9999, 1, 1, tzinfo=UTC)

_MARKS = "SELECT * FROM clinic_sessions_watched_marks(%s, %s)"
# The rows of the board (`{inner}`), each with its mark as the same moment has it, and with the names of its staff.
_BOARD = """
SELECT page.*,
       (SELECT {mark} FROM clinic_sessions_session s JOIN practice_client c ON c.id = s.client_id WHERE s.id = page.id),
       {names}
  FROM (SELECT p.*, row_number() OVER () AS place FROM ({inner}) p) page
 ORDER BY page.place
"""
_NAMES = """
       (SELECT jsonb_object_agg(u.id, u.name)
          FROM jsonb_array_elements(page.staff) seat JOIN practice_user u ON u.id = (seat ->> 'user')::uuid)
"""


def marks_of(location_id: UUID, *, clinical: bool) -> Marks:
    """The mark of every session that is watched at a location, in one query; the front desk's is of its own columns."""
    found = alone.rows(_MARKS, [location_id, "true" if clinical else "false"])
    return {pk: mark for pk, mark in found}  # noqa: C416  (pairs, by what they are)


class PlainRow(TypedDict):
    id: UUID
    mark: int
    client: UUID
    status: str
    room: UUID | None
    room_name: str | None
    first: str
    chosen: str
    last: str
    latest_stage: Json | None


class WatchedRow(PlainRow, total=False):
    """A watched session as SQL gives it; the front desk's has none of these columns."""

    staff: list[StoredStaff]
    tolerance_min: float
    missed_min: float
    names: dict[str, str] | None
    number: int
    bands: Json
    discharged_at: datetime | None
    dosed_at: datetime | None
    given_mg: Decimal | None
    route: str | None
    before: list[Json]
    open_checks: list[Json]
    last_readings: list[Json]
    open_alarms: list[Json]


class PlainCard(TypedDict):
    id: UUID
    client: UUID
    client_name: str
    client_initials: str
    room: UUID | None
    room_name: str | None
    status: str
    stage: Json | None


class NamedStaff(StoredStaff):
    name: str


class DoseShown(TypedDict):
    mg: str
    route: str


class ClinicalCard(TypedDict, total=False):
    number: int
    bands: Json
    dose: DoseShown | None
    baseline: Json | None
    dosed_at: datetime | None
    minutes: int | None
    discharged_at: datetime | None
    next_check: Json | None
    overdue: int
    last_reading: Json | None
    trend: list[Json]
    alarms: list[Json]
    staff: list[NamedStaff]


class Card(PlainCard, ClinicalCard):
    """What is shown of a session: to the front desk the plain part alone."""


@dataclass(frozen=True)
class MonitoringBoard:
    """What a location's board shows at one moment; `moments` says of each session when time alone changes it."""

    cards: Sequence[PlainCard]
    cursor: Cursor
    moments: Mapping[UUID, list[datetime]]

    def since(self, before: Cursor) -> list[PlainCard]:
        """The cards of sessions that changed since `before`, by a row or by the clock."""
        now = self.cursor
        return [
            card
            for card in self.cards
            if before.marks.get(card["id"]) != now.marks.get(card["id"])
            or any(before.seen_at < moment <= now.seen_at for moment in self.moments.get(card["id"], ()))
        ]

    def gone(self, before: Cursor) -> list[UUID]:
        """Sessions of `before` that are watched no more."""
        return sorted(set(before.marks) - {card["id"] for card in self.cards})


def monitoring_board(*, location_id: UUID, clinical: bool, at: datetime) -> MonitoringBoard:
    """The board of a location, in one query.

    Clinical cards come in the order of what is due next; the front desk's say room, client and stage.
    """
    statement = _statement("clinical" if clinical else "plain")
    rows = cast("list[WatchedRow]", statement.rows({"location": location_id}))
    marks = {row["id"]: int(row["mark"]) for row in rows}
    if not clinical:
        return MonitoringBoard([_plain(row) for row in rows], Cursor(at, NEVER, marks), {})
    cards = [_card(row, at=at) for row in rows]
    cards.sort(key=lambda card: card["next_check"]["planned_at"] if card["next_check"] else NEVER)
    moments = {row["id"]: _moments(row) for row in rows}
    until = min((moment for found in moments.values() for moment in found if moment > at), default=NEVER)
    return MonitoringBoard(cards, Cursor(at, until, marks), moments)


def _card(row: WatchedRow, *, at: datetime) -> Card:
    return {**_plain(row), **_clinical(row, at=at)}


@cache
def _statement(cards: str) -> Statement:
    """One row per session, straight from SQL; the front desk's has no clinical column."""
    stand_ins = StandIns()
    clinical = cards == "clinical"
    page = compiled(_rows(stand_ins.key("location"), clinical=clinical), stand_ins)
    assert page is not None
    text = _BOARD.replace("{mark}", MARK[clinical]).replace("{names}", _NAMES if clinical else "NULL")
    return page.within(text, more={"place": None, "mark": None, "names": read_json})


def _rows(location_id: UUID, *, clinical: bool) -> QuerySet[Session, WatchedRow]:
    stage = Stage.objects.filter(session=OuterRef("pk")).order_by("-at", "-pk")
    watched: QuerySet[Session] = Session.objects.filter(
        location_id=location_id, kind=SessionKind.DOSING, status__in=HERE
    ).order_by("starts_at", "pk")
    plain: dict[str, BaseExpression | F] = {
        "room_name": F("room__name"),
        "first": F("client__legal_first_name"),
        "chosen": F("client__chosen_name"),
        "last": F("client__legal_last_name"),
        "latest_stage": Subquery(
            stage.values(row=JSONObject(stage="stage", at="at"))[:1], output_field=JSONField()
        ),
    }
    names = ["id", "client", "status", "room"]
    columns = plain | _clinical_columns() if clinical else plain
    rows: QuerySet[Session, WatchedRow] = watched.values(
        *names, *(["number", "staff"] if clinical else []), **columns
    )
    return rows


def _clinical_columns() -> dict[str, BaseExpression | F]:
    mine = {"session": OuterRef("pk")}
    doses = Administration.objects.standing().filter(**mine).order_by("administered_at")
    checks = Check.objects.filter(
        **mine, reading__isnull=True, ended_at__isnull=True, state__in=rules.OPEN_CHECKS
    ).order_by("planned_at")
    readings = Reading.objects.filter(**mine, void__isnull=True).order_by("-measured_at", "-pk")
    alarms = Alarm.objects.filter(**mine, state=Alarm.State.OPEN).order_by("created_at")
    before = readings.filter(measured_at__lte=OuterRef("dosed_at"))
    went_in = Coalesce("finish__given_mg", "given_mg", "dose_mg")
    given = doses.order_by().values("session").annotate(mg=Sum(went_in))
    names = ("id", "phase", *rules.SIGNS, "not_obtainable", "unusual", "bands", "measured_at")
    reading = {name: name for name in names}
    sign = {name: name for name in ("id", *rules.SIGNS, "measured_at")}
    check = {name: name for name in ("id", "kind", "minute", "planned_at")}
    alarm = {name: name for name in ("id", "cause", "trigger", "escalation", "reading")}
    return {
        "tolerance_min": F("program__protocol__limits__reading_tolerance_min"),
        "missed_min": F("program__protocol__limits__missed_after_min"),
        "bands": F("program__protocol__bands"),
        "discharged_at": F("discharge__discharged_at"),
        "dosed_at": Subquery(doses.values("administered_at")[:1]),
        "given_mg": Subquery(given.values("mg")),
        "route": Subquery(doses.values("route")[:1]),
        "before": ArraySubquery(before.values(row=JSONObject(**sign))[:1]),
        "open_checks": ArraySubquery(checks.values(row=JSONObject(**check))),
        "last_readings": ArraySubquery(readings.values(row=JSONObject(**reading))[:TREND]),
        "open_alarms": ArraySubquery(
            alarms.values(
                row=JSONObject(
                    opened_at="created_at",
                    check="check_row",
                    reading_voided=ExpressionWrapper(
                        Q(reading__void__isnull=False), output_field=BooleanField()
                    ),
                    **alarm,
                )
            )
        ),
    }


def _plain(row: WatchedRow) -> PlainCard:
    first, last = row["chosen"] or row["first"], row["last"]
    stage = row["latest_stage"]
    return {
        "id": row["id"],
        "client": row["client"],
        "client_name": f"{first} {last}",
        "client_initials": f"{first[:1]}{last[:1]}".upper(),
        "room": row["room"],
        "room_name": row["room_name"],
        "status": row["status"],
        "stage": stage and stage | {"at": datetime.fromisoformat(stage["at"])},
    }


def _clinical(row: WatchedRow, *, at: datetime) -> ClinicalCard:
    readings = _as_dosed([_read(reading) for reading in row["last_readings"]], row)
    checks = [_check(check, row, at=at) for check in row["open_checks"]]
    names = row["names"] or {}
    dosed_at = row["dosed_at"]
    mg, route = row["given_mg"], row["route"]
    return {
        "number": row["number"],
        "bands": row["bands"],
        "dose": None if mg is None or route is None else {"mg": str(mg), "route": route},
        "baseline": next(map(_read, row["before"]), None),
        "dosed_at": dosed_at,
        "minutes": None if dosed_at is None else int((at - dosed_at).total_seconds() // 60),
        "discharged_at": row["discharged_at"],
        "next_check": checks[0] if checks else None,
        "overdue": sum(check["state"] in rules.OVERDUE for check in checks),
        "last_reading": readings[0] if readings else None,
        "trend": readings[::-1],
        "alarms": [
            alarm
            | {
                "opened_at": datetime.fromisoformat(alarm["opened_at"]),
                "escalated": alarm["escalation"] > 0,
            }
            for alarm in row["open_alarms"]
        ],
        "staff": [{**staff, "name": names.get(staff["user"], "")} for staff in row["staff"]],
    }


def _read(reading: Json) -> Json:
    return reading | {"measured_at": datetime.fromisoformat(reading["measured_at"])}


def _as_dosed(readings: list[Json], row: WatchedRow) -> list[Json]:
    """Judge each reading as before or after the first dose as it stands now: the dose may have been entered later."""
    others = [(reading["measured_at"], reading) for reading in readings]
    for moment, reading in others:
        phase = rules.phase_at(moment, dosed_at=row["dosed_at"])
        if phase != reading["phase"]:
            found = rules.bands_at(moment, reading, row["bands"], others=others, dosed_at=row["dosed_at"])
            reading |= {"phase": phase, "bands": found}
    return readings


def _check(check: Json, row: WatchedRow, *, at: datetime) -> Json:
    """An open check with its state by the clock, as `checks/` says it."""
    planned_at = datetime.fromisoformat(check["planned_at"])
    state = rules.state_unread(
        planned_at, at=at, tolerance_min=row["tolerance_min"], missed_min=row["missed_min"]
    )
    return check | {"planned_at": planned_at, "state": state, "is_due": planned_at <= at}


def _moments(row: WatchedRow) -> list[datetime]:
    """When time alone will change, or has changed, what the card says: a check becomes due, late, missed."""
    late = timedelta(minutes=row["tolerance_min"]) + TICK
    missed = timedelta(minutes=row["missed_min"]) + TICK
    planned = [datetime.fromisoformat(check["planned_at"]) for check in row["open_checks"]]
    return [moment + behind for moment in planned for behind in (timedelta(0), late, missed)]
