"""The people and rooms of a location: who is away, who leaves and who comes, what closes, and who sees to the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.simulation.clinic import HOURS, House, Practice
from tests.simulation.habits import Chance
from tests.simulation.schedule import Story
from tests.simulation.stack import FIRST, PASSWORD, Answer, Person, moment

Row = dict[str, Any]
SEEN = ("starts_at", "ends_at", "room", "staff", "modality")
REPLACED = ("nurse_practitioner", "therapist")  # roles that two hold, so that one can go
AWAY = (*REPLACED, "prescriber", "medical_director", "front_desk")
CALLED_OFF = "Nobody is there for it."


@dataclass
class Roster:
    """One location's staff and rooms, from morning to morning."""

    clinic: Practice
    house: House
    chance: Chance
    hired: int = 0
    students: bool = False
    closed: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.clinic.stack.schedule.now

    @property
    def today(self) -> date:
        return self.house.local(self.now).date()

    def days(self) -> Story:
        """What comes up in the morning; each of it is a story of its own."""
        morning: tuple[tuple[str, Callable[[], Story]], ...] = (
            ("is away", self.away),
            ("leaves the practice", self.leaves),
            ("works other hours", self.other_hours),
            ("closes a room", self.room_closes),
            ("closes a day", self.day_closes),
            ("loses a licence", self.licence_ends),
        )
        while True:
            yield self.house.clock(self.today + timedelta(days=1), self.chance.numbers.uniform(6.5, 7.8))
            if self.today.weekday() == 6:
                continue
            for habit, story in morning:
                if self.chance.does(habit):
                    self._later(habit, story())
            if self.students:
                self.cosign()

    def _later(self, name: str, story: Story) -> None:
        self.clinic.stack.schedule.live(story, name=f"{name} at {self.house.id}")

    def post(self, who: Person, path: str, body: Any = None) -> Answer:
        return self.clinic.stack.post(who, path, body)

    # --- somebody is away -----------------------------------------------------------------------------------------

    def away(self) -> Story:
        """Planned, or ill this morning: what it breaks is looked at, and each booking moves or is cancelled."""
        numbers = self.chance.numbers
        who = numbers.choice([one for role in AWAY for one in self.house.team[role]])
        ill = numbers.random() < 0.4
        first = self.today if ill else self.today + timedelta(days=numbers.randint(2, 9))
        begins = self.now if ill else self.house.clock(first, 0)
        over = self.house.clock(first + timedelta(days=numbers.randint(1, 3)), 0)
        span = {"starts_at": moment(begins), "ends_at": moment(over), "reason": "Ill." if ill else "Leave."}
        by = self.house.one("front_desk")
        kept = self.post(by, f"staff/{who.id}/time-off/", span)  # enough where nothing is booked
        if not kept.ok:
            kept = self._settled(by, who, span)
        path = f"staff/{who.id}/time-off/{kept.data['id']}/cancel/" if kept.ok else ""
        if path and self.chance.does("comes back early"):
            yield max(self.now + timedelta(hours=3), begins - timedelta(hours=20))
            self.post(by, path, {"reason": "Is here after all."})

    def _settled(self, by: Person, who: Person, span: Row) -> Answer:
        """The absence with a way for each booking; what does not fit the first time is called off."""
        asked = {"user": who.id, "starts_at": span["starts_at"], "ends_at": span["ends_at"]}
        kept = self.post(by, "absences/preview/", asked)
        for attempt in range(3):
            shown = kept if attempt == 0 else self.post(by, "absences/preview/", asked)
            if not shown.ok:
                return shown
            moves = [self._way(row, cancel=attempt > 0) for row in _booked(shown)]
            if attempt == 0 and moves and self.chance.does("forgets a booking"):
                moves.pop()
            kept = self.post(by, "absences/", span | {"user": who.id, "moves": moves})
            if kept.ok:
                return kept
        return kept

    def _way(self, row: Row, *, cancel: bool = False) -> Row:
        ways = row["replacements"]
        if cancel or not ways:
            return {"session": row["id"], "cancel": True, "reason": CALLED_OFF}
        way = ways[0] if self.chance.numbers.random() < 0.7 else self.chance.numbers.choice(ways)
        return {"session": row["id"], "reason": "Somebody is away."} | {name: way[name] for name in SEEN}

    # --- somebody or something goes -------------------------------------------------------------------------------

    def leaves(self) -> Story:
        """An account is closed at once. Somebody new comes for it, at times a student whose notes are cosigned."""
        role = self.chance.numbers.choice(REPLACED)
        place = self.chance.numbers.randrange(len(self.house.team[role]))
        who = self.house.team[role][place]
        gone = self.clinic.stack.patch(self.clinic.admin, f"staff/{who.id}/", {"is_active": False})
        self.hire(role, place)
        yield self.now + timedelta(minutes=self.chance.numbers.uniform(20, 200))
        self.repair(gone)

    def hire(self, role: str, place: int) -> None:
        admin, self.hired = self.clinic.admin, self.hired + 1
        student = role == "therapist" and self.chance.does("is a student")
        number = self.clinic.houses.index(self.house)
        body: Row = {
            "email": f"{role}.new{self.hired}.{number}@sim.test",
            "name": f"{role} new {number}{self.hired}",
            "roles": [role],
            "locations": [self.house.id],
            "password": FIRST,
            "credentials": "LCSW" if role == "therapist" else "FNP",
            "npi": "1003000126",
            "license": {"number": f"N-{number}{self.hired}", "state": "CO"},
            "kap_trained": role == "therapist",
            "needs_cosign": student,
            "monitor_capacity": 2,
        }
        made = self.clinic.must(admin, "staff/", body)
        self.clinic.stack.put(admin, f"staff/{made['id']}/working-hours/", self._hours())
        person = Person(body["email"], id=made["id"], name=made["name"])
        self.clinic.stack.begin(person)
        self.house.team[role][place] = person
        self.students = self.students or student

    def _hours(self, *, without: int | None = None, until: str = "19:00") -> list[Row]:
        rows = [row for row in HOURS if row["weekday"] != without]
        return [row | {"location": self.house.id, "to": until} for row in rows]

    def other_hours(self) -> Story:
        """A day of the week less, or home earlier, for some weeks."""
        numbers = self.chance.numbers
        who = numbers.choice([one for role in REPLACED for one in self.house.team[role]])
        fewer = numbers.random() < 0.6
        hours = self._hours(without=numbers.randrange(6)) if fewer else self._hours(until="15:00")
        path = f"staff/{who.id}/working-hours/"
        asked = self.clinic.stack.put(self.clinic.admin, path, {"hours": hours})
        if asked.code == "unresolved_sessions":
            asked = self.clinic.stack.put(self.clinic.admin, path, {"hours": hours, "leave_unresolved": True})
            yield self.now + timedelta(minutes=numbers.uniform(20, 300))
            self.repair(asked)
        yield self.house.clock(self.today + timedelta(days=numbers.randint(5, 12)), 7)
        self.clinic.stack.put(self.clinic.admin, path, {"hours": self._hours()})

    def room_closes(self) -> Story:
        """Water damage: the room closes with what is booked in it, and opens again after some days."""
        numbers = self.chance.numbers
        path = f"rooms/{numbers.choice(self.house.rooms)['id']}/"
        yield from self._changed(path, {"is_active": False})
        yield self.house.clock(self.today + timedelta(days=numbers.randint(2, 5)), 7)
        self.clinic.stack.patch(self.clinic.admin, path, {"is_active": True})

    def day_closes(self) -> Story:
        day = self.today + timedelta(days=self.chance.numbers.randint(1, 9))
        if day.isoformat() not in self.closed:
            self.closed.append(day.isoformat())
            yield from self._changed(f"locations/{self.house.id}/", {"closed_dates": list(self.closed)})

    def _changed(self, path: str, change: Row) -> Story:
        """Refused over what is booked; some of it moves with the change, the rest is left to the front desk."""
        asked = self.clinic.stack.patch(self.clinic.admin, path, change)
        if asked.code != "unresolved_sessions":
            return
        body = change | {"leave_unresolved": True}
        if self.chance.numbers.random() < 0.3:
            words = {"cancel": True, "reason": CALLED_OFF}
            body |= {"moves": [{"session": row["id"]} | words for row in asked.data["unresolved"][:2]]}
        left = self.clinic.stack.patch(self.clinic.admin, path, body)
        yield self.now + timedelta(minutes=self.chance.numbers.uniform(20, 300))
        self.repair(left)

    def licence_ends(self) -> Story:
        """Without a licence somebody works at the desk until it is renewed."""
        role = self.chance.numbers.choice(REPLACED)
        who = self.chance.numbers.choice(self.house.team[role])
        left = self._roles(who, ["front_desk"])
        for path in ("medications/", "screenings/", "alarms/"):
            self.clinic.stack.get(who, path)
        yield self.now + timedelta(minutes=self.chance.numbers.uniform(20, 300))
        self.repair(left)
        yield self.house.clock(self.today + timedelta(days=self.chance.numbers.randint(2, 6)), 7)
        if who in self.house.team[role]:
            self._roles(who, [role])

    def _roles(self, who: Person, roles: list[str]) -> Answer:
        answer = self.clinic.stack.patch(self.clinic.admin, f"staff/{who.id}/", {"roles": roles})
        if answer.ok:
            who.roles = tuple(roles)
            self.clinic.stack.sign_in(who)  # with other roles they begin anew
        return answer

    # --- what was left --------------------------------------------------------------------------------------------

    def repair(self, answer: Answer) -> None:
        """The front desk finds a new time and people for what was left, or calls it off; some it forgets."""
        desk, stack = self.house.one("front_desk"), self.clinic.stack
        for left in answer.data.get("unresolved", []) if answer.ok else []:
            if self.chance.does("forgets a booking"):
                continue
            session = stack.get(desk, f"sessions/{left['id']}/").data
            if session.get("status") != "scheduled":
                continue
            path = f"sessions/{session['id']}/"
            slot = self.free(session)
            if slot is None or not stack.post(desk, f"{path}reschedule/", slot).ok:
                stack.post(desk, f"{path}cancel/", {"reason": CALLED_OFF})

    def free(self, session: Row) -> Row | None:
        """A free start for this session, as the body of a move."""
        query = {
            "program": session["program"],
            "kind": session["kind"],
            "from": max(session["starts_at"], moment(self.now)),
            "modality": session["modality"],
            "page_size": 5,
        }
        found = self.clinic.stack.get(self.house.one("front_desk"), "availability/", **query)
        if not found.ok or not found.data["results"]:
            return None
        slot = self.chance.numbers.choice(found.data["results"])
        return {name: slot[name] for name in SEEN} | {"reason": "Somebody or something is gone."}

    def cosign(self) -> None:
        """A licensed colleague reads what the students wrote."""
        by = self.house.one("prescriber")
        waiting = self.clinic.stack.rows(by, "tasks/", kind="note_cosign", state="open")
        for row in waiting:
            if not self.chance.does("leaves it open"):
                self.post(by, f"notes/{row['subject_id']}/cosign/", {"password": PASSWORD})


def _booked(shown: Answer) -> list[Row]:
    """The bookings of a preview; a slot that is only held for a dose is held anew by itself."""
    return [row for row in shown.data["sessions"] if row["status"] != "held"]
