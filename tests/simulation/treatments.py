"""Dosing days as treatments differ: further doses, infusions that run on, esketamine under its REMS, bad reactions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.simulation import ailments
from tests.simulation.dosing import DosingDay
from tests.simulation.life import Life, Row
from tests.simulation.protocols import by_weight, plus
from tests.simulation.schedule import Story
from tests.simulation.stack import PASSWORD, Answer, moment

TOLD = ("nausea", "dizziness", "headache", "dissociation", "hypertension", "anxiety")
CONCOMITANT = ("benzodiazepines", "sedative_hypnotics", "psychostimulants", "maois", "opioids")
EVENTS = ("sedation", "dissociation", "respiratory_depression", "serious_adverse_event")
INFUSED_MIN = 40  # how long an infusion runs of which nobody said the end


class Treated(DosingDay):
    """Any treatment: with orders that do not hold, further doses, and what a client reacts with."""

    replaced: Row | None = None
    again_at: datetime | None = None  # of the last further dose

    # --- before the drug --------------------------------------------------------------------------------------

    def prepare(self) -> None:
        life = self.life
        if life.does("fills in a questionnaire"):
            ailments.phq9(life)
        if life.does("stops halfway"):
            ailments.stopped_halfway(life)
        super().prepare()

    def also(self) -> dict[str, bool]:
        asked = [code for code, mode in self.life.protocol["gates"].items() if mode == "required"]
        return {code: True for code in ("drug_screen", "pregnancy_test") if code in asked}

    def order_body(self) -> Row:
        life = self.life
        body = super().order_body()
        if life.does("orders for a short time"):
            body["valid_until"] = moment(life.starts(self.session) + timedelta(minutes=2))
        if by_weight(life.protocol) and life.does("orders by weight"):
            body |= {
                "dose_mg": None,
                "dose_mg_per_kg": "0.5",
                "max_total_mg": str(round(life.body.weight, 1)),
            }
        return body

    def write_order(self) -> None:
        self.replaced = self.order
        super().write_order()

    def give(self, mg: str = "", **entered: Any) -> Answer | None:
        life = self.life
        if self.order is not None and self.given is None:
            wrong = self.replaced or life.last_order
            if wrong is not None and life.does("takes the wrong order"):
                self.post_dose(wrong, mg or self.amount)
            if life.does("draws up too much"):
                self.post_dose(self.order, plus(self.order["max_total_mg"], "10"))
        life.last_order = self.order or life.last_order
        answer = super().give(mg, **entered)
        if answer is not None and ("/order", "superseded") in answer.errors():
            self.order = life.stack.rows(life.nurse, f"{self.path}orders/")[0]
        return answer

    def mend(self, gate: Row) -> None:
        life, code = self.life, gate["code"]
        if code in ("drug_screen", "pregnancy_test", "rems_enrolment", "prescriber_on_site"):
            life.stack.patch(life.nurse, self.path, {"attestations": {code: True}})
        elif code == "consent":
            life.consent()
        elif code == "program_active":
            if not life.does("leaves it open"):
                body = {"reason": "Goes on."}
                life.twice(life.therapist, f"programs/{life.program['id']}/resume/", body)
        elif code == "weight":
            noted = {
                "weight_kg": str(life.body.weight),
                "weight_source": "measured",
                "confirm_weight": not life.does("forgets a question"),
            }
            life.stack.patch(life.nurse, self.path, noted)
            return
        elif code == "clearance" and not gate["detail"].startswith("Suspended"):
            ailments.screened_again(life)
        self.settle(code)
        super().mend(gate)

    def settle(self, code: str) -> None:
        """What of earlier days holds the dose of today."""
        life = self.life
        if code == "integration_done" and life.does("waives what is owed"):
            for row in life.stack.rows(life.therapist, "obligations/", client=life.client["id"], state="due"):
                life.stack.post(life.therapist, f"obligations/{row['id']}/waive/", {"reason": "Not wanted."})
        if code == "adverse_event_review":
            for event in life.events:
                if event["severe"] and not event["released"]:
                    event["released"] = not life.does("leaves it open")
                    body = {"conclusion": "Looked through.", "hold_released": event["released"]}
                    life.stack.post(life.director, f"{event['path']}review/", body)

    # --- the watch --------------------------------------------------------------------------------------------

    def minutes(self) -> Iterator[int]:
        """The checks of the protocol, and behind them those that a further dose asks for."""
        yield from self.planned()
        if self.given is not None and self.again_at is not None:
            begun = int((self.again_at - self.given).total_seconds() // 60)
            last = self.life.protocol["checks_min"][-1]
            yield from (begun + minute for minute in self.planned() if begun + minute > last + 5)

    def planned(self) -> Iterator[int]:
        yield from self.life.protocol["checks_min"]

    def meanwhile(self, minute: int) -> None:
        life = self.life
        if minute == 15 and life.does("forgets that it was given"):
            self.again(self.amount)
        if minute in (15, 30, 40) and self.again_at is None and life.does("gives a second one"):
            self.again(self.treatment.more)
        if minute in (15, 30, 40) and life.does("feels unwell"):
            self.unwell()

    def again(self, mg: str) -> None:
        answer = self.give(mg)
        if answer is not None and answer.ok:
            self.again_at = datetime.fromisoformat(answer.data["administered_at"])

    def until(self) -> datetime:
        last = self.again_at or self.given
        assert last is not None
        return last + timedelta(minutes=self.life.protocol["min_stay_min"] + 2)

    def unwell(self) -> None:
        """An adverse event as the nurse tells it; a grade from 3 on, or a serious one, is the director's to look at."""
        life, numbers = self.life, self.life.chance.numbers
        grade = numbers.choice((1, 1, 2, 2, 3, 4))
        serious = grade == 4 or (grade == 3 and numbers.random() < 0.3)
        body: Row = {
            "term": numbers.choice(TOLD),
            "grade": grade,
            "serious": serious,
            "seriousness": ["important_medical_event"] if serious else [],
            "onset_at": moment(life.now - timedelta(minutes=1)),
            "causality": "probable",
            "action": "none",
            "outcome": "recovering",
        }
        answer = life.twice(life.nurse, f"{self.path}adverse-events/", body)
        if answer.ok:
            path = f"{self.path}adverse-events/{answer.data['id']}/"
            severe = serious or grade >= 3
            event = {"path": path, "severe": severe, "serious": serious, "released": False, "told": False}
            life.events.append(event)


