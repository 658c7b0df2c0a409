"""What holds a dose back is the client's: also what an ended course owes, did or was told of, and whenever it was told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from programs.models import Program
from screening.models import SafetyAlert
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.visits import services as visits
from sessions.visits.selectors import warnings
from tests import cast as people
from tests.asking import refused
from tests.cast import MONDAY, Cast
from tests.sessions.dosing.test_suspended_clearance import arrive, booked, open_gates, pregnant, serious_event
from tests.sessions.giving import attempt

BEGUN = MONDAY + timedelta(hours=4)  # the next course
DAY = MONDAY + timedelta(days=4)


def dosed(cast: Cast) -> Session:
    """A dose at home time of the first course; its integration is owed."""
    return people.completed_dose(cast, people.cleared_program(cast))


def next_course(cast: Cast, first: Program, **protocol: Any) -> Program:
    """The course that continues it, not yet cleared."""
    protocol = {"name": "Next", "min_preparations": 0} | protocol
    edition = people.approved_protocol(cast, **protocol)
    return people.opened_program(cast, protocol=edition, who=first.client, continues=first.pk)


def on_the_day(cast: Cast, program: Program, at: datetime = DAY) -> Session:
    session = people.booked(cast, program, "dosing", at, override_reason="As the client asked")
    arrive(cast, session)
    return session


def settled(cast: Cast) -> None:
    row = Obligation.objects.get()
    visits.waive(obligation_id=row.pk, reason="Seen elsewhere", by=cast.therapist, at=clock.now())


def nothing_more_given(answer: Any, *gates: str, code: str = "not_ready") -> None:
    """The dose is refused for these gates alone, and only the first one stands."""
    body = refused(answer, 409, code)
    assert [row["code"] for row in body["gates"] if row["state"] == "open"] == list(gates)
    assert Administration.objects.count() == 1


# --- what a dose owes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["due", "booked", "missed"])
@pytest.mark.parametrize("kind", ["kap", "infusion_only"])
def test_the_debt_of_a_course_that_was_continued_holds_the_next_one(
    cast: Cast, state: str, kind: str
) -> None:
    first = dosed(cast).program
    with clock.fixed(BEGUN):
        second = next_course(cast, first, program_type=kind)
        people.clear(cast, second)
        if state == "booked":
            integration.schedule_obligation(obligation_id=Obligation.objects.get().pk, at=BEGUN)
    with clock.fixed(DAY):
        if state == "missed":
            integration.sweep_obligations(at=DAY)
        assert Obligation.objects.get().state == state
        session = on_the_day(cast, second)
        nothing_more_given(attempt(cast, session), "integration_done")
        body = {"gate": "integration_done", "reason": "On my responsibility"}
        refused(
            cast.desk("prescriber").post(f"sessions/{session.pk}/override/", body), 409, "not_overridable"
        )
        settled(cast)
        assert open_gates(cast, session) == []
        assert attempt(cast, session).status_code == 201


def test_an_integration_of_the_first_course_pays_for_the_next_one(cast: Cast) -> None:
    first = dosed(cast).program
    with clock.fixed(BEGUN):
        second = next_course(cast, first)
        people.clear(cast, second)
    row = Obligation.objects.get()
    with clock.fixed(row.window_start):
        session = people.booked(
            cast, first, "integration", row.window_start, obligation=row, override_reason="As agreed"
        )
        people.started_session(session, by=cast.therapist)
    with clock.fixed(row.window_start + timedelta(hours=1)):
        now = clock.now()
        visits.complete(session_id=session.pk, by=cast.therapist, moment=now, at=now)
    row.refresh_from_db()
    assert (row.state, row.program.status) == ("met", "completed")
    with clock.fixed(DAY):
        assert attempt(cast, on_the_day(cast, second)).status_code == 201


def test_without_a_debt_an_infusion_is_asked_for_no_integration(cast: Cast) -> None:
    edition = people.approved_protocol(
        cast, name="Infusion", program_type="infusion_only", min_preparations=0
    )
    session = people.ready_dose(cast, people.cleared_program(cast, protocol=edition))
    shown = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()
    assert "integration_done" not in [row["code"] for row in shown["gates"]]


def test_the_gap_counts_from_the_dose_of_the_course_before(cast: Cast) -> None:
    first = dosed(cast).program
    with clock.fixed(BEGUN):
        second = next_course(cast, first)
        people.clear(cast, second)
        settled(cast)
    at = MONDAY + timedelta(hours=50)
    with clock.fixed(at):
        session = on_the_day(cast, second, at)
        assert "minimum_gap" in warnings.warnings_of(session)
        nothing_more_given(attempt(cast, session), "minimum_gap", code="minimum_gap")


# --- what somebody is told of the ended course ----------------------------------------------------------------------------


def worse(cast: Cast, dose: Session) -> None:
    for total in (0, 1):
        body = {"program": str(dose.program_id), "instrument": "phq9", "answers": [total] * 8 + [0]}
        taken = clock.now() - timedelta(hours=1 - total)
        body |= {"taken_at": taken.isoformat(), "administered_by": "self"}
        cast.desk("np").must("measures/", body)


def high(cast: Cast, dose: Session) -> None:
    people.cssrs(cast, dose.program, 1, 2, 4)
    alert = SafetyAlert.objects.get(cause="cssrs_high")
    cast.desk("np").must(f"safety-alerts/{alert.pk}/acknowledge/", {"action": "ok."})


def event(cast: Cast, dose: Session) -> None:
    serious_event(cast, dose)


TOLD = {
    "worse": (worse, {"safety_alert"}),
    "high": (high, {"suicide_risk", "clearance", "suicide_screen"}),
    "event": (event, {"adverse_event_review", "clearance"}),
}
WHEN = {
    "before it was continued": MONDAY + timedelta(hours=3),
    "before the decision": BEGUN + timedelta(minutes=30),
    "after the decision": MONDAY + timedelta(days=1),
    "on the day": DAY - timedelta(minutes=30),
    "after check-in": DAY + timedelta(minutes=5),
}


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_of_the_course_before_holds_the_next_one(cast: Cast, name: str, when: str) -> None:
    happens, gates = TOLD[name]
    dose = dosed(cast)
    steps: list[tuple[datetime, Any]] = [(WHEN[when], lambda: happens(cast, dose))]
    made: dict[str, Any] = {}
    steps += [
        (BEGUN, lambda: made.update(program=next_course(cast, dose.program))),
        (BEGUN + timedelta(hours=1), lambda: people.clear(cast, made["program"])),
        (BEGUN + timedelta(hours=1), lambda: settled(cast)),
        (DAY, lambda: made.update(session=on_the_day(cast, made["program"]))),
    ]
    for at, step in sorted(steps, key=lambda row: row[0]):
        with clock.fixed(at):
            step()
    with clock.fixed(DAY + timedelta(minutes=6)):
        body = refused(attempt(cast, made["session"]), 409, "not_ready")
        answered = {"suicide_screen"} if WHEN[when].date() == DAY.date() else set()
        if name == "high" and WHEN[when] < BEGUN + timedelta(hours=1):
            answered = {"clearance"}  # the new screening weighed it, and the prescriber had words for it
        held = {row["code"] for row in body["gates"] if row["state"] == "open"}
        assert held == gates - answered
        assert Administration.objects.count() == 1


def test_what_suspended_the_course_before_suspends_the_next_one(cast: Cast) -> None:
    session = booked(cast)
    pregnant(cast, session)
    with clock.fixed(BEGUN):
        second = next_course(cast, session.program)
        people.clear(cast, second)
    with clock.fixed(DAY):
        answer = attempt(cast, on_the_day(cast, second))
        (gate,) = [row for row in refused(answer, 409, "not_ready")["gates"] if row["state"] == "open"]
        assert (gate["code"], gate["overridable_by"]) == ("clearance", [])
        assert "pregnancy_positive" in gate["detail"]
        assert not Administration.objects.exists()


def test_what_permits_a_dose_stays_with_its_own_course(cast: Cast) -> None:
    first = dosed(cast).program
    with clock.fixed(BEGUN):
        second = next_course(cast, first, min_preparations=1)
        settled(cast)
    with clock.fixed(DAY):
        session = people.booked(cast, second, "dosing", DAY, override_reason="As the client asked")
        arrive(cast, session)
        nothing_more_given(attempt(cast, session), "clearance", "consent", "preparation")


def test_more_courses_cost_no_more_queries(cast: Cast) -> None:
    session = booked(cast)
    path = f"sessions/{session.pk}/readiness/"
    cast.desk("np").get(path)
    with CaptureQueriesContext(
        connection,
    ) as few:
        cast.desk("np").get(path)
    program = session.program
    for n in range(3):
        program = next_course(cast, program, name=f"Next {n}")
    people.clear(cast, program)
    again = people.booked(cast, program, "dosing", DAY)
    with CaptureQueriesContext(connection) as many:
        cast.desk("np").get(f"sessions/{again.pk}/readiness/")
    assert len(many) <= len(few)
