"""A fact that suspends is answered by a prescriber's words; a screening that is begun after it answers nothing by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from programs.models import Program
from screening.models import Clearance, SafetyAlert, Suspension
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.dosing.test_suspended_clearance import EVENTS, HEALTHY, booked, calm_twice

LATER = MONDAY + timedelta(hours=1)
ANSWERED = ("pregnancy", "serious event", "contraindication", "C-SSRS high")


def screened(cast: Cast, program: Program) -> dict[str, Any]:
    """A screening with no finding, begun, submitted and cleared at the clock's moment; how its clearance stands."""
    body = {"program": str(program.pk), "answers": HEALTHY, "blood_pressures": calm_twice()}
    draft = cast.desk("np").must("screenings/", body)
    findings = cast.desk("np").must(f"screenings/{draft['id']}/submit/")["findings"]
    words = [{"finding": row["id"], "resolution": "Asked; acceptable."} for row in findings]
    decision = {"decision": "cleared", "rationale": "Suitable.", "resolutions": words}
    found: dict[str, Any] = cast.desk("prescriber").must(f"screenings/{draft['id']}/decide/", decision)
    return found["clearance"]  # type: ignore[no-any-return]


def said(clearance: dict[str, Any]) -> tuple[str, list[str]]:
    return clearance["state"], [row["code"] for row in clearance["reasons"]]


def told(cast: Cast, name: str) -> tuple[Session, str]:
    """The event, after a first clearance, and the code of the fact."""
    happens, code = EVENTS[name]
    session = booked(cast)
    happens(cast, session)
    return session, code


@pytest.mark.parametrize("name", ANSWERED)
def test_a_screening_that_is_begun_after_the_fact_is_suspended_by_it(cast: Cast, name: str) -> None:
    session, code = told(cast, name)
    with clock.fixed(MONDAY + timedelta(days=9)):  # a C-SSRS counts as a finding for 7 days
        found = screened(cast, session.program)
        assert said(found) == ("suspended", [code])
        reasons = [{"reason": row["id"], "resolution": "Looked into."} for row in found["reasons"]]
        body = {"rationale": "Weighed again.", "resolutions": reasons}
        cast.desk("prescriber").must(f"clearances/{found['id']}/uphold/", body)
    with clock.fixed(MONDAY + timedelta(days=10)):
        assert said(screened(cast, session.program)) == ("standing", [])


@pytest.mark.parametrize("name", ANSWERED)
def test_a_clearance_that_was_voided_for_the_fact_has_answered_it(cast: Cast, name: str) -> None:
    session, _ = told(cast, name)
    row = Clearance.objects.get()
    cast.desk("prescriber").must(f"clearances/{row.pk}/void/", {"reason": "Screen anew."})
    with clock.fixed(MONDAY + timedelta(days=9)):
        assert said(screened(cast, session.program)) == ("standing", [])


def test_a_clearance_that_was_voided_before_the_fact_has_not(cast: Cast) -> None:
    session = booked(cast)
    row = Clearance.objects.get()
    cast.desk("prescriber").must(f"clearances/{row.pk}/void/", {"reason": "Screen anew."})
    happens, code = EVENTS["serious event"]
    happens(cast, session)
    with clock.fixed(LATER):
        assert said(screened(cast, session.program)) == ("suspended", [code])


def test_a_c_ssrs_that_the_screening_weighs_itself_is_answered_in_its_finding(cast: Cast) -> None:
    session, _ = told(cast, "C-SSRS high")
    with clock.fixed(LATER):
        assert said(screened(cast, session.program)) == ("standing", [])


def test_a_calmer_c_ssrs_does_not_hide_the_one_of_the_tier_high(cast: Cast) -> None:
    session, code = told(cast, "C-SSRS high")
    with clock.fixed(LATER):
        people.cssrs(cast, session.program)
        assert said(screened(cast, session.program)) == ("suspended", [code])


def test_who_let_doses_go_on_after_a_high_c_ssrs_has_answered_it(cast: Cast) -> None:
    session, _ = told(cast, "C-SSRS high")
    made = {"client": str(session.client_id), "text": "Call 988.", "made_on": f"{clock.now():%Y-%m-%d}"}
    plan = cast.desk("np").must("safety-plans/", made)["id"]
    body = {"rationale": "No intent any more.", "safety_plan": plan, "not_alone": True}
    alert = SafetyAlert.objects.get(cause="cssrs_high")
    cast.desk("prescriber").must(f"safety-alerts/{alert.pk}/release/", body, status=200)
    assert (
        Suspension.objects.filter(uphold__isnull=True).count() == 1
    )  # the old clearance still waits for its words
    with clock.fixed(MONDAY + timedelta(days=9)):
        assert said(screened(cast, session.program)) == ("standing", [])
