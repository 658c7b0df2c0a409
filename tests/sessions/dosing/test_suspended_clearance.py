"""No dose on a clearance that has not heard: each event, told before the decision, after it, on the day, at the chair."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.trail.models import Task
from programs.models import Program
from screening import selectors
from screening.models import Clearance, Suspension
from screening.rules.conditions import CONDITIONS
from sessions.booking.models import Session
from sessions.course import services as course
from sessions.dosing.models import Administration
from sessions.dosing.services import hear_reading
from sessions.monitoring import services as monitoring
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.giving import attempt

DAY = MONDAY + timedelta(days=2)
HEALTHY = {code: False for code, condition in CONDITIONS.items() if condition.asked}
Event = Callable[[Cast, Session], Any]


def nardil(cast: Cast, session: Session) -> None:
    cast.desk("np").must("medications/", {"client": str(session.client_id), "text": "Nardil 15 mg"})


def theophylline(cast: Cast, session: Session) -> None:
    cast.desk("np").must("medications/", {"client": str(session.client_id), "text": "theophylline"})


def mystery_pill(cast: Cast, session: Session) -> None:
    cast.desk("np").must("medications/", {"client": str(session.client_id), "text": "mystery pill"})


def told_what_it_is(cast: Cast, session: Session) -> None:
    listed = cast.desk("np").must("medications/", {"client": str(session.client_id), "text": "sertraline"})
    body = {"ingredients": ["phenelzine"], "reason": "The bottle was brought along."}
    cast.desk("prescriber").must(f"medications/{listed['id']}/map/", body)


def high_cssrs(cast: Cast, session: Session) -> None:
    body = {"program": str(session.program_id), "instrument": "cssrs", "answers": [1, 1, 1, 1, 0, 0, 0]}
    body |= {"taken_at": clock.now().isoformat(), "administered_by": "nurse practitioner"}
    cast.desk("np").must("measures/", body)


def said_no(cast: Cast, session: Session, code: str) -> None:
    answer = cast.desk("np").patch(f"sessions/{session.pk}/", {"attestations": {code: False}})
    assert answer.status_code == 200, answer.content


def pregnant(cast: Cast, session: Session) -> None:
    said_no(cast, session, "pregnancy_test")


def positive_test(cast: Cast, session: Session) -> None:
    body = {"client": str(session.client_id), "kind": "urine_hcg", "result": "positive"}
    cast.desk("np").must("lab-results/", body | {"taken_at": clock.now().isoformat()})


def contraindicated(cast: Cast, session: Session) -> None:
    said_no(cast, session, "contraindications")


def serious_event(cast: Cast, session: Session) -> dict[str, Any]:
    event = {
        "term": "Syncope",
        "grade": 4,
        "serious": True,
        "seriousness": ["hospitalization"],
        "onset_at": clock.now().isoformat(),
    }
    event |= {"causality": "unlikely", "action": "none", "outcome": "recovered"}
    found: dict[str, Any] = cast.desk("np").must(f"sessions/{session.pk}/adverse-events/", event)
    return found


def calm_twice() -> list[dict[str, Any]]:
    """Two calm pressures at rest, the last one at the clock's moment."""
    pressure, last = {"systolic": 124, "diastolic": 80}, clock.now()
    return [pressure | {"measured_at": (last - timedelta(minutes=before)).isoformat()} for before in (5, 0)]


def screened_again(cast: Cast, session: Session) -> None:
    body = {"program": str(session.program_id), "answers": HEALTHY | {"OPHTH": True}, "medications": []}
    draft = cast.desk("np").must("screenings/", body | {"blood_pressures": []})
    cast.desk("np").must(f"screenings/{draft['id']}/submit/")


EVENTS: dict[str, tuple[Event, str]] = {
    "Nardil": (nardil, "new_medication"),
    "theophylline": (theophylline, "new_medication"),
    "mystery pill": (mystery_pill, "new_medication"),
    "a mapping": (told_what_it_is, "new_medication"),
    "C-SSRS high": (high_cssrs, "cssrs_high"),
    "pregnancy": (pregnant, "pregnancy_positive"),
    "positive test": (positive_test, "pregnancy_positive"),
    "serious event": (serious_event, "serious_event"),
    "contraindication": (contraindicated, "new_condition"),
    "later screening": (screened_again, "new_condition"),
}


def booked(cast: Cast, program: Program | None = None) -> Session:
    return people.booked(cast, program or people.cleared_program(cast), "dosing", DAY)


