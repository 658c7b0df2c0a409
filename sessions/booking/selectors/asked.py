"""What a booking has to know of all that it asks for, in one question: who and what is there, at work, and taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection
from django.db.backends.postgresql.psycopg_any import NumericRange

from kapclinic.core.asking import Params
from programs.models import Program
from sessions.booking import rules
from sessions.booking.models import Allocation
from sessions.booking.rules import Wanted
from sessions.booking.sql.asked import ASKED, ASKED_BEHIND, ASKED_OF_MANY


@dataclass(frozen=True)
class Person:
    """Somebody: do they work at the location, in which roles, and how many clients do they watch at once?"""

    here: bool
    roles: frozenset[str]
    places: int


@dataclass(frozen=True)
class Found:
    """Of what was asked for. `kinds` is None when no such room is in use here; `taken` overlaps the session with its
    longest cleaning; `expired`: kept slots that are over still hold something.
    """

    people: Mapping[UUID, Person]
    kinds: frozenset[str] | None
    turnover_min: int
    numbers: frozenset[int]
    taken: Sequence[Allocation]
    expired: bool
    closed: bool
    absent: frozenset[UUID]

    @property
    def places(self) -> dict[UUID, int]:
        return {pk: person.places for pk, person in self.people.items()}


def asked(one: Params, *, guess: Params | None = None) -> Found:
    """What is there for a booking, in one statement; `one` is its `question`, or `guess`, if that is the same."""
    if guess is not None:
        known = {"location": one["location"], "resources": one["resources"]}
        guess = guess if one == guess | known else None
    with connection.cursor() as cursor:
        cursor.execute(*((ASKED, one) if guess is None else asks_behind(guess)))
        return _found(*cursor.fetchone())


def asks_behind(guess: Params) -> tuple[str, Params]:
    """The statement that answers a `guess`, behind the locks of its course."""
    return ASKED_BEHIND, guess


def guessed(
    *,
    program: UUID,
    kind: str,
    room: UUID | None,
    staff: Sequence[UUID],
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
) -> Params:
    """The `question` of a booking for whose time all of its `staff` is held, before its course is read."""
    return {
        "program": program,
        "kind": kind,
        "room": room,
        "staff": sorted(set(staff)),
        "who": list(staff),
        "a": [starts_at] * len(staff),
        "b": [ends_at] * len(staff),
        "resources": sorted({*staff, *([room] if room else ())}),
        "start": starts_at,
        "stop": ends_at,
        "cleaned": ends_at + rules.LONGEST_HELD - rules.LONGEST,
        "longest": rules.LONGEST_HELD,
        "at": at,
    }


def question(
    *, program: Program, kind: str, room: UUID | None, parts: Sequence[Wanted], at: datetime
) -> Params:
    """What `asked` asks by. `parts` is what is wanted as far as it is known before: all times, without cleaning."""
    start, end = min(part.starts_at for part in parts), max(part.ends_at for part in parts)
    staff = [part for part in parts if part.kind == Allocation.Kind.STAFF]
    resources = {part.resource for part in parts} | ({room} if room else set())
    return {
        "program": program.pk,
        "location": program.location_id,
        "kind": kind,
        "room": room,
        "staff": sorted({part.resource for part in staff}),
        "who": [part.resource for part in staff],
        "a": [part.starts_at for part in staff],
        "b": [part.ends_at for part in staff],
        "resources": sorted(resources),
        "start": start,
        "stop": end,
        "cleaned": end + rules.LONGEST_HELD - rules.LONGEST,
        "longest": rules.LONGEST_HELD,
        "at": at,
    }


def asked_of_many(questions: Mapping[UUID, Params]) -> dict[UUID, Found]:
    """What `asked` tells of each of these, in one statement; none of them knows of another."""
    rows = [
        question | {"of": key, "longest": f"{question['longest'].total_seconds()} seconds"}
        for key, question in questions.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(ASKED_OF_MANY, [orjson.dumps(rows).decode()])
        return {key: _found(*found) for key, *found in cursor.fetchall()}


def _found(
    closed: bool,  # noqa: FBT001  (a row of the statement)
    absent: Sequence[UUID],
    people: str | None,
    place: str | None,
    numbers: Sequence[int] | None,
    taken: str | None,
    expired: bool,  # noqa: FBT001
) -> Found:
    in_use, kinds, turnover = orjson.loads(place or "[false, [], 0]")
    return Found(
        people={
            UUID(pk): Person(here, frozenset(roles), places)
            for pk, here, roles, places in orjson.loads(people or "[]")
        },
        kinds=frozenset(kinds) if in_use else None,
        turnover_min=turnover,
        numbers=frozenset(numbers or ()),
        taken=[_allocation(*row) for row in orjson.loads(taken or "[]")],
        expired=expired,
        closed=bool(closed),
        absent=frozenset(absent),
    )


def _allocation(
    resource: str,
    kind: str,
    session: str | None,
    hold: str | None,
    low: int,
    high: int,
    starts_at: str,
    ends_at: str,
) -> Allocation:
    return Allocation(
        resource=UUID(resource),
        kind=kind,
        session_id=UUID(session) if session else None,
        hold_id=UUID(hold) if hold else None,
        lanes=NumericRange(low, high),
        starts_at=datetime.fromisoformat(starts_at),
        ends_at=datetime.fromisoformat(ends_at),
    )
