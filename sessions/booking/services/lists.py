"""Many bookings in one transaction: asked for together behind all their locks, written together at the end.

Each is judged as if it came alone, one after another: what those before it hold is held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from kapclinic.core import writing
from kapclinic.core.ids import uuid7
from programs.models import Program
from sessions.booking import rules
from sessions.booking.models import Allocation, Session
from sessions.booking.selectors.asked import Found, asked_of_many
from sessions.booking.services.allocations import allocate
from sessions.booking.services.bookings import Ask, Wish, new_session


@dataclass(frozen=True)
class Wanting:
    """One booking of a list; its course, room, staff and client are locked. `clients` are all ids of the client."""

    program: Program
    ask: Ask
    clients: Sequence[UUID]


class Together:
    """What some bookings have to know, asked by one statement, and what those among them take that came first.

    `write` puts down what they hold; nobody else may ask for it before.
    """

    def __init__(self, wanted: Sequence[Wanting], *, at: datetime) -> None:
        self.at = at
        self._key = {id(one.ask): uuid7() for one in wanted}
        questions = {}
        for one in wanted:
            if not _is_impossible(one.ask, at):
                wish = Wish(new_session(program=one.program, ask=one.ask), one.program, one.clients)
                questions[self._key[id(one.ask)]] = wish.question(at=at)
        self._questions = questions
        self._found = asked_of_many(questions) if questions else {}
        self._taken: dict[UUID, list[Allocation]] = defaultdict(list)  # by resource
        self._numbers: dict[tuple[UUID, str], set[int]] = defaultdict(set)
        self._rows: list[tuple[list[Allocation], Found]] = []

    def found(self, ask: Ask, program: Program) -> Found:
        """What is there, at work and taken, also by those that were booked before it."""
        key = self._key[id(ask)]
        found, question = self._found[key], self._questions[key]
        before = [
            row
            for resource in question["resources"]
            for row in self._taken[resource]
            if row.starts_at < question["cleaned"] and row.ends_at > question["start"]
        ]
        numbers = found.numbers | self._numbers[program.pk, ask.kind]
        return replace(found, taken=[*found.taken, *before], numbers=numbers)

    def take(self, session: Session, rows: Sequence[Allocation], found: Found) -> None:
        """Hold what was planned, with the others'."""
        self._rows.append((list(rows), found))
        self._numbers[session.program_id, session.kind].add(session.number)
        for row in rows:
            self._taken[row.resource].append(row)

    def write(self) -> None:
        """Write what they hold: after the sessions, all of it in one statement where that may be."""
        with writing.together():
            for rows, found in self._rows:
                allocate(rows, found=found, at=self.at)
        self._rows = []


def _is_impossible(ask: Ask, at: datetime) -> bool:
    """Will its times be refused before anything is asked?"""
    return bool(
        rules.time_errors(
            starts_at=ask.starts_at, ends_at=ask.ends_at, at=at, override_reason=ask.override_reason
        )
    )