def arrive(cast: Cast, session: Session) -> None:
    """Check in, and everything that the other gates ask for."""
    now = clock.now()
    visits.check_in(session_id=session.pk, by=cast.frontdesk, moment=now, at=now)
    session.refresh_from_db()
    noted: dict[str, Any] = {"attestations": dict.fromkeys((*people.ASKED, "pregnancy_test"), True)}
    noted["escort"] = {"name": "Alex Example", "phone": "303-555-0177", "relationship": "friend"}
    noted["fasting_since"] = now - timedelta(hours=8)
    visits.change(session=session, values=noted, by=cast.np, at=now)
    people.written_order(cast, session)
    monitoring.record_reading(session=session, values=people.calm(), dosed_at=None, by=cast.np, at=now)


def refused(cast: Cast, session: Session, code: str) -> None:
    """The dose is refused for the clearance, which names its reason and is nobody's to override."""
    answer = attempt(cast, session)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    gate = next(row for row in answer.json()["gates"] if row["code"] == "clearance")
    assert code in gate["detail"]
    assert (gate["who_can_clear"], gate["overridable_by"]) == (["prescriber"], [])
    body = {"gate": "clearance", "reason": "On my responsibility"}
    override = cast.desk("prescriber").post(f"sessions/{session.pk}/override/", body)
    assert (override.status_code, override.json()["code"]) == (409, "not_overridable")
    assert not Administration.objects.exists()


def uphold(cast: Cast) -> None:
    row = Clearance.objects.get()
    reasons = cast.desk("prescriber").get(f"clearances/{row.pk}/").json()["reasons"]
    said = [{"reason": r["id"], "resolution": "Looked into."} for r in reasons if r["resolution"] is None]
    body = {"rationale": "Weighed again.", "resolutions": said}
    assert cast.desk("prescriber").must(f"clearances/{row.pk}/uphold/", body)["state"] == "standing"


def open_gates(cast: Cast, session: Session) -> list[str]:
    found = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()
    return [row["code"] for row in found["gates"] if row["state"] == "open"]


@pytest.mark.parametrize("name", EVENTS)
def test_after_the_decision(cast: Cast, name: str) -> None:
    happens, code = EVENTS[name]
    session = booked(cast)
    with clock.fixed(MONDAY + timedelta(days=1)):
        happens(cast, session)
    with clock.fixed(DAY):
        arrive(cast, session)
        refused(cast, session, code)
        uphold(cast)
        assert "clearance" not in open_gates(cast, session)


@pytest.mark.parametrize("name", EVENTS)
def test_on_the_day_before_check_in(cast: Cast, name: str) -> None:
    happens, code = EVENTS[name]
    session = booked(cast)
    with clock.fixed(DAY - timedelta(minutes=20)):
        happens(cast, session)
    with clock.fixed(DAY):
        arrive(cast, session)
        refused(cast, session, code)


@pytest.mark.parametrize("name", EVENTS)
def test_after_check_in(cast: Cast, name: str) -> None:
    happens, code = EVENTS[name]
    session = booked(cast)
    with clock.fixed(DAY):
        arrive(cast, session)
        assert open_gates(cast, session) == []
    with clock.fixed(DAY + timedelta(minutes=5)):
        happens(cast, session)
        refused(cast, session, code)


@pytest.mark.parametrize("name", EVENTS)
def test_before_the_decision(cast: Cast, name: str) -> None:
    """It is weighed by submitting again, or the clearance is suspended from its first moment."""
    happens, code = EVENTS[name]
    protocol = people.approved_protocol(cast, min_preparations=0)
    program = people.opened_program(cast, protocol=protocol)
    people.sign_consent(cast, program)
    session = booked(cast, program)
    body = {"program": str(program.pk), "answers": HEALTHY, "blood_pressures": calm_twice()}
    draft = cast.desk("np").must("screenings/", body)
    cast.desk("np").must(f"screenings/{draft['id']}/submit/")
    decision = {"decision": "cleared", "rationale": "Suitable."}
    with clock.fixed(MONDAY + timedelta(hours=1)):
        happens(cast, session)
        answer = cast.desk("prescriber").post(f"screenings/{draft['id']}/decide/", decision)
        if answer.status_code == 409:
            assert answer.json()["code"] == "screening_outdated"
            return
        found = answer.json()["clearance"]
        assert (found["state"], [row["code"] for row in found["reasons"]]) == ("suspended", [code])
    with clock.fixed(DAY):
        arrive(cast, session)
        refused(cast, session, code)


