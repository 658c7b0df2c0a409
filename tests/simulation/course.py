"""A client's whole course: screening, preparation, doses with their integrations, and the money."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.simulation import courses, rivals
from tests.simulation.dosing import DosingDay
from tests.simulation.life import Life, Row
from tests.simulation.schedule import Story

PATIENCE = 6  # bookings of one kind before a client gives up


def course(life: Life) -> Story:
    """From the first call on; ends early where the clinic says no, or where nobody finds a time."""
    if not life.register():
        return
    yield from begun(life)
    for _ in range(life.protocol["planned_doses"] + 2):
        if _over(life):
            break
        yield from dose(life)
    yield life.next_day(2)
    life.stack.post(life.director, f"programs/{life.program['id']}/complete/")


def begun(life: Life) -> Story:
    """The way into a course: screened, consented, prepared."""
    yield life.minutes(5, 60)
    yield from life.screen()
    life.consent()
    if life.protocol["min_preparations"]:
        yield from prepared(life)


def _over(life: Life) -> bool:
    shown = life.stack.get(life.therapist, f"programs/{life.program['id']}/")
    return not shown.ok or shown.data["status"] != "active" or shown.data["phase"] == "integration"


def prepared(life: Life) -> Story:
    for _ in range(PATIENCE):
        session = life.book("preparation", life.now + timedelta(hours=3))
        if session is None:
            yield life.next_day()
            continue
        standing = life.before(session)
        if standing is not None:
            yield from life.visit(standing)
            done = life.stack.get(life.therapist, f"programs/{life.program['id']}/").data["progress"][
                "preparation"
            ]
            if done["done"] >= done["required"]:
                return
        yield life.next_day()


def dose(life: Life) -> Story:
    session = life.book("dosing", life.next_day(1, 5))  # the house is not open yet
    if session is None:
        yield life.next_day()
        return
    standing = life.before(session)
    if standing is None:
        yield life.next_day()
        return
    if life.does("starts another drug"):
        life.take_drug()
    yield life.starts(standing) - timedelta(minutes=30)
    day = DosingDay(life, life.look(standing))
    yield from day.lived()
    if day.given is not None:
        yield from followed(life, day)
    yield life.next_day()


def followed(life: Life, day: DosingDay) -> Story:
    """The integration that the dose owes, and what is billed for it."""
    assert day.given is not None
    if life.does("voids the dose"):
        _void(life, day)
    lived: set[str] = set()
    for _ in range(4):
        yield life.next_day(1, 8)
        found = life.stack.rows(life.desk, "obligations/", program=life.program["id"])
        owed = [row for row in found if row["dosing_session"] == day.session["id"]]
        if not owed or owed[0]["state"] not in ("due", "booked"):
            return
        booked = owed[0]["integration_session"]
        if not booked or booked["id"] in lived:
            continue
        lived.add(booked["id"])
        session = life.look(booked)
        if life.does("waives the integration"):
            courses.waive(life, owed[0])
            return
        if life.does("takes the next course") and courses.next_course(life):
            yield from begun(life)
            return
        if life.does("calls to cancel"):
            path, words = f"sessions/{session['id']}/", {"reason": "The client called."}
            come = rivals.asked(life, life.desk, f"{path}check-in/")
            due = rivals.step(life, "obligations")
            rivals.post(life, life.desk, f"{path}cancel/", words, rivals=[due, due, come])
            continue
        if life.starts(session) > life.now:
            yield from life.visit(session)
        yield from billed(life, session)


def _void(life: Life, day: DosingDay) -> None:
    for row in life.stack.rows(life.prescriber, f"{day.path}administrations/"):
        if not row["voided"]:
            body = {"reason": "Entered on the wrong client."}
            path = f"{day.path}administrations/{row['id']}/void/"
            rivals.post(life, life.prescriber, path, body, rivals=[rivals.step(life, "obligations")])


def billed(life: Life, session: Row) -> Story:
    yield life.minutes(60, 300)
    biller = life.house.one("billing")
    body = {
        "session": session["id"],
        "code": "90837",
        "units": 1,
        "amount": "180.00",
        "diagnoses": ["F33.2"],
        "modifiers": [],
        "line_kind": "insurance",
    }
    charge = life.twice(biller, "charges/", body)
    if not charge.ok:
        return
    paid = life.chance.numbers.choice(("180.00", "100.00", "200.00"))
    share = min(float(paid), 180.0)
    payment = {
        "client": life.client["id"],
        "amount": paid,
        "method": "card",
        "received_on": _today(life),
        "allocations": [{"charge": charge.data["id"], "amount": f"{share:.2f}"}],
    }
    taken = life.twice(biller, "payments/", payment)
    if taken.ok and life.chance.numbers.random() < 0.2:
        refund = {
            "payment": taken.data["id"],
            "amount": "20.00",
            "reason": "Charged too much.",
            "method": "card",
        }
        life.twice(biller, "refunds/", refund)
    period = {"client": life.client["id"], "from_date": _today(life, -30), "to_date": _today(life)}
    life.stack.post(biller, "superbills/", period)


def _today(life: Life, days: int = 0) -> str:
    return (life.house.local(life.now) + timedelta(days=days)).date().isoformat()


def reads(life: Life, at: datetime) -> None:
    """Somebody looks at what may not be theirs."""
    if life.does("asks what is not theirs"):
        who = life.chance.numbers.choice((life.desk, life.house.one("billing"), life.clinic.admin))
        for path in ("measures/", "screenings/", "notes/", "medications/"):
            life.stack.get(who, path, client=life.client["id"], page_size=20)
        life.stack.get(who, "sessions/", client=life.client["id"], page_size=20)
        life.stack.get(who, "programs/", client=life.client["id"], page_size=20)
