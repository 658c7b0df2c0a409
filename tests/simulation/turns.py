"""The turns of a course: what happens between its doses, and what comes after it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulation import ailments
from tests.simulation.protocols import CRISIS, next_course
from tests.simulation.schedule import Story

if TYPE_CHECKING:
    from tests.simulation.life import Life

REASON = {"reason": "The client asked for it."}
MOST_COURSES = 3  # of one client


def befall(life: Life) -> None:
    """What may come between the booking of a dose and its day."""
    program = f"programs/{life.program['id']}/"
    if life.does("takes the consent back"):
        for row in life.stack.rows(life.desk, "consents/", program=life.program["id"], status="signed"):
            life.stack.post(life.nurse, f"consents/{row['id']}/revoke/", REASON)
    if life.does("stops a drug"):
        ailments.stop_drug(life)
    if life.does("weighs much more or less"):
        ailments.weighs_other(life)
    if life.does("is put on hold"):
        life.twice(life.therapist, f"{program}hold/", REASON)
    if life.does("gives up the course"):
        life.twice(life.nurse, f"{program}discontinue/", REASON)
    if life.does("has had enough doses"):
        life.stack.post(life.therapist, f"{program}end-dosing/", {})


def tried_anyway(life: Life) -> Story:
    """Who was declined is booked for a dose all the same."""
    yield life.next_day()
    life.book("dosing", life.next_day(1, 8))


def aftercare(life: Life) -> Story:
    """A session of maintenance after the doses: it is a visit, and owes nothing."""
    if not life.does("comes for maintenance"):
        return
    session = life.book("maintenance", life.now + timedelta(hours=3))
    if session is not None:
        leader = life.therapist if life.protocol["program_type"] == "kap" else life.prescriber
        yield from life.visit(session, by=leader)


def another_course(life: Life) -> bool:
    """Does the next course begin in the place of this one? What this one owes stays owed."""
    life.courses += 1
    if life.courses > MOST_COURSES:
        return False
    if life.protocol["name"] != CRISIS and not life.does("goes on with another course"):
        return False
    before, earlier = life.program, life.protocol
    life.protocol = next_course(life.chance.numbers, earlier, life.clinic.protocols)
    if life.open_program(continues=before["id"]):
        return True
    life.program, life.protocol = before, earlier
    return False


def still_owed(life: Life) -> Story:
    """The integration that an earlier course owes takes place in the time of the next one; some forget it."""
    if life.does("leaves it open"):
        return
    for row in life.stack.rows(life.desk, "obligations/", client=life.client["id"], state="booked"):
        session = life.look(row["integration_session"])
        if life.starts(session) > life.now:
            yield from life.visit(session)
