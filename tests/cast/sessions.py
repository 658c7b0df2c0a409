"""Sessions in the book of North."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from kapclinic.core import clock
from kapclinic.practice.models import User
from programs.models import Program
from sessions.booking.models import Session
from sessions.booking.services.bookings import Ask
from sessions.visits import services as visits
from tests.cast.people import KINDS, Cast, later
from tests.cast.programs import opened_program
from tests.replay import taped


def ask(cast: Cast, kind: str, starts_at: datetime, **more: Any) -> Ask:
    """What the front desk asks for: in Aspen with the cast's therapist, and the NP for a dose."""
    minutes = {"preparation": 60, "integration": 60, "dosing": 180, "medical": 30, "maintenance": 60}[kind]
    people = [{"user": cast.therapist.pk, "role": "therapist"}]
    if kind == "dosing":
        people.append({"user": cast.np.pk, "role": "nurse_practitioner"})
    values = {
        "kind": kind,
        "modality": "in_person",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=minutes),
        "room": cast.aspen.pk,
        "staff": people,
    }
    return Ask(**values | more)


def team(cast: Cast, *names: str) -> list[dict[str, Any]]:
    """The staff of a session, each in the first of their roles."""
    return [{"user": cast.people[name].pk, "role": cast.people[name].roles[0]} for name in names]


@taped
def booked(
    cast: Cast, program: Program, kind: str, starts_at: datetime, *, by: User | None = None, **more: Any
) -> Session:
    """A session in the book; a dose holds its integration slot too."""
    obligation = more.pop("obligation", None)
    return visits.book(
        program_id=program.pk,
        ask=ask(cast, kind, starts_at, **more),
        obligation_id=obligation.pk if obligation else None,
        by=by or cast.frontdesk,
        at=clock.now(),
    )


@taped
def one_of_each_kind(cast: Cast) -> dict[str, Session]:
    """A program of Robin Sample's, and a session of every kind in its book, a day apart."""
    program = opened_program(cast)
    more = {"medical": {"staff": team(cast, "prescriber")}}
    return {
        kind: booked(cast, program, kind, later(days=day, hours=1), **more.get(kind, {}))
        for day, kind in enumerate(KINDS)
    }


@taped
def checked_in_session(session: Session, *, by: User) -> Session:
    """The client has come, at the clock's moment."""
    return visits.check_in(session_id=session.pk, by=by, moment=clock.now(), at=clock.now())


@taped
def started_session(session: Session, *, by: User) -> Session:
    """The client has come, and the session has begun."""
    checked_in_session(session, by=by)
    return visits.start(session_id=session.pk, by=by, moment=clock.now(), at=clock.now())


@taped
def ended_session(session: Session, move: str, *, by: User) -> Session:
    """A session that was cancelled, or a no-show: `move` tells which."""
    return visits.end(session_id=session.pk, move=move, reason="Feels ill", by=by, at=clock.now())


@taped
def completed_session(
    cast: Cast,
    program: Program,
    *,
    starts_at: datetime,
    kind: str = "preparation",
    who: tuple[str, ...] = ("therapist",),
    minutes: int = 60,
    **more: Any,
) -> Session:
    """A session, no dose, that took place to the minute; `who` were there, and the first of them noted it."""
    ends_at, by = starts_at + timedelta(minutes=minutes), cast.people[who[0]]
    more = {"staff": team(cast, *who), "ends_at": ends_at, "override_reason": "As the client asked"} | more
    with clock.fixed(starts_at):
        session = started_session(booked(cast, program, kind, starts_at, **more), by=by)
    with clock.fixed(ends_at):
        return visits.complete(session_id=session.pk, by=by, moment=ends_at, at=ends_at)
