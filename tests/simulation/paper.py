"""A dosing day that was lived on paper while the server was away, and entered afterwards: late, mixed up, by two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.dosing import ESCORT, STATED, DosingDay
from tests.simulation.life import Row
from tests.simulation.schedule import Story
from tests.simulation.stack import Answer, Person, moment

WHY = "The server was away: from the paper of the day."
LONG_AGO = timedelta(days=7)
MINUTE = timedelta(minutes=1)
Line = Callable[[], Answer | None]


class PaperDay:
    """The sheet of one session: each line is entered with the time that stands on it."""

    def __init__(self, day: DosingDay) -> None:
        self.day, self.life = day, day.life
        start = self.life.starts(day.session)
        uniform = self.life.chance.numbers.uniform
        self.came = start + timedelta(minutes=uniform(-10, 15))
        self.dosed = self.came + timedelta(minutes=uniform(20, 45))
        self.left = self.dosed + timedelta(minutes=self.life.protocol["min_stay_min"] + uniform(5, 30))
        self.signs: list[Row] = []
        self.readings: list[Line] = []

    def lived(self) -> Story:
        """Nobody can enter anything that day; then one sits down with the sheet, or two do."""
        life, numbers = self.life, self.life.chance.numbers
        self._measure()
        days = numbers.choice((1, 1, 1, 3, 3, 8))
        yield max(life.next_day(days, numbers.uniform(9, 16)), self.left + timedelta(hours=1))
        lines = self._sheet()
        if life.does("enters it in a wrong order"):
            numbers.shuffle(lines)
        half = len(lines) // 2 if life.does("enters half of it") else len(lines)
        waiting = [line for line in lines[:half] if not self._entered(line)]
        if half < len(lines):
            yield life.next_day(1, 10)
            waiting += [line for line in lines[half:] if not self._entered(line)]
        in_order = [line for line in self._sheet() if line in waiting]
        for line in in_order:
            self._entered(line)
        if self.day.given is not None and life.does("held the integration on paper"):
            yield life.minutes(10, 90)
            self._integrated()

    def _entered(self, line: Line) -> bool:
        answer = line()
        if self.life.does("two enter one paper"):
            line()
        return answer is None or answer.ok

    # --- the lines ------------------------------------------------------------------------------------------------

    def _sheet(self) -> list[Line]:
        before, *after = self.readings
        given = [self.arrived, self.noted, self.screened, self.ordered, before, self.gave]
        return [*given, *after, self.discharged, self.over]

    def _measure(self) -> None:
        """What was read and written down by hand, before the dose and at the protocol's minutes after it."""
        life = self.life
        self.signs = [life.body.signs(self.came + 5 * MINUTE) | {"measured_at": self.came + 5 * MINUTE}]
        felt = [(self.dosed, self.day.route, 1.0)]
        before, life.body.doses = life.body.doses, life.body.doses + felt
        for minute in (*life.protocol["checks_min"], life.protocol["min_stay_min"] + 3):
            at = self.dosed + minute * MINUTE
            if not life.does("forgets a reading"):
                self.signs.append(life.body.signs(at) | {"measured_at": at})
        life.body.doses = before
        self.readings = [self._reading(row) for row in self.signs]

    def _reading(self, row: Row) -> Line:
        body = row | {"measured_at": moment(row["measured_at"])}
        return lambda: self._late(self.life.nurse, "readings/", body)

    def _late(self, who: Person, path: str, body: Any) -> Answer:
        """What is long past the medical director enters, with a reason."""
        life, by = self.life, who
        if life.now - self.left > LONG_AGO:
            by, body = life.director, body | {"override_reason": WHY}
        return life.stack.post(by, f"{self.day.path}{path}", body)

    def arrived(self) -> Answer:
        return self._late(self.life.desk, "check-in/", {"at": moment(self.came)})

    def noted(self) -> Answer:
        life = self.life
        body: Row = {"fasting_since": moment(self.came - timedelta(hours=10)), "escort": ESCORT}
        body |= {"weight_kg": str(life.body.weight), "weight_source": "measured"}
        return life.stack.patch(life.nurse, self.day.path, body)

    def screened(self) -> Answer:
        return self.life.stack.post(
            self.life.nurse,
            "measures/",
            {
                "program": self.life.program["id"],
                "instrument": "cssrs",
                "form": "since_last_contact",
                "answers": [0] * 6,
                "taken_at": moment(self.came + 6 * MINUTE),
                "administered_by": "nurse practitioner",
            },
        )

    def ordered(self) -> None:
        if self.day.order is None:
            self.day.write_order()

    def gave(self) -> Answer | None:
        """The dose, once a prescriber has stood for what was asked and noted on paper alone."""
        life, day = self.life, self.day
        shown = life.stack.get(life.nurse, f"{day.path}readiness/")
        for gate in shown.data["gates"] if shown.ok else []:
            if gate["state"] == "open" and gate["code"] in ("clearance", "safety_alert", "suicide_risk"):
                day.mend(gate)
            elif gate["state"] == "open" and "prescriber" in gate["overridable_by"]:
                body = {"gate": gate["code"], "reason": WHY}
                life.stack.post(life.prescriber, f"{day.path}override/", body)
        late = life.now - self.left > LONG_AGO
        more = {"override_reason": WHY} if late else {}
        return day.give(at=self.dosed, by=life.director if late else life.nurse, **more)

    def discharged(self) -> Answer:
        body = {
            "checklist": dict.fromkeys(STATED, True),
            "escort_present": True,
            "discharged_at": moment(self.left),
        }
        return self._late(self.life.nurse, "discharge/", body)

    def over(self) -> Answer:
        if self.day.given is None:
            body = {"reason": "Not dosed, says the paper.", "at": moment(self.left)}
            return self._late(self.life.nurse, "not-dosed/", body)
        return self._late(self.life.nurse, "complete/", {"at": moment(self.left + 5 * MINUTE)})

    # --- the integration of those days ----------------------------------------------------------------------------

    def _integrated(self) -> None:
        """It took place on paper too: what the scheduler has booked for it meanwhile gives way."""
        life = self.life
        owed = [
            row
            for row in life.stack.rows(life.desk, "obligations/", program=life.program["id"])
            if row["dosing_session"] == self.day.session["id"] and row["state"] in ("due", "booked", "missed")
        ]
        if not owed:
            return
        began = datetime.fromisoformat(owed[0]["window_start"]) + timedelta(hours=1)
        over = began + timedelta(minutes=life.protocol["lengths_min"]["integration"])
        if over > life.now or life.now - began > LONG_AGO:
            return
        body = {
            "program": life.program["id"],
            "kind": "integration",
            "modality": "video",
            "starts_at": moment(began),
            "ends_at": moment(over),
            "staff": [{"user": life.therapist.id, "role": "therapist"}],
            "obligation": owed[0]["id"],
            "override_reason": WHY,
        }
        session = life.twice(life.desk, "sessions/", body)
        if not session.ok:
            return
        path = f"sessions/{session.data['id']}/"
        life.stack.post(life.desk, f"{path}check-in/", {"at": moment(began)})
        life.stack.post(life.therapist, f"{path}start/", {"at": moment(began)})
        life.stack.post(life.therapist, f"{path}complete/", {"at": moment(over)})
        life.note(session.data, by=life.therapist)


def entered(day: DosingDay) -> Story:
    """The day of `day`, on paper."""
    return PaperDay(day).lived()
