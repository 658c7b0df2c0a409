"""A simulated client from the first call to the last session, and the people who see to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.simulation import ailments, rivals
from tests.simulation.bodies import Body
from tests.simulation.clinic import ADDRESS, House, Practice
from tests.simulation.habits import Chance
from tests.simulation.protocols import Treatment, first_course, treatment_of
from tests.simulation.schedule import Story
from tests.simulation.slots import came_after_all, from_plan, kept, moved_back, seated
from tests.simulation.stack import PASSWORD, Answer, Person, Stack, moment

Row = dict[str, Any]
DRUGS = (
    "Zoloft 50 mg daily",
    "lorazepam 1 mg at night",
    "Nardil 15 mg",
    "mystery pill",
    "metformin 500 mg",
    "lisinopril 10 mg with food",
)
AT_HOME = {
    "state": "CO",
    "address": "1 Example Street",
    "emergency_department": "Example Hospital",
    "ems_phone": "303-555-0911",
}


@dataclass
class Life:
    """One client at one location. Each act is asked of the API by whoever does it."""

    clinic: Practice
    house: House
    number: int
    chance: Chance
    body: Body = field(init=False)
    client: Row = field(default_factory=dict)
    program: Row = field(default_factory=dict)
    protocol: Row = field(default_factory=dict)
    courses: int = 0
    hurries: bool = False  # wants the next dose at once
    last_order: Row | None = None
    events: list[Row] = field(default_factory=list)  # bad reactions
    forms: list[tuple[str, datetime]] = field(default_factory=list)  # sessions whose REMS form is not sent
    planned: list[Row] = field(default_factory=list)  # booked ahead, by a plan or from the waitlist

    def __post_init__(self) -> None:
        self.body = Body.random(self.chance.numbers)

    # --- short names ------------------------------------------------------------------------------------------

    @property
    def stack(self) -> Stack:
        return self.clinic.stack

    @property
    def now(self) -> datetime:
        return self.stack.schedule.now

    @property
    def desk(self) -> Person:
        return self.house.one("front_desk")

    @property
    def nurse(self) -> Person:
        return self.house.one("nurse_practitioner", self.number)

    @property
    def therapist(self) -> Person:
        return self.house.one("therapist", self.number)

    @property
    def prescriber(self) -> Person:
        return self.house.one("prescriber")

    @property
    def director(self) -> Person:
        return self.house.one("medical_director")

    @property
    def treatment(self) -> Treatment:
        return treatment_of(self.protocol)

    def does(self, habit: str) -> bool:
        return self.chance.does(habit)

    def twice(self, who: Person, path: str, body: Any = None, **meanwhile: Any) -> Answer:
        """An act that some do by a double click: two requests, each with a key of its own."""
        answer = rivals.post(self, who, path, body, **meanwhile)
        if self.does("clicks twice"):
            self.stack.post(who, path, body)
        return answer

    def minutes(self, low: float, high: float) -> datetime:
        return self.now + timedelta(minutes=self.chance.numbers.uniform(low, high))

    def next_day(self, days: int = 1, hour: float = 9.5) -> datetime:
        day = self.house.local(self.now).date() + timedelta(days=days)
        while day.weekday() == 6:
            day += timedelta(days=1)
        return self.house.clock(day, hour)

    # --- the way in -------------------------------------------------------------------------------------------

    def register(self) -> bool:
        body = {
            "legal_first_name": f"Client{self.number}",
            "legal_last_name": f"Sample{self.number}",
            "date_of_birth": str(date(1950 + self.number % 50, 1 + self.number % 12, 1 + self.number % 28)),
            "administrative_sex": "FMXU"[self.number % 4],
            "phone": f"303-555-{self.number % 10000:04d}",
            "address": ADDRESS,
            "communication_consent": {"email": True, "sms": False, "phone": True},
            "email": f"client{self.number}@example.test",
            "locations": [self.house.id],
        }
        self.client = self.stack.post(self.desk, "clients/", body).data
        self.protocol = first_course(self.chance.numbers, self.clinic.protocols)
        opened = self.open_program()
        if self.does("opens a second course"):
            first = self.program
            if not self.open_program():
                self.program = first
        return opened

    def asked_for(self) -> Row:
        kap = self.protocol["program_type"] == "kap"
        return {
            "client": self.client["id"],
            "protocol": self.protocol["id"],
            "location": self.house.id,
            "therapist": self.therapist.id if kap else None,
            "prescriber": self.prescriber.id,
            "diagnosis": "F33.2",
            "accepted_modalities": ["in_person", "video"],
        }

    def open_program(self, **more: Any) -> bool:
        answer = rivals.post(self, self.desk, "programs/", self.asked_for() | more)
        self.program = answer.data if answer.ok else {}
        if answer.ok:
            self.house.courses.append(self.program["id"])
        return answer.ok

    def screen(self) -> Story:
        """Asked, measured, submitted and decided; answers whether the client is cleared is the API's to know."""
        asked = self.stack.get(self.nurse, "screenings/conditions/").data
        rows = asked["results"] if isinstance(asked, dict) else asked
        answers = {row["code"]: False for row in rows} | ailments.told(self)
        signs = self.body.signs(self.now)
        pressure = {name: signs[name] for name in ("systolic", "diastolic", "heart_rate")}
        listed = [{"text": self.chance.numbers.choice(DRUGS)}] if self.chance.numbers.random() < 0.4 else []
        body = {
            "program": self.program["id"],
            "answers": answers,
            "blood_pressures": [
                pressure | {"measured_at": moment(self.now - timedelta(minutes=before))} for before in (5, 0)
            ],
            "medications": listed,
        }
        draft = self.stack.post(self.nurse, "screenings/", body)
        if not draft.ok:
            return
        path = f"screenings/{draft.data['id']}/"
        submitted = self.stack.post(self.nurse, f"{path}submit/")
        yield self.minutes(20, 180)
        if self.does("starts another drug"):
            self.take_drug()
        for _ in range(3):
            found = submitted.data.get("findings", []) if submitted.ok else []
            words = [
                {"finding": row["id"], "resolution": "Looked at and accepted."}
                for row in found
                if row["severity"] in ("relative", "unknown")
            ]
            decision = {"decision": "cleared", "rationale": "Suitable for the course.", "resolutions": words}
            drug = rivals.takes_drug(self)
            decided = rivals.post(self, self.prescriber, f"{path}decide/", decision, rivals=[drug])
            if decided.code == "absolute_finding":
                ailments.excluded(self, path)
            if decided.code != "screening_outdated":
                return
            submitted = self.stack.post(self.nurse, f"{path}submit/")
            yield self.minutes(5, 30)

    def take_drug(self) -> None:
        body = {"client": self.client["id"], "text": self.chance.numbers.choice(DRUGS)}
        self.stack.post(self.nurse, "medications/", body)

    def consent(self) -> None:
        draft = self.stack.post(
            self.nurse, "consents/", {"program": self.program["id"], "document": "kap_treatment"}
        )
        if draft.ok and not self.does("signs no consent"):
            signed = {"signer_name": f"Client{self.number} Sample{self.number}", "method": "typed"}
            self.stack.post(self.nurse, f"consents/{draft.data['id']}/sign/", signed)

    def cssrs(self) -> None:
        thinks = self.does("thinks of dying")
        answers = self.chance.numbers.choice(([1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0])) if thinks else [0] * 6
        body = {
            "program": self.program["id"],
            "instrument": "cssrs",
            "form": "since_last_contact",
            "answers": answers,
            "taken_at": moment(self.now),
            "administered_by": "nurse practitioner",
        }
        self.stack.post(self.nurse, "measures/", body)

    # --- booking ----------------------------------------------------------------------------------------------

    def book(self, kind: str, start: datetime, **more: Any) -> Row | None:
        """The first or a later free start of the next two weeks; nothing when there is none."""
        ready = from_plan(self, kind)
        if ready is not None:
            return ready
        home = kind == "dosing" and self.protocol.get("home_dosing")
        query = {
            "program": self.program["id"],
            "kind": kind,
            "from": moment(start),
            "to": moment(start + timedelta(days=14)),
            "modality": "video" if home else "in_person",
            "page_size": 8,
        }
        found = self.stack.get(self.desk, "availability/", **query)
        if not found.ok or not found.data["results"]:
            return None
        slot = self.chance.numbers.choice(found.data["results"])
        body = slot | {"program": self.program["id"], "kind": kind} | more
        if home:
            body["client_location"] = AT_HOME
        other = rivals.asked(self, self.desk, "sessions/", body | {"program": self._other(kind)})
        among = [other] if kind == "preparation" else []
        answer = self.twice(self.desk, "sessions/", kept(self, body), rivals=among)
        if other.answer is not None:  # the other desk was first, and has another time for its own client
            path, words = f"sessions/{other.answer['id']}/cancel/", {"reason": "Another time suits better."}
            self.stack.post(self.desk, path, words)
        return answer.data if answer.ok else None

    def _other(self, kind: str) -> str:
        """Somebody else of this location, whom the other desk would put into the same slot."""
        return self.chance.numbers.choice(self.house.courses)

    def look(self, session: Row) -> Row:
        """The session as it is now: others have been at work."""
        found = self.stack.get(self.desk, f"sessions/{session['id']}/")
        return found.data if found.ok else session

    def before(self, session: Row) -> Row | None:
        """What befalls a booking before its day; the session as it then stands, or nothing."""
        path = f"sessions/{session['id']}/"
        if self.does("tries on another day"):
            self.stack.post(self.desk, f"{path}check-in/")
        if self.does("calls to cancel"):
            self.stack.post(self.desk, f"{path}cancel/", {"reason": "The client called."})
            return None
        if self.does("calls to move"):
            session = moved_back(self, session, self.move(session))
        return session

    def move(self, session: Row) -> Row:
        query = {
            "program": self.program["id"],
            "kind": session["kind"],
            "from": session["ends_at"],
            "modality": session["modality"],
            "page_size": 5,
        }
        found = self.stack.get(self.desk, "availability/", **query)
        if not found.ok or not found.data["results"]:
            return session
        slot = self.chance.numbers.choice(found.data["results"])
        body = {name: slot[name] for name in ("starts_at", "ends_at", "room", "staff")}
        moved = self.twice(
            self.desk, f"sessions/{session['id']}/reschedule/", body | {"reason": "The client asked."}
        )
        return moved.data if moved.ok else self.look(session)

    def starts(self, session: Row) -> datetime:
        return datetime.fromisoformat(session["starts_at"])

    def ends(self, session: Row) -> datetime:
        return datetime.fromisoformat(session["ends_at"])

    # --- a session that is no dose ------------------------------------------------------------------------------

    def visit(self, session: Row, *, by: Person | None = None) -> Story:
        """Received, begun, ended and written up: on the day, or all of it the day after."""
        by = by or seated(self, session)
        path = f"sessions/{session['id']}/"
        if self.does("stays away"):
            yield self.starts(session) + timedelta(minutes=30)
            self.stack.post(self.desk, f"{path}no-show/", {"reason": "Did not come."})
            if not came_after_all(self, path):
                return
        if self.does("writes it down later"):
            yield self.ends(session) + timedelta(hours=self.chance.numbers.uniform(1, 30))
            begun, ended = {"at": session["starts_at"]}, {"at": session["ends_at"]}
            self.stack.post(self.desk, f"{path}check-in/", begun)
            self.stack.post(by, f"{path}start/", begun)
            self.stack.post(by, f"{path}complete/", ended)
        else:
            late = self.chance.numbers.uniform(5, 25) if self.does("comes late") else 0
            yield self.starts(session) + timedelta(minutes=late - 3)
            cancelled = rivals.cancels(self, path)
            self.twice(self.desk, f"{path}check-in/", rivals=[cancelled, rivals.step(self, "obligations")])
            if self.does("leaves it open"):
                return
            self.twice(by, f"{path}start/", rivals=[cancelled])
            yield self.ends(session)
            self.twice(by, f"{path}complete/", rivals=[cancelled, rivals.step(self, "obligations")])
            if self.does("takes it back"):
                self.stack.post(by, f"{path}undo/", {"move": "complete", "reason": "Not over yet."})
                yield self.minutes(3, 20)
                self.stack.post(by, f"{path}complete/")
        yield self.minutes(5, 120)
        self.note(session, by=by)

    def note(self, session: Row, *, by: Person) -> None:
        body = {
            "session": session["id"],
            "kind": note_kind(session, by),
            "frame": "dap",
            "sections": {"data": "Came and spoke."},
        }
        draft = self.stack.post(by, "notes/", body)
        if not draft.ok:
            return
        sections = {"data": "Came and spoke.", "assessment": "Steady.", "plan": "Go on."}
        self.stack.patch(by, f"notes/{draft.data['id']}/", {"sections": sections})
        self.twice(by, f"notes/{draft.data['id']}/sign/", {"password": PASSWORD})

    def tried(self, act: Callable[[], Answer]) -> bool:
        """Whether the act was taken."""
        return act().ok


def note_kind(session: Row, by: Person) -> str:
    """A session of maintenance is written up as therapy or as a medical visit."""
    if session["kind"] != "maintenance":
        return str(session["kind"])
    return "medical" if "prescriber" in by.roles else "integration"
