"""A client's whole course: screening, preparation, doses with their integrations, and the money."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.simulation import rivals, treatments, turns, waiving
from tests.simulation.billing import billed, too_soon
from tests.simulation.desk import befalls, peeped, planned, took_the_wrong, waited
from tests.simulation.dosing import DosingDay
from tests.simulation.life import Life
from tests.simulation.paper import entered
from tests.simulation.safe import put_back
from tests.simulation.schedule import Story

PATIENCE = 6  # bookings of one kind before a client gives up


def course(life: Life) -> Story:
    """From the first call on; ends early where the clinic says no, or where nobody finds a time."""
    if not life.register():
        return
    yield life.minutes(5, 60)
    yield from treated(life)


def treated(life: Life) -> Story:
    """One course of the client; another one may take its place, with what this one owes."""
    yield from life.screen()
    if life.program["status"] == "discontinued":
        yield from turns.tried_anyway(life)
        return
    life.consent()
    if life.does("plans the whole course"):
        planned(life)
    if life.protocol["min_preparations"] and not life.does("skips the preparation"):
        yield from prepared(life)
    for _ in range(life.protocol["planned_doses"] + 2):
        if _over(life):
            break
        yield from befalls(life)
        yield from dose(life)
    yield from turns.aftercare(life)
    if turns.another_course(life):
        yield from turns.still_owed(life)
        yield from treated(life)
        return
    yield life.next_day(2)
    treatments.look_after(life)
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
            yield from billed(life, standing, standing)
            done = life.stack.get(life.therapist, f"programs/{life.program['id']}/").data["progress"][
                "preparation"
            ]
            if done["done"] >= done["required"]:
                return
        yield life.next_day()


def dose(life: Life) -> Story:
    if life.does("waits for a freed slot"):
        yield from waited(life, "dosing")
    session = life.book(
        "dosing", life.minutes(30, 60) if life.hurries else life.next_day(1, 5)
    )  # not open yet
    life.hurries = life.does("comes back too soon")
    if session is None:
        yield life.next_day()
        return
    standing = life.before(session)
    if standing is None:
        yield life.next_day()
        return
    if life.does("starts another drug"):
        life.take_drug()
    turns.befall(life)
    yield life.starts(standing) - timedelta(minutes=30)
    day = treatments.day_of(life, life.look(standing))
    reads(life, life.now)
    peeped(life, standing)
    if life.does("takes the wrong client"):
        took_the_wrong(life, standing)
    yield from entered(day) if life.does("lives it on paper") else day.lived()
    if day.given is not None and not life.does("forgets the integration"):
        yield from followed(life, day)
    treatments.look_after(life)
    yield life.minutes(5, 30) if life.hurries else life.next_day()


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
            waiving.waive(life, owed[0])
            return
        if life.does("calls to cancel"):
            path, words = f"sessions/{session['id']}/", {"reason": "The client called."}
            come = rivals.asked(life, life.desk, f"{path}check-in/")
            due = rivals.step(life, "obligations")
            rivals.post(life, life.desk, f"{path}cancel/", words, rivals=[due, due, come])
            continue
        if life.starts(session) > life.now:
            too_soon(life, session)
            yield from life.visit(session)
        yield from billed(life, session, day.session)


def _void(life: Life, day: DosingDay) -> None:
    for row in life.stack.rows(life.prescriber, f"{day.path}administrations/"):
        if not row["voided"]:
            body = {"reason": "Entered on the wrong client."}
            path, due = f"{day.path}administrations/{row['id']}/void/", rivals.step(life, "obligations")
            if rivals.post(life, life.prescriber, path, body, rivals=[due]).ok:
                put_back(life, row)


def reads(life: Life, at: datetime) -> None:
    """Somebody looks at what may not be theirs."""
    if life.does("asks what is not theirs"):
        who = life.chance.numbers.choice((life.desk, life.house.one("billing"), life.clinic.admin))
        for path in ("measures/", "screenings/", "notes/", "medications/"):
            life.stack.get(who, path, client=life.client["id"], page_size=20)
        life.stack.get(who, "sessions/", client=life.client["id"], page_size=20)
        life.stack.get(who, "programs/", client=life.client["id"], page_size=20)
