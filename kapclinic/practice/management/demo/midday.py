"""The demo clinic's past month and its day up to now, lived through the API in the order in which it happened.

At midday three rooms are in use. One check is late, one pressure is amber, one integration window closes in hours and
has no slot, somebody on the waitlist can have a slot that came free, and one dose is ready but for the ride home.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from kapclinic.core import clock
from kapclinic.practice.management.demo import places
from kapclinic.practice.management.demo.desk import get, patch, post

if TYPE_CHECKING:
    from kapclinic.practice.management.demo.seeding import Seeder

ASKED = ("identifiers", "not_intoxicated", "equipment", "contraindications", "pdmp")
STATED = ("oriented", "walks_unaided", "symptoms_tolerable", "safety_addressed", "instructions_given")
RIDE = {"name": "Alex Example", "phone": "303-555-0177", "relationship": "friend"}
CHECKED = (15, 30, 45, 60, 90, 120)  # minutes after the dose
CLOSES = 135  # minutes from now: before the first therapist is free again
LENGTH = {"preparation": 60, "dosing": 180, "integration": 60, "medical": 60}
AMBER = (165, 98, 96)
WORDS = {
    "data": "Demo: spoke of the week and of what came up.",
    "assessment": "Demo: steady.",
    "plan": "Demo: meet again as planned.",
}
Moves = tuple[tuple[int, Callable[[], Any]], ...]


@dataclass
class Course:
    """One guest's program, as far as it has come; `by` is the login of the therapist, `room` a number."""

    who: dict[str, Any]
    program: dict[str, Any]
    by: str
    room: int
    sessions: list[dict[str, Any]] = field(default_factory=list)


