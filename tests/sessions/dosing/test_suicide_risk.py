"""No dose while a danger of suicide is not released: each sign, told before the decision, after it, on the day, after
check-in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from screening.models import Measure, SafetyAlert
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from tests import cast as people
from tests.asking import refused
from tests.cast import MONDAY, Cast
from tests.sessions.dosing.test_suspended_clearance import DAY, HEALTHY, arrive, booked, open_gates
from tests.sessions.giving import attempt

Event = Callable[[Cast, Session], Any]


def take(cast: Cast, session: Session, instrument: str, answers: list[Any]) -> None:
    body = {"program": str(session.program_id), "instrument": instrument, "answers": answers}
    body |= {"taken_at": clock.now().isoformat(), "administered_by": "nurse practitioner"}
    cast.desk("np").must("measures/", body)


def high(cast: Cast, session: Session) -> None:
    take(cast, session, "cssrs", [1, 1, 1, 1, 0, 0, 0])


def moderate(cast: Cast, session: Session) -> None:
    take(cast, session, "cssrs", [1, 1, 1, 0, 0, 0, 0])


def left_open(cast: Cast, session: Session) -> None:
    take(cast, session, "cssrs", [1, 1, None, None, None, 0, 0])


def said_at_screening(cast: Cast, session: Session) -> None:
    body = {"program": str(session.program_id), "answers": HEALTHY | {"PSY_SI": True}, "medications": []}
    draft = cast.desk("np").must("screenings/", body | {"blood_pressures": []})
    cast.desk("np").must(f"screenings/{draft['id']}/submit/")


EVENTS: dict[str, tuple[Event, str]] = {
    "high": (high, "cssrs_high"),
    "moderate": (moderate, "cssrs_moderate"),
    "incomplete": (left_open, "cssrs_incomplete"),
    "screening": (said_at_screening, "screening_si"),
}


def held(cast: Cast, session: Session, cause: str) -> None:
    """Acknowledged with two letters, the dose is refused all the same, and nobody overrides that."""
    alert = SafetyAlert.objects.get(cause=cause)
    if alert.status == SafetyAlert.Status.OPEN:
        cast.desk("prescriber").must(f"safety-alerts/{alert.pk}/acknowledge/", {"action": "ok."})
    answer = attempt(cast, session)
    gates = {row["code"]: row for row in refused(answer, 409, "not_ready")["gates"]}
    assert "safety_alert" not in gates or gates["safety_alert"]["state"] == "pass"
    assert (gates["suicide_risk"]["state"], gates["suicide_risk"]["overridable_by"]) == ("open", [])
    assert cause in gates["suicide_risk"]["detail"]
    assert gates["suicide_risk"]["who_can_clear"] == ["therapist", "prescriber"]
    body = {"gate": "suicide_risk", "reason": "On my responsibility"}
    refused(cast.desk("prescriber").post(f"sessions/{session.pk}/override/", body), 409, "not_overridable")
    assert not Administration.objects.exists()


def let_go(cast: Cast, session: Session, cause: str) -> None:
    alert = SafetyAlert.objects.get(cause=cause)
    made = {"client": str(session.client_id), "text": "Call 988.", "made_on": f"{clock.now():%Y-%m-%d}"}
    plan = cast.desk("np").must("safety-plans/", made)["id"]
    body = {"rationale": "Assessed; no plan, no means.", "safety_plan": plan, "not_alone": True}
    cast.desk("prescriber").must(f"safety-alerts/{alert.pk}/release/", body)
    assert "suicide_risk" not in open_gates(cast, session)


@pytest.mark.parametrize("name", EVENTS)
def test_before_the_decision(cast: Cast, name: str) -> None:
    happens, cause = EVENTS[name]
    protocol = people.approved_protocol(cast, min_preparations=0)
    program = people.opened_program(cast, protocol=protocol)
    session = booked(cast, program)
    happens(cast, session)
    with clock.fixed(MONDAY + timedelta(hours=1)):
        people.clear(cast, program)
    with clock.fixed(DAY):
        arrive(cast, session)
        held(cast, session, cause)
        let_go(cast, session, cause)


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("when", [MONDAY + timedelta(days=1), DAY - timedelta(minutes=20)])
def test_after_the_decision_and_on_the_day(cast: Cast, name: str, when: Any) -> None:
    happens, cause = EVENTS[name]
    session = booked(cast)
    with clock.fixed(when):
        happens(cast, session)
    with clock.fixed(DAY):
        arrive(cast, session)
        held(cast, session, cause)
        let_go(cast, session, cause)


@pytest.mark.parametrize("name", EVENTS)
def test_after_check_in(cast: Cast, name: str) -> None:
    happens, cause = EVENTS[name]
    session = booked(cast)
    with clock.fixed(DAY):
        arrive(cast, session)
        assert open_gates(cast, session) == []
    with clock.fixed(DAY + timedelta(minutes=5)):
        happens(cast, session)
        held(cast, session, cause)
        let_go(cast, session, cause)


def test_a_released_client_is_dosed_and_the_gate_shows_who_released_and_when(cast: Cast) -> None:
    session = booked(cast)
    moderate(cast, session)
    with clock.fixed(DAY):
        arrive(cast, session)
        held(cast, session, "cssrs_moderate")
        let_go(cast, session, "cssrs_moderate")
        take(cast, session, "cssrs", [0, 0, None, None, None, 0, 0])
    with clock.fixed(DAY + timedelta(minutes=1)):
        assert attempt(cast, session).status_code == 201
    (row,) = [row for row in Administration.objects.get().gates if row["code"] == "suicide_risk"]
    proof = row["cleared_by"]
    assert (proof["kind"], proof["by"], proof["at"]) == (
        "release",
        str(cast.prescriber.pk),
        "2026-05-06T15:00:00Z",
    )


def test_a_complete_screener_of_the_day_lets_a_client_go_on(cast: Cast) -> None:
    session = booked(cast)
    with clock.fixed(DAY):
        arrive(cast, session)
        left_open(cast, session)
        held(cast, session, "cssrs_incomplete")
    with clock.fixed(DAY + timedelta(minutes=5)):
        take(cast, session, "cssrs", [1, 1, 0, 0, 0, 0, 0])
        assert open_gates(cast, session) == []


def test_one_of_two_complete_screeners_of_the_day_is_enough_when_the_other_is_voided(cast: Cast) -> None:
    session = booked(cast, people.cleared_program(cast))
    with clock.fixed(DAY):
        arrive(cast, session)
        left_open(cast, session)
    taken = []
    for minutes in (5, 10):
        with clock.fixed(DAY + timedelta(minutes=minutes)):
            take(cast, session, "cssrs", [1, 1, 0, 0, 0, 0, 0])
            taken.append(Measure.objects.order_by("-taken_at")[0].pk)
    for measure, still_held in zip(taken, (False, True), strict=True):
        cast.desk("np").must(f"measures/{measure}/void/", {"reason": "Of another client"})
        assert ("suicide_risk" in open_gates(cast, session)) is still_held


def test_the_front_desk_reads_one_clinical_hold(cast: Cast) -> None:
    session = booked(cast)
    moderate(cast, session)
    with clock.fixed(DAY):
        shown = cast.desk("frontdesk").get(f"sessions/{session.pk}/readiness/")
    assert b"suicid" not in shown.content
    assert b"cssrs" not in shown.content
    assert "clinical_hold" in [row["code"] for row in shown.json()["gates"] if row["state"] == "open"]


# --- item 9 puts the screener in force for its day ---------------------------------------------------------------------


def item_9(cast: Cast, session: Session) -> None:
    """Said and acknowledged."""
    take(cast, session, "phq9", [0] * 8 + [1])
    alert = SafetyAlert.objects.get(cause="phq9_item_9")
    cast.desk("therapist").must(f"safety-alerts/{alert.pk}/acknowledge/", {"action": "Spoke to him."})


@pytest.mark.parametrize("mode", ["off", "advised", "at_risk"])
def test_whatever_the_protocol_says_item_9_asks_for_a_screener_after_it(cast: Cast, mode: str) -> None:
    protocol = people.approved_protocol(cast, min_preparations=0, gates={"suicide_screen": mode})
    session = booked(cast, people.cleared_program(cast, protocol=protocol))
    with clock.fixed(DAY):
        arrive(cast, session)
        take(cast, session, "cssrs", [0, 0, None, None, None, 0, 0])
    with clock.fixed(DAY + timedelta(minutes=5)):
        item_9(cast, session)
        gates = {row["code"]: row for row in refused(attempt(cast, session), 409, "not_ready")["gates"]}
        assert [code for code, row in gates.items() if row["state"] == "open"] == ["suicide_screen"]
        assert not Administration.objects.exists()
    with clock.fixed(DAY + timedelta(minutes=10)):
        take(cast, session, "cssrs", [1, 0, None, None, None, 0, 0])
        assert attempt(cast, session).status_code == 201


def test_on_another_day_item_9_leaves_it_to_the_protocol(cast: Cast) -> None:
    protocol = people.approved_protocol(cast, min_preparations=0, gates={"suicide_screen": "off"})
    session = booked(cast, people.cleared_program(cast, protocol=protocol))
    with clock.fixed(DAY - timedelta(days=1)):
        item_9(cast, session)
    with clock.fixed(DAY):
        arrive(cast, session)
        assert open_gates(cast, session) == []


def test_a_voided_item_9_asks_for_no_screener(cast: Cast) -> None:
    protocol = people.approved_protocol(cast, min_preparations=0, gates={"suicide_screen": "off"})
    session = booked(cast, people.cleared_program(cast, protocol=protocol))
    with clock.fixed(DAY):
        arrive(cast, session)
        item_9(cast, session)
        assert open_gates(cast, session) == ["suicide_screen"]
        measure = SafetyAlert.objects.get(cause="phq9_item_9").measure_id
        cast.desk("np").must(f"measures/{measure}/void/", {"reason": "Of another client"})
        assert open_gates(cast, session) == []


def test_getting_worse_is_an_alert_that_holds_the_dose_until_it_is_seen(cast: Cast) -> None:
    session = booked(cast)
    take(cast, session, "phq9", [0] * 9)
    with clock.fixed(DAY):
        arrive(cast, session)
        take(cast, session, "phq9", [1] * 5 + [0] * 4)
        assert open_gates(cast, session) == ["safety_alert"]
        alert = SafetyAlert.objects.get(cause="phq9_worsening")
        cast.desk("therapist").must(
            f"safety-alerts/{alert.pk}/acknowledge/", {"action": "Grief; seen today."}
        )
        assert open_gates(cast, session) == []