def test_a_dose_that_was_given_before_is_written_up_late(cast: Cast) -> None:
    session = booked(cast)
    with clock.fixed(DAY):
        arrive(cast, session)
    with clock.fixed(DAY + timedelta(minutes=30)):
        nardil(cast, session)
    with clock.fixed(DAY + timedelta(minutes=40)):
        answer = attempt(cast, session, administered_at=(DAY + timedelta(minutes=10)).isoformat())
        assert answer.status_code == 201, answer.content


def test_the_same_no_sent_again_is_one_reason_until_it_is_answered(cast: Cast) -> None:
    session = booked(cast)
    with clock.fixed(DAY):
        for _ in range(3):
            pregnant(cast, session)
        assert Suspension.objects.count() == 1
        uphold(cast)
        pregnant(cast, session)
        assert Suspension.objects.count() == 2


def test_a_no_that_is_taken_back_suspends_all_the_same(cast: Cast) -> None:
    session = booked(cast)
    with clock.fixed(DAY):
        contraindicated(cast, session)
        arrive(cast, session)
        refused(cast, session, "new_condition")


def test_the_front_desk_sees_no_reason(cast: Cast) -> None:
    session = booked(cast)
    with clock.fixed(DAY):
        pregnant(cast, session)
        shown = cast.desk("frontdesk").get(f"sessions/{session.pk}/readiness/")
        assert b"pregnan" not in shown.content


def test_booked_doses_come_before_the_desk_until_the_clearance_stands_again(cast: Cast) -> None:
    session = booked(cast)
    with clock.fixed(MONDAY + timedelta(days=1)):
        now = clock.now()
        nardil(cast, session)
        course.warn_all_not_cleared(at=now)
        row = Task.objects.open().get(kind="dose_without_clearance")
        assert (sorted(row.roles), row.due_at) == (["front_desk", "prescriber"], DAY)
        uphold(cast)
        course.warn_all_not_cleared(at=now)
        assert not Task.objects.open().filter(kind="dose_without_clearance").exists()


def test_check_in_and_a_move_say_that_nobody_is_cleared(cast: Cast) -> None:
    session = booked(cast)
    with clock.fixed(DAY - timedelta(minutes=10)):
        nardil(cast, session)
        answer = cast.desk("frontdesk").must(f"sessions/{session.pk}/check-in/")
        assert answer["warnings"] == ["not_cleared"]


def test_the_evidence_tells_what_suspended_and_what_upheld(cast: Cast) -> None:
    session = booked(cast)
    with clock.fixed(DAY):
        arrive(cast, session)
        nardil(cast, session)
        uphold(cast)
    with clock.fixed(DAY + timedelta(minutes=1)):
        assert attempt(cast, session).status_code == 201
        found = cast.desk("prescriber").get(f"sessions/{session.pk}/evidence/").json()["evidence"]
    (row,) = found["suspensions"]
    assert (row["fact"]["code"], row["uphold"]["resolution"]) == ("new_medication", "Looked into.")


# --- the trend of pressures ---------------------------------------------------------------------------------------------


def visit(cast: Cast, program: Program, at: datetime) -> Session:
    """A medical visit with the client in the room."""
    with clock.fixed(at):
        who = [{"user": cast.prescriber.pk, "role": "prescriber"}]
        session = people.booked(cast, program, "medical", at, override_reason="Walk-in", staff=who)
        visits.check_in(session_id=session.pk, by=cast.frontdesk, moment=at, at=at)
        session.refresh_from_db()
    return session


def read(cast: Cast, session: Session, at: datetime, systolic: int = 172, diastolic: int = 90) -> None:
    with clock.fixed(at):
        body = people.calm() | {"measured_at": at.isoformat(), "systolic": systolic, "diastolic": diastolic}
        cast.desk("np").must(f"sessions/{session.pk}/readings/", body)


def high_day(cast: Cast, program: Program, at: datetime, *, recheck: int | None = 172) -> Session:
    session = visit(cast, program, at)
    read(cast, session, at)
    if recheck is not None:
        read(cast, session, at + timedelta(minutes=6), systolic=recheck)
    return session


def trend(program: Program) -> list[str]:
    return list(Suspension.objects.filter(clearance__program=program).values_list("fact__code", flat=True))


def test_two_days_beyond_hold_after_their_recheck_are_a_trend(cast: Cast) -> None:
    program = people.cleared_program(cast)
    high_day(cast, program, MONDAY + timedelta(days=1))
    assert trend(program) == []
    session = high_day(cast, program, DAY, recheck=None)
    assert trend(program) == []  # of today: a recheck may still be calm
    read(cast, session, DAY + timedelta(minutes=6))
    assert trend(program) == ["pressure_trend"]
    assert selectors.current_clearance(program_id=program.pk, at=DAY + timedelta(minutes=7)) is None
    read(cast, session, DAY + timedelta(minutes=12))
    assert trend(program) == ["pressure_trend"]  # once a day


