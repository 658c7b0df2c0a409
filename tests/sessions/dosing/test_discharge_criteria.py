"""What stands between a dosed client and going home, before the discharge is posted: the same judgement as its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Discharge
from sessions.dosing.rules import discharge
from sessions.visits import services as visits
from tests import cast as people
from tests.asking import done, events, refused
from tests.cast import IV, MONDAY, Cast, at_home, lot_of, weighed
from tests.sessions.dosing.test_discharge import STATED, STAY, dosed, go, read
from tests.sessions.giving import attempt, stock

ATTESTED = {*STATED, "escort"}


def asked(cast: Cast, session: Session, who: str = "np", *, after: timedelta = STAY) -> Any:
    with clock.fixed(MONDAY + after):
        return cast.desk(who).get(f"sessions/{session.pk}/discharge/")


def criteria(cast: Cast, session: Session, **more: Any) -> dict[str, dict[str, Any]]:
    body = done(asked(cast, session, **more), 200)
    assert [row["code"] for row in body["criteria"]] == list(discharge.CRITERIA)
    return {row["code"]: row for row in body["criteria"]}


def states(cast: Cast, session: Session, **more: Any) -> dict[str, str]:
    return {code: row["state"] for code, row in criteria(cast, session, **more).items()}


def test_what_the_record_says_is_computed_and_the_rest_waits_for_staff(cast: Cast) -> None:
    session = dosed(cast)
    found = criteria(cast, session)
    assert {code for code, row in found.items() if not row["computed"]} == ATTESTED
    assert {code for code, row in found.items() if row["state"] == "to_attest"} == ATTESTED
    assert found["integration_booked"]["state"] == "not_met"
    assert found["escort"]["detail"] == "Alex Example is named."
    assert (found["vitals"]["state"], found["vitals"]["detail"]) == ("met", "")
    assert not Discharge.objects.exists()


def test_before_the_stay_is_over_it_says_until_when_by_the_clinics_clock(cast: Cast) -> None:
    found = criteria(cast, dosed(cast), after=timedelta(minutes=119))["minimum_stay"]
    assert (found["state"], found["detail"]) == ("not_met", "It is over at 11:00.")


@pytest.mark.parametrize(
    ("signs", "minute", "stops"),
    [
        ({}, 119, []),
        ({"systolic": 170}, 119, ["vitals"]),
        ({"systolic": 205, "diastolic": 121}, 119, ["vitals", "alarms"]),
        ({"sedation": 3}, 119, ["sedation"]),
        ({}, 20, ["vitals"]),  # too long ago
    ],
)
def test_the_discharge_refuses_what_the_list_says_is_not_met(
    cast: Cast, signs: dict[str, int], minute: int, stops: list[str]
) -> None:
    session = dosed(cast, read_at=minute, **signs)
    found = states(cast, session)
    blocking = [code for code, state in found.items() if state == "not_met" and code != "integration_booked"]
    assert sorted(blocking) == sorted(set(blocking) | set(stops))
    answer = go(cast, session, checklist=dict.fromkeys([*STATED, "sedation"], True))
    if not blocking:
        assert answer.status_code == 201
        return
    assert sorted(row["code"] for row in answer.json()["unmet"]) == sorted(blocking)
    assert states(cast, session) == found  # a refusal changes nothing


def test_sedation_that_no_reading_holds_is_stated_by_staff(cast: Cast) -> None:
    session = dosed(cast, sedation=None)
    found = criteria(cast, session)["sedation"]
    assert (found["state"], found["computed"]) == ("to_attest", False)
    checklist = dict.fromkeys([*STATED, "sedation"], True)
    told = done(go(cast, session, checklist=checklist), 201)
    said = {row["code"]: row for row in told["criteria"]}["sedation"]
    assert (said["state"], said["computed"]) == ("met", False)
    assert done(asked(cast, session), 200) == told


def test_an_alert_of_the_client_is_not_for_staff_to_attest(cast: Cast) -> None:
    session = dosed(cast)
    people.cssrs(cast, session.program, 1, 2, 3, 4)
    found = criteria(cast, session)["safety_addressed"]
    assert (found["state"], found["computed"]) == ("not_met", True)
    assert [row["code"] for row in go(cast, session).json()["unmet"]] == ["safety_addressed"]


def test_an_early_leave_over_an_alert_is_told_alike_then_and_later(cast: Cast) -> None:
    session = dosed(cast)
    people.cssrs(cast, session.program, 1, 2, 3, 4)
    told = done(go(cast, session, "prescriber", override_reason="Goes to hospital with the team"), 201)
    assert {row["code"]: row["state"] for row in told["criteria"]}["safety_addressed"] == "not_met"
    assert done(asked(cast, session), 200) == told


def test_nobody_to_take_the_client_home(cast: Cast) -> None:
    session = dosed(cast)
    session.refresh_from_db()
    visits.change(session=session, values={"escort": None}, by=cast.np, at=MONDAY)
    found = criteria(cast, session)["escort"]
    assert (found["state"], found["detail"]) == ("not_met", "Nobody is named with a phone number.")
    assert [row["code"] for row in go(cast, session).json()["unmet"]] == ["escort"]


def test_at_home_the_adult_stays_and_nobody_is_fetched(cast: Cast) -> None:
    session = at_home(cast)
    people.give(cast, session)
    read(cast, session, 119)
    found = criteria(cast, session)["escort"]
    assert (found["label"], found["detail"]) == ("The adult stays with the client", "Alex Example is named.")
    row = refused(go(cast, session, escort_present=False), 409, "not_ready")["unmet"][0]
    assert row == {"code": "escort", "label": "The adult who is to stay with the client is not there"}
    told = done(go(cast, session), 201)
    assert {row["code"]: row["label"] for row in told["criteria"]}["escort"] == found["label"]
    assert done(asked(cast, session), 200) == told
    assert Discharge.objects.get().sheet["at_home"] is True


def test_a_draw_that_is_not_settled_is_on_the_list(cast: Cast) -> None:
    session = weighed(cast, IV)
    done(attempt(cast, session, **stock(lot_of(cast), dose_mg="40", drawn_mg="50")), 201)
    read(cast, session, 119)
    assert states(cast, session)["open_draw"] == "not_met"
    refused(go(cast, session), 409, "open_draw")


def test_afterwards_the_criteria_are_as_they_stood(cast: Cast) -> None:
    session = dosed(cast)
    told = done(go(cast, session), 201)
    later = done(asked(cast, session, "therapist", after=timedelta(hours=9)), 200)
    assert later == told
    assert {row["code"]: row["state"] for row in later["criteria"]}["minimum_stay"] == "met"


def test_an_early_leave_shows_what_was_missing(cast: Cast) -> None:
    session = dosed(cast, read_at=59)
    why = {"override_reason": "The client insists", "checklist": dict.fromkeys(STATED[1:], True)}
    told = done(go(cast, session, "prescriber", after=timedelta(minutes=60), **why), 201)
    found = {row["code"]: row["state"] for row in told["criteria"]}
    assert {code: found[code] for code in ("minimum_stay", "oriented", "vitals")} == {
        "minimum_stay": "not_met",
        "oriented": "to_attest",
        "vitals": "met",
    }
    assert done(asked(cast, session), 200) == told


@pytest.mark.parametrize("who", ["np", "therapist", "prescriber", "director"])
def test_clinicians_read_it_and_each_look_is_logged(cast: Cast, who: str) -> None:
    session = dosed(cast)
    done(asked(cast, session, who), 200)
    assert events("discharge.retrieve") == [(cast.people[who].pk, "ok", [session.client_id])]


@pytest.mark.parametrize("who", ["frontdesk", "billing", "admin"])
def test_nobody_else_does(cast: Cast, who: str) -> None:
    refused(asked(cast, dosed(cast), who), 403, "not_permitted")


def test_elsewhere_and_without_a_dose_there_is_nothing(cast: Cast) -> None:
    session = people.ready_dose(cast)
    refused(asked(cast, session), 404, "not_found")
    people.give(cast, session)
    refused(asked(cast, session, "south_np"), 404, "not_found")
    done(asked(cast, session), 200)


def test_a_voided_dose_takes_the_list_away(cast: Cast) -> None:
    session = people.ready_dose(cast)
    dose = people.give(cast, session)
    path = f"sessions/{session.pk}/administrations/{dose.pk}/void/"
    cast.desk("prescriber").must(path, {"reason": "Wrong client"})
    refused(asked(cast, session), 404, "not_found")


def test_it_asks_as_little_after_many_readings(cast: Cast) -> None:
    session = dosed(cast)
    asked(cast, session)
    with CaptureQueriesContext(connection) as few:
        asked(cast, session)
    for minute in (100, 105, 110, 115):
        read(cast, session, minute)
    with CaptureQueriesContext(connection) as many:
        asked(cast, session)
    assert len(many) <= len(few) <= 16