class Midday:
    """Acts are put on a list, each with its moment, and played in the order of the clock."""

    def __init__(self, seeder: Seeder, *, where: str, protocols: list[dict[str, Any]]) -> None:
        self.seeder, self.where, self.protocols = seeder, where, protocols
        self.people = seeder.people
        now = seeder.now
        self.now = now - timedelta(minutes=now.minute % 5, seconds=now.second, microseconds=now.microsecond)
        self.acts: list[tuple[datetime, Callable[[], Any]]] = []
        self.courses: dict[str, Course] = {}

    def play(self) -> None:
        self._courses()
        self._play()
        self._the_past()
        self._this_morning()
        self._now()
        self._play()

    def _play(self) -> None:
        for moment, act in sorted(self.acts, key=lambda one: one[0]):
            with clock.fixed(moment):
                act()
        self.acts.clear()

    # --- when and who -----------------------------------------------------------------------------------------

    def _at(self, days: int, hour: int, minute: int = 0) -> datetime:
        """So many days from today, at that hour of the clinic."""
        zone = self.seeder.zone
        day = self.now.astimezone(zone).date() + timedelta(days=days)
        return datetime.combine(day, time(hour, minute), tzinfo=zone)

    def _in(self, minutes: int) -> datetime:
        return self.now + timedelta(minutes=minutes)

    def _put(self, start: datetime, *moves: tuple[int, Callable[[], Any]]) -> None:
        """Each of `moves` is so many minutes after `start`."""
        self.acts += [(start + timedelta(minutes=minute), move) for minute, move in moves]

    def _courses(self) -> None:
        """Name -> therapist, room, protocol; all were registered and cleared when the clinic opened."""
        usual, long = self.protocols[0], self.protocols[-1]
        rows = {
            "late": ("cotherapist", 1, usual),
            "amber": ("thirdtherapist", 3, usual),
            "ride": ("thirdtherapist", 3, long),
            "window": ("cotherapist", 1, usual),
            "waits": ("thirdtherapist", 2, usual),
            "freed": ("thirdtherapist", 2, usual),
            "visit": ("therapist", 2, usual),
            "early": ("therapist", 0, usual),
            "gone": ("therapist", 2, usual),
        }
        for day, (name, (by, room, protocol)) in enumerate(rows.items()):
            self._put(self._at(-28, 9, day), (0, partial(self._register, name, by, room, protocol)))

    def _register(self, name: str, by: str, room: int, protocol: dict[str, Any]) -> None:
        first, last, born = places.GUESTS[name]
        row = {"legal_first_name": first, "legal_last_name": last, "date_of_birth": born}
        who = self.seeder.client(row, self.where)
        program = self.seeder.program(who, protocol, self.where, therapist=by)
        self.seeder.clear(program)
        self.seeder.sign(program, who)
        self.courses[name] = Course(who, program, by, room)

    # --- the past -----------------------------------------------------------------------------------------------

    def _the_past(self) -> None:
        """Several doses each; that of `window` was three days ago, and nobody had time since."""
        for name, hour, doses in (
            ("late", 9, (-22, -15, -8)),
            ("amber", 13, (-19, -12)),
            ("ride", 9, ()),
            ("window", 13, ()),
        ):
            self._talk(name, "preparation", self._at(-27, hour))
            self._talk(name, "preparation", self._at(-25, hour))
            for day in doses:
                self._dose(name, self._at(day, hour))
                self._talk(name, "integration", self._at(day + 2, hour), of=self._at(day, hour))
        self._dose(
            "window", self._in(CLOSES - 20) - timedelta(days=3)
        )  # whoever could talk with them is busy

    def _talk(self, name: str, kind: str, start: datetime, *, of: datetime | None = None) -> None:
        """A session with the therapist, booked the day before, and its note."""
        self._put(
            start,
            (-24 * 60, partial(self._book, name, kind, start, of=of)),
            (0, partial(self._move, name, "check-in", "frontdesk")),
            (1, partial(self._move, name, "start", "")),
            (60, partial(self._move, name, "complete", "")),
            (70, partial(self._write, name)),
        )

    def _dose(
        self, name: str, start: datetime, *, dosed: int = 20, checks: tuple[int, ...] = CHECKED
    ) -> None:
        """A dosing session to its end, `dosed` minutes after its start."""
        self._put(start, *self._before(name, start, dosed=dosed))
        self._put(start, *((dosed + minute, partial(self._read, name)) for minute in checks))
        end = dosed + CHECKED[-1]
        self._put(
            start,
            (end + 5, partial(self._home, name)),
            (end + 6, partial(self._move, name, "complete", "np")),
            (end + 16, partial(self._write, name)),
        )

    def _before(self, name: str, start: datetime, *, dosed: int, ride: bool = True) -> Moves:
        return (
            (-24 * 60, partial(self._book, name, "dosing", start)),
            (0, partial(self._move, name, "check-in", "frontdesk")),
            (2, partial(self._ask, name, ride=ride)),
            (4, partial(self._order, name)),
            (6, partial(self._read, name)),
            (dosed, partial(self._give, name)),
        )

    # --- this day -------------------------------------------------------------------------------------------------

    def _this_morning(self) -> None:
        early, gone = self._in(-180), self._in(-150)
        self._talk("early", "preparation", early)
        self._put(
            gone,
            (-24 * 60, partial(self._book, "gone", "medical", gone, by="prescriber")),
            (20, partial(self._move, "gone", "no-show", "frontdesk", {"reason": "Nobody answers the phone"})),
        )
        late, amber = self._in(-75), self._in(-120)
        self._put(late, *self._before("late", late, dosed=24))
        self._put(late, *((24 + minute, partial(self._read, "late")) for minute in (15, 30)))
        self._put(amber, *self._before("amber", amber, dosed=35))
        self._put(amber, *((35 + minute, partial(self._read, "amber")) for minute in (15, 30, 45, 60)))
        self._put(amber, (119, partial(self._read, "amber", AMBER)))

    def _now(self) -> None:
        visit, ride, tomorrow = self._in(-25), self._in(75), self._at(1, 10)
        after = self.seeder.first_dose() + timedelta(minutes=LENGTH["dosing"])
        self._put(self._at(-1, 9, 30), (0, partial(self._book, "visit", "preparation", after)))
        self._put(
            visit,
            (-24 * 60, partial(self._book, "visit", "medical", visit, by="prescriber")),
            (0, partial(self._move, "visit", "check-in", "frontdesk")),
            (5, partial(self._move, "visit", "start", "prescriber")),
        )
        arrive, *before = self._before("ride", ride, dosed=0, ride=False)[:-1]
        self._put(ride, arrive)
        self._put(self._in(-15), *before)
        self._put(
            self._at(-2, 11),
            (0, partial(self._book, "freed", "preparation", tomorrow)),
            (5, self._wait),
            (9, self._leave),
        )
        reason = {"reason": "Caught a cold"}
        self._put(self.now, (-20, partial(self._move, "freed", "cancel", "frontdesk", reason)))

    def _wait(self) -> None:
        """Somebody who would like to come sooner."""
        body = {
            "program": self.courses["waits"].program["id"],
            "kind": "preparation",
            "window_from": self._at(0, 8).isoformat(),
            "window_to": self._at(6, 20).isoformat(),
        }
        post(self.people["frontdesk"], "waitlist/", body)

    def _leave(self) -> None:
        """The therapist of `window` goes after the session that runs: no slot is left before its end."""
        user = self.people["cotherapist"].user
        away = {"starts_at": self._in(105).isoformat(), "ends_at": self._at(1, 12).isoformat()}
        post(self.people["admin"], f"staff/{user.pk}/time-off/", away | {"reason": "Demo: training"})

    # --- single acts ------------------------------------------------------------------------------------------------

    def _book(
        self, name: str, kind: str, start: datetime, *, of: datetime | None = None, by: str = ""
    ) -> None:
        course = self.courses[name]
        seats = [(by or course.by, "prescriber" if by else "therapist")]
        seats += [("np", "nurse_practitioner")] * (kind == "dosing")
        body = {
            "program": course.program["id"],
            "kind": kind,
            "modality": "in_person",
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(minutes=LENGTH[kind])).isoformat(),
            "room": self.seeder.ids["rooms"][self.where][course.room],
            "staff": [{"user": str(self.people[login].user.pk), "role": role} for login, role in seats],
        }
        if of is not None:
            body["obligation"] = self._owed(course)
        course.sessions.append(post(self.people["frontdesk"], "sessions/", body))

    def _owed(self, course: Course) -> str:
        rows = get(self.people["frontdesk"], "obligations/", program=course.program["id"], state="due")
        found: str = rows["results"][0]["id"]
        return found

    def _move(self, name: str, move: str, by: str, body: dict[str, Any] | None = None) -> None:
        course = self.courses[name]
        post(self.people[by or course.by], f"sessions/{course.sessions[-1]['id']}/{move}/", body)

    def _ask(self, name: str, *, ride: bool) -> None:
        path, fasting = f"sessions/{self.courses[name].sessions[-1]['id']}/", timedelta(hours=9)
        noted = {
            "attestations": dict.fromkeys(ASKED, True),
            "fasting_since": (clock.now() - fasting).isoformat(),
        }
        patch(self.people["np"], path, noted)
        if ride:
            patch(self.people["frontdesk"], path, {"escort": RIDE})

    def _order(self, name: str) -> None:
        until = (clock.now() + timedelta(days=1)).isoformat()
        amounts = {"dose_mg": "100.000", "max_total_mg": "200.000", "valid_until": until}
        path = f"sessions/{self.courses[name].sessions[-1]['id']}/orders/"
        order = {"drug": "ketamine", "route": "sublingual"} | amounts
        self.courses[name].sessions[-1]["order"] = post(self.people["prescriber"], path, order)["id"]

    def _read(self, name: str, signs: tuple[int, int, int] = (124, 79, 70)) -> None:
        """Pressure, and pulse; each a little other than the last."""
        session = self.courses[name].sessions[-1]
        taken = session["taken"] = session.get("taken", 0) + 1
        systolic, diastolic, pulse = signs
        body = {
            "systolic": systolic + 3 * (taken % 4),
            "diastolic": diastolic + 2 * (taken % 3),
            "heart_rate": pulse + taken % 5,
            "spo2": 98,
            "sedation": 5,
            "measured_at": clock.now().isoformat(),
        }
        post(self.people["np"], f"sessions/{session['id']}/readings/", body)

    def _give(self, name: str) -> None:
        session = self.courses[name].sessions[-1]
        body = {
            "order": session["order"],
            "dose_mg": "100.000",
            "supply": "client_prescription",
            "administered_at": clock.now().isoformat(),
            "given_by": "self_observed",
        }
        post(self.people["np"], f"sessions/{session['id']}/administrations/", body)

    def _home(self, name: str) -> None:
        body = {
            "checklist": dict.fromkeys(STATED, True),
            "escort_present": True,
            "discharged_at": clock.now().isoformat(),
        }
        post(self.people["np"], f"sessions/{self.courses[name].sessions[-1]['id']}/discharge/", body)

    def _write(self, name: str) -> None:
        course = self.courses[name]
        session, author = course.sessions[-1], self.people[course.by]
        body = {"session": session["id"], "kind": session["kind"], "frame": "dap", "sections": WORDS}
        note = post(author, "notes/", body)
        post(author, f"notes/{note['id']}/sign/", {"password": self.seeder.password})