@pytest.mark.parametrize("calm_day", [1, 2])
def test_a_calm_recheck_on_either_day_makes_no_trend(cast: Cast, calm_day: int) -> None:
    program = people.cleared_program(cast)
    for day in (1, 2):
        at = MONDAY + timedelta(days=day)
        high_day(cast, program, at, recheck=130 if day == calm_day else 172)
    assert trend(program) == []


def test_days_too_far_apart_and_one_day_alone_make_no_trend(cast: Cast) -> None:
    short = people.approved_protocol(cast, min_preparations=0, limits={"screening_bp_days": 3})
    program = people.cleared_program(cast, protocol=short)
    high_day(cast, program, MONDAY + timedelta(days=1))
    high_day(cast, program, MONDAY + timedelta(days=1, hours=3))
    high_day(cast, program, MONDAY + timedelta(days=4, hours=5))
    assert trend(program) == []


def test_after_a_dose_a_pressure_is_never_part_of_a_trend(cast: Cast) -> None:
    program = people.cleared_program(cast)
    high_day(cast, program, MONDAY + timedelta(days=1))
    session = booked(cast, program)
    with clock.fixed(DAY):
        arrive(cast, session)
        people.give(cast, session)
    read(cast, session, DAY + timedelta(minutes=10))
    read(cast, session, DAY + timedelta(minutes=16))
    assert trend(program) == []
    high_day(cast, program, DAY + timedelta(days=1))
    assert trend(program) == ["pressure_trend"]  # of the first day and the third


def test_a_reading_from_before_its_dose_that_is_written_down_later_counts_as_at_rest(cast: Cast) -> None:
    program = people.cleared_program(cast)
    high_day(cast, program, MONDAY + timedelta(days=1))
    session = booked(cast, program)
    with clock.fixed(DAY):
        arrive(cast, session)
    with clock.fixed(DAY + timedelta(minutes=20)):
        people.give(cast, session)
    with clock.fixed(DAY + timedelta(minutes=30)):
        for minute in (5, 12):
            body = people.calm() | {"systolic": 175, "measured_at": DAY + timedelta(minutes=minute)}
            session.refresh_from_db()
            given = DAY + timedelta(minutes=20)
            row = monitoring.record_reading(
                session=session, values=body, dosed_at=given, by=cast.np, at=clock.now()
            )
            hear_reading(reading=row, by=cast.np, at=clock.now())
    assert trend(program) == ["pressure_trend"]


def test_a_pressure_that_could_not_be_had_is_no_part_of_a_trend(cast: Cast) -> None:
    program = people.cleared_program(cast)
    high_day(cast, program, MONDAY + timedelta(days=1))
    session = high_day(cast, program, DAY, recheck=None)
    again = DAY + timedelta(minutes=6)
    with clock.fixed(again):
        body = people.calm() | {"measured_at": again.isoformat(), "not_obtainable": ["systolic", "diastolic"]}
        rest = {name: value for name, value in body.items() if name not in {"systolic", "diastolic"}}
        cast.desk("np").must(f"sessions/{session.pk}/readings/", rest)
    assert trend(program) == []
    read(cast, session, DAY + timedelta(minutes=12))
    assert trend(program) == ["pressure_trend"]


def test_a_voided_reading_is_no_part_of_a_trend(cast: Cast) -> None:
    program = people.cleared_program(cast)
    session = high_day(cast, program, MONDAY + timedelta(days=1))
    with clock.fixed(MONDAY + timedelta(days=1, hours=1)):
        for row in session.readings.all():
            path = f"sessions/{session.pk}/readings/{row.pk}/void/"
            cast.desk("np").must(path, {"reason": "Cuff slipped"})
    high_day(cast, program, DAY)
    assert trend(program) == []


def test_a_trend_on_the_dosing_day_holds_the_dose(cast: Cast) -> None:
    program = people.cleared_program(cast)
    high_day(cast, program, MONDAY + timedelta(days=1))
    session = booked(cast, program)
    with clock.fixed(DAY):
        arrive(cast, session)
    for minute in (1, 7):
        read(cast, session, DAY + timedelta(minutes=minute))
    with clock.fixed(DAY + timedelta(minutes=8)):
        refused(cast, session, "pressure_trend")
