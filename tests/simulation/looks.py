"""What is read beside the acts: at noon and every evening, by whoever may and by whoever may not.

The judge holds each answer against its books; what it can't see in an answer alone it is told here.
"""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError

from kapclinic.core import clock
from tests.simulation.clinic import House, Practice
from tests.simulation.habits import Chance
from tests.simulation.judge import Judge
from tests.simulation.stack import Person

Row = dict[str, Any]
PAGE = 200
CHAIN = "R15 every chain holds to its end"
# Lists of the director in turn, so that an evening stays short.
IN_TURN = ("notes", "screenings", "clearances", "drug-discrepancies")
NOSY = ("front_desk", "billing", "therapist", "nurse_practitioner", "prescriber")
# What somebody opens who has no business there, or to whom less of it is shown.
ROOMS = (
    "sessions/",
    "programs/",
    "clients/",
    "obligations/",
    "tasks/",
    "alarms/",
    "charges/",
    "payments/",
    "measures/",
    "screenings/",
    "notes/",
    "safety-alerts/",
    "drug-lots/",
    "psychotherapy-notes/",
)
BOARDS = ("day-board/", "monitoring-board/")


class Looks:
    """Everybody's reading, from a luck of its own: what happens to the clients does not follow from it."""

    def __init__(self, clinic: Practice, judge: Judge, luck: Chance) -> None:
        self.clinic, self.judge, self.luck = clinic, judge, luck
        self.stack = clinic.stack
        self.private: list[str] = []

    def plan(self, first: date, days: int) -> None:
        """A look at the boards of each location on every day, while clients are there."""
        for house in self.clinic.houses:
            for day in range(days):
                at = house.clock(first + timedelta(days=day), self.luck.numbers.uniform(10, 16))
                self.stack.schedule.at(at, "noon", lambda house=house: self.noon(house))

    def noon(self, house: House) -> None:
        desk, nurse = house.one("front_desk"), house.one("nurse_practitioner")
        here = {"location": house.id}
        self.stack.get(nurse, "monitoring-board/", **here)
        today = house.local(self.stack.schedule.now).date().isoformat()
        rows = self.stack.rows(desk, "sessions/", date=today, **here)
        board = self.stack.get(desk, "day-board/", date=today, **here)
        if board.ok:
            self.judge.agree("day-board", board.data["sessions"], rows)
        if rows and self.luck.numbers.random() < 0.2:
            self._write_privately(house, self.luck.numbers.choice(rows))

    def evening(self, house: House) -> None:
        """After the lists of the world: the trail, what waits, and those who open what is not theirs."""
        director, numbers = house.one("medical_director"), self.luck.numbers
        programs = self._listed(director, house, "programs")
        self._listed(director, house, numbers.choice(IN_TURN))
        for row in numbers.sample(programs, min(2, len(programs))):
            self.stack.get(director, f"clients/{row['client']}/access-log/", page_size=PAGE)
        reader = house.one(numbers.choice(NOSY), numbers.randrange(2))
        rows = self.stack.rows(reader, "tasks/", state="open")
        self.judge.worklist(reader.told, house.id, rows)
        self._nosy(house)
        if programs:
            self._stranger(house, numbers.choice(programs))

    def _listed(self, who: Person, house: House, name: str) -> list[Row]:
        rows = self.stack.rows(who, f"{name}/")
        self.judge.listed(self.stack.schedule.now, name, house.id, rows)
        return rows

    def _nosy(self, house: House) -> None:
        """Two rooms, by one whose they may not be."""
        numbers = self.luck.numbers
        for _ in range(2):
            who, path = house.one(numbers.choice(NOSY), numbers.randrange(2)), numbers.choice(ROOMS + BOARDS)
            more = {"location": house.id} if path in BOARDS else {"page_size": PAGE}
            self.stack.get(who, path, **more)

    def _stranger(self, house: House, program: Row) -> None:
        """Somebody of the other location has got hold of an address, or asks for a private note."""
        numbers = self.luck.numbers
        other = next(other for other in self.clinic.houses if other is not house)
        who = other.one(numbers.choice((*NOSY, "medical_director")))
        paths = [f"clients/{program['client']}/", f"programs/{program['id']}/"]
        sessions = self.stack.get(house.one("medical_director"), "sessions/", program=program["id"])
        paths += [f"sessions/{row['id']}/readings/" for row in sessions.data["results"][:1]]
        self.stack.get(who, numbers.choice(paths))
        if self.private:
            role = numbers.choice(("therapist", "medical_director"))
            self.stack.get(house.one(role, 1), f"psychotherapy-notes/{numbers.choice(self.private)}/")

    def _write_privately(self, house: House, session: Row) -> None:
        """A therapist writes for nobody else; in the evenings others ask for it."""
        body = {"session": session["id"], "text": "For my eyes alone."}
        made = self.stack.post(house.one("therapist"), "psychotherapy-notes/", body)
        self.private += [made.data["id"]] if made.ok else []

    def verify(self) -> None:
        """`verify_audit` at the end of a world: whatever waits is sealed, and every chain is walked."""
        told = io.StringIO()
        with clock.fixed(self.stack.schedule.now):
            try:
                call_command("verify_audit", stdout=told)
            except CommandError as problem:
                self.judge.holds(CHAIN, False, str(problem))
                return
        walked = "audit chain: every link holds." in told.getvalue()
        self.judge.holds(CHAIN, walked, told.getvalue())