class InfusionDay(Treated):
    """An infusion: settled as it is hung up, or it runs on and somebody says when it ended."""

    ended: datetime | None = None

    def __init__(self, life: Life, session: Row) -> None:
        super().__init__(life, session)
        self.running: list[str] = []
        self.runs_on = life.does("lets it run")

    def from_stock(self, mg: str) -> Row:
        body = super().from_stock(mg)
        if not self.runs_on:
            return body
        return {name: body[name] for name in ("supply", "given_by", "drug_lot", "drawn_mg")}

    def give(self, mg: str = "", **entered: Any) -> Answer | None:
        answer = super().give(mg, **entered)
        if answer is not None and answer.ok:
            self.ended = None
            if self.runs_on:
                self.running.append(answer.data["id"])
        return answer

    def planned(self) -> Iterator[int]:
        yield from (0, 10, 20, 30, 40)
        end = int((self.over_at - (self.again_at or self.given)).total_seconds() // 60)  # type: ignore[operator]
        yield from (end + minute for minute in (15, 30, 45, 60))

    def meanwhile(self, minute: int) -> None:
        super().meanwhile(minute)
        if minute >= INFUSED_MIN:
            self.finish()

    @property
    def over_at(self) -> datetime:
        last = self.again_at or self.given
        assert last is not None
        return self.ended or last + timedelta(minutes=INFUSED_MIN)

    def finish(self) -> None:
        life = self.life
        witness = life.house.one("nurse_practitioner", life.number + 1)
        for dose in self.running:
            shown = life.stack.get(life.nurse, f"{self.path}administrations/{dose}/")
            body = {
                "ended_at": moment(life.now),
                "given_mg": shown.data["dose_mg"],
                "wasted_mg": "10",
                "witness": {"user": witness.id, "password": PASSWORD},
            }
            if life.twice(life.nurse, f"{self.path}administrations/{dose}/finish/", body).ok:
                self.open_draws = [row for row in self.open_draws if row["id"] != dose]
                self.ended = life.now
        self.running = []

    def leave(self) -> Answer:
        self.finish()
        return super().leave()

    def until(self) -> datetime:
        return self.over_at + timedelta(minutes=self.life.protocol["min_stay_min"] + 2)


class EsketamineDay(Treated):
    """Devices of 28 mg out of the clinic's own stock, two hours of watch, and the form that the REMS is sent."""

    def also(self) -> dict[str, bool]:
        wanted = ("rems_enrolment", "prescriber_on_site", "no_fluids", "no_nasal_spray")
        return {code: True for code in wanted if not self.life.does("forgets a question")}

    def order_body(self) -> Row:
        body = super().order_body()
        if self.life.does("orders as for ketamine"):
            body |= {"dose_mg": "50", "max_total_mg": "100"}
        return body

    def mend(self, gate: Row) -> None:
        if gate["code"] == "fasting":
            words: dict[str, Any] = {"attestations": {"no_fluids": True, "no_nasal_spray": True}}
            self.life.stack.patch(self.life.nurse, self.path, words)
        super().mend(gate)

    def from_stock(self, mg: str) -> Row:
        body = super().from_stock(mg)
        return body | {"drawn_mg": mg, "wasted_mg": "0", "witness": None}

    def give(self, mg: str = "", **entered: Any) -> Answer | None:
        answer = super().give(mg, **entered)
        if answer is not None and answer.ok and not mg and self.life.does("gives a second one"):
            self.again(self.treatment.more)  # without the rest between devices
        return answer

    def planned(self) -> Iterator[int]:
        yield 40

    def minutes(self) -> Iterator[int]:
        yield from self.planned()

    def until(self) -> datetime:
        assert self.given is not None
        return self.given + timedelta(minutes=121)

    def leave(self) -> Answer:
        """Some want to go before the two hours are over, and a prescriber would let them."""
        life = self.life
        if life.does("sends home early"):
            body = self.leaving() | {"override_reason": "Feels well."}
            answer = life.stack.post(life.prescriber, f"{self.path}discharge/", body)
            self.gone = self.gone or answer.ok
            if answer.ok:
                return answer
        return super().leave()

    def watch(self) -> Story:
        yield from super().watch()
        assert self.given is not None
        if self.gone:
            self.life.forms.append((self.session["id"], self.given))
            if not self.life.does("forgets the form"):
                fill_in(self.life)


def day_of(life: Life, session: Row) -> DosingDay:
    if life.treatment.is_esketamine:
        return EsketamineDay(life, session)
    return (InfusionDay if life.protocol["route"] == "intravenous" else Treated)(life, session)


def fill_in(life: Life) -> None:
    """The REMS form of each session that nobody has sent yet: answered by what the record says, and submitted."""
    left = []
    for session, given in life.forms:
        path = f"sessions/{session}/rems/"
        shown = life.stack.get(life.nurse, path)
        if not shown.ok or not shown.data["owed"]:
            continue
        events = {name: {"occurred": name in shown.data["form"]["recorded_events"]} for name in EVENTS}
        words = {
            "concomitant": dict.fromkeys(CONCOMITANT, False),
            "ready_without_two_hours_at": moment(given + timedelta(minutes=100)),
            "vitals_acceptable_pre": True,
            "vitals_acceptable_completion": True,
            "blood_pressure_reason": "Taken when the client was awake.",
            "events_note": "As in the record.",
        }
        life.stack.patch(life.nurse, path, words | events)
        sent = {"reference": f"R-{life.number}-{life.now:%d%H%M%S}", "submitted_at": moment(life.now)}
        if not life.twice(life.nurse, f"{path}submit/", sent).ok:
            left.append((session, given))
    life.forms = left


def look_after(life: Life) -> None:
    """What an earlier day has left to do: a word to each bad reaction, its cause, a form that was forgotten."""
    for event in life.events:
        if event["told"] or life.does("leaves it open"):
            continue
        event["told"] = True
        life.stack.post(life.nurse, f"{event['path']}follow-ups/", {"text": "Called: well again."})
        if event["serious"]:
            body = {"text": "The dose was high for the client.", "root_cause": True}
            life.stack.post(life.director, f"{event['path']}follow-ups/", body)
    if life.forms and not life.does("forgets the form"):
        fill_in(life)
