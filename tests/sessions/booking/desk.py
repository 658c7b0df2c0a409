"""Words for booking tests: a program, the body of a booking, what is held."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from kapclinic.practice.models import Client, User
from programs.models import Program
from sessions.booking.models import Allocation, Session
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment
from tests.replay import taped

TUESDAY = MONDAY + timedelta(days=1)  # 09:00 in Denver
LENGTHS = {"preparation": 60, "integration": 60, "dosing": 180, "medical": 30, "maintenance": 60}


@taped
def programs_of(cast: Cast, count: int, **protocol: Any) -> list[Program]:
    """`count` programs of as many clients, on one protocol."""
    approved = people.approved_protocol(cast, **protocol)
    return [people.opened_program(cast, protocol=approved, who=client) for client in clients_of(cast, count)]


@taped
def clients_of(cast: Cast, count: int) -> list[Client]:
    return [
        people.client(cast.north, by=cast.frontdesk, first=f"Robin{n}", phone=f"303-555-{n:04d}")
        for n in range(count)
    ]


def row(user: User, role: str) -> dict[str, str]:
    return {"user": str(user.pk), "role": role}


def body(
    cast: Cast, program: Program, kind: str = "preparation", start: datetime = TUESDAY, **more: Any
) -> dict[str, Any]:
    """A booking in Aspen with the cast's therapist (and nurse, for a dose; or prescriber, for a medical visit)."""
    staff = [row(cast.therapist, "therapist")]
    if kind == "medical":
        staff = [row(cast.prescriber, "prescriber")]
    if kind == "dosing":
        staff.append(row(cast.np, "nurse_practitioner"))
    minutes = more.pop("minutes", LENGTHS[kind])
    return {
        "program": str(program.pk),
        "kind": kind,
        "modality": "in_person",
        "starts_at": moment(start),
        "ends_at": moment(start + timedelta(minutes=minutes)),
        "room": str(cast.aspen.pk),
        "staff": staff,
    } | more


def live(session: Any) -> set[tuple[str, UUID]]:
    """What a session holds: (kind, resource)."""
    found = Allocation.objects.filter(session_id=_pk(session), released_at__isnull=True)
    return set(found.values_list("kind", "resource"))


def held_times(session: Any) -> set[tuple[str, datetime, datetime]]:
    found = Allocation.objects.filter(session_id=_pk(session), released_at__isnull=True)
    return set(found.values_list("kind", "starts_at", "ends_at"))


def _pk(session: Any) -> Any:
    return session["id"] if isinstance(session, dict) else session.pk


def book_of_sessions() -> tuple[list[Any], list[Any]]:
    """Everything booking writes, to compare before and after a refusal."""
    sessions = list(Session.objects.order_by("pk").values())
    return sessions, list(Allocation.objects.order_by("pk").values())


def overlaps() -> int:
    """Pairs of live allocations that hold one resource on one lane at one time; never any (R1)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM clinic_sessions_allocation a JOIN clinic_sessions_allocation b
            ON a.id < b.id AND a.resource = b.resource AND a.lanes && b.lanes
               AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)
            WHERE a.released_at IS NULL AND b.released_at IS NULL"""
        )
        found: int = cursor.fetchone()[0]
    return found


def orphans() -> list[str]:
    """Live allocations of sessions that are over or cancelled, or that hold times other than their session's; and
    standing sessions that hold no client."""
    wrong = []
    live_ = Allocation.objects.filter(released_at__isnull=True, session__isnull=False)
    for row_ in live_.select_related("session"):
        session = row_.session
        if session.status in {"cancelled", "no_show"}:
            wrong.append(f"{row_.kind} held by a session that is {session.status}")
        elif row_.starts_at < session.starts_at or (row_.kind != "room" and row_.ends_at > session.ends_at):
            wrong.append(f"{row_.kind} held at another time than its session's")
    for session in Session.objects.standing().exclude(status="completed"):
        kinds = {kind for kind, _ in live(session)}
        expected = {"client", "staff"} | ({"room"} if session.room_id else set())
        if kinds != expected:
            wrong.append(f"{session.kind} holds {sorted(kinds)}, not {sorted(expected)}")
    return wrong


def codes(answer: Any) -> set[tuple[str, str]]:
    """(pointer, code) of each refused field."""
    return {(error["pointer"], error["code"]) for error in answer.json().get("errors", [])}


def clashes(answer: Any) -> set[tuple[str, str]]:
    """(resource, session) of each conflict."""
    return {(conflict["resource"], conflict["session"]) for conflict in answer.json()["conflicts"]}


def ids(rows: Iterable[Any]) -> set[str]:
    return {str(row.pk) for row in rows}
