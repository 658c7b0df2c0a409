"""A dosing day: what is asked and measured before the drug, the drug, the watch, and the way home."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.simulation import rivals, waiving
from tests.simulation.life import Life, Row
from tests.simulation.protocols import plus
from tests.simulation.safe import drawn, settle
from tests.simulation.schedule import Story
from tests.simulation.slots import came_after_all, seated
from tests.simulation.stack import PASSWORD, Answer, Person, moment

ASKED = ("identifiers", "not_intoxicated", "equipment", "contraindications", "pdmp")
STATED = ("oriented", "walks_unaided", "symptoms_tolerable", "safety_addressed", "instructions_given")
ESCORT = {"name": "Alex Example", "phone": "303-555-0177", "relationship": "friend"}


class DosingDay:
    """One session of one client."""

    def __init__(self, life: Life, session: Row) -> None:
        self.life, self.session = life, session
        self.path = f"sessions/{session['id']}/"
        self.route = life.protocol["route"]
        self.treatment = life.treatment
        self.order: Row | None = None
        self.given: datetime | None = None
        self.home = session["modality"] == "video"
        self.gone = False
        self.open_draws: list[Row] = []

    def lived(self) -> Story:
        life, path = self.life, self.path
        start = life.starts(self.session)
        if life.does("stays away"):
            yield start + timedelta(minutes=30)
            life.stack.post(life.desk, f"{path}no-show/", {"reason": "Did not come."})
            if not came_after_all(life, path):
                return
        late = life.chance.numbers.uniform(5, 30) if life.does("comes late") else 0
        yield start + timedelta(minutes=late - 5)
        meanwhile = [rivals.cancels(life, path), rivals.asked(life, life.nurse, f"{path}check-in/")]
        if not life.twice(life.desk, f"{path}check-in/", rivals=meanwhile).ok:
            return
        if life.does("takes it back"):
            life.stack.post(life.desk, f"{path}undo/", {"move": "check_in", "reason": "Clicked too soon."})
            yield life.minutes(2, 10)
            life.stack.post(life.desk, f"{path}check-in/")
        self.prepare()
        if life.does("tries before it is ready"):
            self.give()
        yield life.minutes(3, 8)
        if self.given is None:
            yield from self.ready()
        if self.given is None:
            life.twice(life.nurse, f"{path}not-dosed/", {"reason": "Not ready today."})
            return
        yield from self.watch()

    # --- before the drug ----------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """The first round of questions; some are forgotten."""
        life = self.life
        words = {
            code: not life.does("denies with a no") for code in ASKED if not life.does("forgets a question")
        }
        if self.home:
            words |= {"chaperone_trained": True, "video_on": True}
        words |= self.also()
        noted: dict[str, Any] = {"attestations": words}
        if not life.does("forgot to fast"):
            noted["fasting_since"] = moment(life.now - timedelta(hours=9))
        if not life.does("forgets a question"):
            noted |= {"weight_kg": str(life.body.weight), "weight_source": "measured"}
        life.stack.patch(life.nurse, self.path, noted)
        if not life.does("has no ride"):
            life.stack.patch(life.desk, self.path, {"escort": ESCORT})
        if not life.does("forgets a question"):
            life.cssrs()
        if not life.does("forgets a question"):
            self.write_order()
        self.read()

    def also(self) -> dict[str, bool]:
        """What this treatment asks beside the usual questions."""
        return {}

    def order_body(self) -> Row:
        return {
            "drug": self.treatment.drug,
            "route": self.route,
            "dose_mg": self.treatment.mg,
            "max_total_mg": self.treatment.most,
            "valid_until": moment(self.life.ends(self.session) + timedelta(hours=4)),
        }

    def write_order(self) -> None:
        life = self.life
        answer = life.twice(life.prescriber, f"{self.path}orders/", self.order_body())
        if answer.ok:
            self.order = answer.data

    def read(self, at: datetime | None = None) -> Answer:
        """A reading as the devices show it now; sometimes a digit is wrong, and voided a moment later."""
        life = self.life
        at = at or life.now
        signs = life.body.signs(at) | {"measured_at": moment(at)}
        wrong = life.does("types it wrong")
        answer = life.stack.post(
            life.nurse, f"{self.path}readings/", signs | ({"systolic": 251} if wrong else {})
        )
        if wrong and answer.ok:
            reading = f"{self.path}readings/{answer.data['id']}/void/"
            life.stack.post(life.nurse, reading, {"reason": "Typed wrong."})
            answer = life.stack.post(life.nurse, f"{self.path}readings/", signs)
        return answer

    def ready(self) -> Story:
        """Look what is missing, mend it, try again: at most four rounds."""
        life = self.life
        for _ in range(4):
            shown = life.stack.get(life.nurse, f"{self.path}readiness/")
            if not shown.ok:
                return
            missing = [
                gate for gate in shown.data["gates"] if gate["state"] == "open" and gate.get("blocks", True)
            ]
            if shown.data["ready"] or life.does("tries before it is ready"):
                self.give()
                if self.given is not None:
                    return
            for gate in missing:
                self.mend(gate)
            yield life.minutes(6, 12)

    def mend(self, gate: Row) -> None:
        life, code = self.life, gate["code"]
        if code in ASKED:
            life.stack.patch(life.nurse, self.path, {"attestations": {code: True}})
        elif code == "order":
            self.write_order()
        elif code == "vitals":
            self.read()
        elif code == "escort":
            life.stack.patch(life.desk, self.path, {"escort": ESCORT})
        elif code in ("suicide_screen", "home_risk"):
            life.cssrs()
        elif code == "weight":
            life.stack.patch(
                life.nurse, self.path, {"weight_kg": str(life.body.weight), "weight_source": "measured"}
            )
        elif code == "clearance":
            self.uphold()
        elif code in ("safety_alert", "suicide_risk"):
            self.answer_alerts()
        elif code == "integration_done" and life.chance.numbers.random() < 0.3:
            waiving.waive_all(life)
        if "prescriber" in gate["overridable_by"] and life.chance.numbers.random() < 0.3:
            body = {"gate": code, "reason": "Decided at the bedside."}
            life.stack.post(life.prescriber, f"{self.path}override/", body)

    def uphold(self) -> None:
        life = self.life
        rows = life.stack.rows(life.prescriber, "clearances/", program=life.program["id"])
        for row in rows:
            open_reasons = [reason for reason in row.get("reasons", []) if not reason["resolution"]]
            if row["state"] == "suspended" and open_reasons:
                words = [{"reason": reason["id"], "resolution": "Looked at."} for reason in open_reasons]
                body = {"rationale": "Still suitable.", "resolutions": words}
                life.stack.post(life.prescriber, f"clearances/{row['id']}/uphold/", body)

    def answer_alerts(self) -> None:
        """Acknowledged by whoever spoke with the client; released in words, of the worst kind on a safety plan."""
        life = self.life
        for row in life.stack.rows(life.prescriber, "safety-alerts/", client=life.client["id"]):
            path = f"safety-alerts/{row['id']}/"
            if row["status"] == "open":
                life.stack.post(life.prescriber, f"{path}acknowledge/", {"action": "Spoke with the client."})
            if row["holds_doses"] and not life.does("leaves it open"):
                words: Row = {"rationale": "Asked again, and sure of tonight."}
                if row["cause"] == "cssrs_high":
                    words |= {"safety_plan": self.plan_safety(), "not_alone": True}
                life.twice(life.prescriber, f"{path}release/", words)

    def plan_safety(self) -> str | None:
        life = self.life
        today = life.house.local(life.now).date().isoformat()
        body = {"client": life.client["id"], "text": "Call a friend, then the line.", "made_on": today}
        made = life.stack.post(life.prescriber, "safety-plans/", body)
        return made.data["id"] if made.ok else None

    # --- the drug -----------------------------------------------------------------------------------------------

    @property
    def amount(self) -> str:
        return self.treatment.mg if self.order is None else str(self.order["dose_mg"])

    def give(self, mg: str = "", **entered: Any) -> Answer | None:
        """The dose of the order, or a further one of so much; `entered`: when, by whom and how, from a paper."""
        life = self.life
        if self.order is None:
            return None
        mg = mg or self.amount
        answer = self.post_dose(self.order, mg, **entered)
        if answer.ok:
            at = datetime.fromisoformat(answer.data["administered_at"])
            self.given = self.given or at
            life.body.doses.append((at, self.route, float(mg) / float(self.treatment.mg)))
        if answer.ok and answer.data["drug_lot"] and not answer.data["given_mg"]:
            self.open_draws.append(answer.data)
        return answer

    def post_dose(
        self, order: Row, mg: str, *, at: datetime | None = None, by: Person | None = None, **more: Any
    ) -> Answer:
        life = self.life
        body: Row = {
            "order": order["id"],
            "dose_mg": mg,
            "supply": "client_prescription",
            "administered_at": moment(at or life.now),
            "given_by": "self_observed",
        } | more
        if self.treatment.from_stock:
            body |= self.from_stock(mg)
        path, same = f"{self.path}administrations/", self.by_another(body, at or life.now)
        another = rivals.asked(life, rivals.colleague(life, life.nurse), path, same)
        meanwhile = self.against() if self.given is None else [another]
        return life.twice(by or life.nurse, path, body, same=same, rivals=meanwhile)

    def by_another(self, body: Row, at: datetime) -> Row:
        """The same dose as the other nurse would give it a moment later, who has the first one as a witness."""
        later = body | {"administered_at": moment(at + timedelta(milliseconds=300))}
        witness = {"user": self.life.nurse.id, "password": PASSWORD}
        return later | ({"witness": witness} if "witness" in body else {})

    def against(self) -> list[rivals.Act]:
        """What others do while a dose is written down."""
        life, path = self.life, self.path
        none = rivals.asked(life, life.nurse, f"{path}not-dosed/", {"reason": "Not ready today."})
        program = f"programs/{life.program['id']}/"
        hold = rivals.asked(life, life.therapist, f"{program}hold/", {"reason": "Not well."})
        return [none, hold, rivals.takes_drug(life), rivals.cancels(life, path)]

    def from_stock(self, mg: str) -> Row:
        life, drug = self.life, self.treatment.drug
        ours = [lot for lot in life.house.lots if lot["drug"] == drug]
        lot = life.chance.numbers.choice(ours or life.house.lots)  # none left: the wrong one is reached for
        witness = life.house.one("nurse_practitioner", life.number + 1)
        body = {
            "supply": "clinic_stock",
            "given_by": "staff",
            "drug_lot": lot["id"],
            "drawn_mg": plus(mg, "10"),
            "given_mg": mg,
            "wasted_mg": "10",
            "witness": {"user": witness.id, "password": PASSWORD},
        }
        return drawn(life, body)

    # --- the watch ----------------------------------------------------------------------------------------------

    def watch(self) -> Story:
        """Every check that the protocol asks for, and home when the stay is over."""
        life = self.life
        assert self.given is not None
        for minute in self.minutes():
            planned = self.given + timedelta(minutes=minute)
            if planned > life.now:
                yield planned
            if life.does("forgets a reading"):
                continue
            self.read()
            self.answer_alarms()
            self.meanwhile(minute)
            if life.does("sends home early") and self.leave().ok:
                break
        yield max(self.until(), life.now)
        for _ in range(8):
            if self.gone:
                break
            self.read()
            self.answer_alarms()
            self.leave()
            yield life.minutes(8, 20)
        if life.does("leaves it open"):
            return
        life.twice(life.nurse, f"{self.path}complete/")
        yield life.minutes(10, 60)
        if life.protocol["program_type"] == "kap":
            life.note(self.session, by=seated(life, self.session))

    def minutes(self) -> Iterator[int]:
        """After how many minutes somebody measures; asked one by one, since more may become due on the way."""
        yield from self.life.protocol["checks_min"]

    def meanwhile(self, minute: int) -> None:
        """What else happens at the bedside after so many minutes."""

    def until(self) -> datetime:
        """When the client may think of leaving."""
        assert self.given is not None
        return self.given + timedelta(minutes=self.life.protocol["min_stay_min"] + 2)

    def answer_alarms(self) -> None:
        life = self.life
        for row in life.stack.rows(life.prescriber, "alarms/", session=self.session["id"]):
            if row["state"] == "open" and life.does("leaves it open"):
                life.stack.get(life.nurse, f"alarms/{row['id']}/")
            elif row["state"] == "open":
                path = f"alarms/{row['id']}/acknowledge/"
                rivals.post(life, life.prescriber, path, {"action": "Went to the room and looked."})

    def leaving(self) -> Row:
        return {
            "checklist": dict.fromkeys(STATED, True),
            "escort_present": True,
            "discharged_at": moment(self.life.now),
        }

    def leave(self) -> Answer:
        life = self.life
        if not life.does("forgets to settle"):
            settle(self)
        signs = life.body.signs(life.now) | {"systolic": 215, "measured_at": moment(life.now)}
        red = rivals.asked(life, rivals.colleague(life, life.nurse), f"{self.path}readings/", signs)
        answer = life.twice(life.nurse, f"{self.path}discharge/", self.leaving(), rivals=[red])
        self.gone = self.gone or answer.ok
        return answer
