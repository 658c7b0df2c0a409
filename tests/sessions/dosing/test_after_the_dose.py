"""What stays as it was once a dose was given, and once the client has gone home."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from kapclinic.core import clock
from programs.models import Program
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.integration.models import Obligation
from sessions.monitoring.models import Alarm, Check, Reading
from sessions.monitoring.services import sweep_checks
from sessions.visits import services as visits
from tests import cast as people
from tests.asking import done, refused
from tests.cast import MONDAY, Cast
from tests.sessions.dosing.test_discharge import dosed, go, read, unmet
from tests.sessions.dosing.test_doses import devices, ready, spray
from tests.sessions.giving import attempt


def test_nobody_shortens_the_two_hours_of_esketamine(cast: Cast) -> None:
    session = ready(cast)
    assert spray(cast, session, devices(cast), "56").status_code == 201
    for minute in (40, 88):
        read(cast, session, minute)
    early = {"who": "prescriber", "override_reason": "Well, and in a hurry"}
    assert "minimum_stay" in unmet(go(cast, session, after=timedelta(minutes=90), **early))
    read(cast, session, 119)
    assert go(cast, session, **early).status_code == 201


def test_nobody_is_measured_who_has_gone_home(cast: Cast) -> None:
    session = dosed(cast)
    assert go(cast, session).status_code == 201
    path, body = f"sessions/{session.pk}/readings/", people.calm()
    with clock.fixed(MONDAY + timedelta(minutes=150)):
        after = {"measured_at": (MONDAY + timedelta(minutes=121)).isoformat()}
        answer = cast.desk("np").post(path, body | after)
        assert answer.status_code == 400
        assert [(row["pointer"], row["code"]) for row in answer.json()["errors"]] == [
            ("/measured_at", "too_late")
        ]
        assert not Reading.objects.filter(measured_at__gt=MONDAY + timedelta(minutes=119)).exists()
        cast.desk("np").must(path, body | {"measured_at": (MONDAY + timedelta(minutes=100)).isoformat()})


def checks(cast: Cast, session: Session) -> list[tuple[str, str]]:
    rows = cast.desk("np").get(f"sessions/{session.pk}/checks/", page_size=100).json()["results"]
    return [(row["state"], row["reason"]) for row in sorted(rows, key=lambda row: row["planned_at"])]


def test_a_check_that_the_discharge_overtakes_is_not_taken(cast: Cast) -> None:
    session = dosed(cast, read_at=45)
    reason = {"who": "prescriber", "override_reason": "An ambulance took the client"}
    assert go(cast, session, after=timedelta(minutes=50), **reason).status_code == 201
    told = checks(cast, session)
    assert told[-3:] == [("not_taken", "discharged")] * 3
    assert [state for state, _ in told[:4]] == ["done", "missed", "missed", "done"]
    assert not Check.objects.filter(state="due").exists()


def test_a_voided_dose_asks_for_nothing_and_the_same_dose_again_asks_again(cast: Cast) -> None:
    session = people.ready_dose(cast)
    wrong = people.give(cast, session)
    visits.void_administration(dose_id=wrong.pk, reason="Wrong lot", by=cast.prescriber, at=MONDAY)
    assert checks(cast, session)[1:] == [("not_taken", "dose voided")] * 6
    people.give(cast, session)
    assert checks(cast, session)[1:] == [("due", "")] * 6


def test_what_a_dose_was_given_on_stays_and_the_escort_may_change(cast: Cast) -> None:
    session = people.ready_dose(cast)
    people.give(cast, session)
    session.refresh_from_db()
    words = set(session.attestations.values_list("pk", flat=True))
    before = (session.fasting_since, session.weight_kg, session.version)
    path = f"sessions/{session.pk}/"
    for change in (
        {"attestations": {"not_intoxicated": False}},
        {"fasting_since": MONDAY.isoformat()},
        {"weight_kg": "99"},
    ):
        refused = cast.desk("np").patch(path, change)
        assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition"), change
    session.refresh_from_db()
    assert (session.fasting_since, session.weight_kg, session.version) == before
    assert set(session.attestations.values_list("pk", flat=True)) == words
    escort = {"escort": {"name": "Sam Second", "phone": "303-555-0188"}}
    assert cast.desk("frontdesk").patch(path, escort).status_code == 200


def test_the_front_desk_notes_a_weight_once_and_a_clinician_corrects_it(cast: Cast) -> None:
    session = people.ready_dose(cast)
    path = f"sessions/{session.pk}/"
    noted = cast.desk("frontdesk").patch(path, {"weight_kg": "80"})
    assert noted.status_code == 200
    assert "80" not in str(noted.json().get("weight_kg"))
    refused = cast.desk("frontdesk").patch(path, {"weight_kg": "81"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert cast.desk("np").patch(path, {"weight_kg": "82"}).status_code == 200
    session.refresh_from_db()
    assert session.weight_kg == Decimal(82)


def test_a_session_of_yesterday_is_judged_by_its_own_day(cast: Cast) -> None:
    session = people.ready_dose(cast)
    with clock.fixed(MONDAY + timedelta(days=2)):
        told = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()
    assert [gate["code"] for gate in told["gates"] if gate["state"] == "open"] == []


def test_a_waiver_outlives_the_first_of_two_doses_and_the_other_one_is_first(cast: Cast) -> None:
    row = people.owed(cast)
    session, second_at = row.dosing_session, MONDAY + timedelta(minutes=20)
    wrong = Administration.objects.get()
    with clock.fixed(second_at):
        people.give(cast, session, dose_mg=Decimal(50))
        visits.waive(obligation_id=row.pk, reason="Moved away", by=cast.therapist, at=clock.now())
        visits.void_administration(dose_id=wrong.pk, reason="Never given", by=cast.prescriber, at=clock.now())
        shown = cast.desk("np").get(f"sessions/{session.pk}/administrations/").json()["results"]
    row.refresh_from_db()
    assert (row.state, row.reason, row.dosed_at) == ("waived", "Moved away", second_at)
    assert row.window_start == second_at + timedelta(hours=24)
    assert [(dose["voided"], dose["is_first"]) for dose in shown] == [(True, False), (False, True)]


def void(cast: Cast, dose: Administration) -> None:
    path = f"sessions/{dose.session_id}/administrations/{dose.pk}/void/"
    cast.desk("prescriber").must(path, {"reason": "Typed wrong"})


def at_minute(number: float) -> str:
    return (MONDAY + timedelta(minutes=number)).isoformat()


def test_a_dose_that_was_typed_wrong_is_put_right_once_the_client_has_gone(cast: Cast) -> None:
    """The visit is complete by then: the true dose stands in the place of the voided one, and owes its integration."""
    session = people.completed_dose(cast)
    left = 120
    with clock.fixed(MONDAY + timedelta(hours=3)):
        more = attempt(cast, session, administered_at=at_minute(20), dose_mg="10")
        refused(more, 409, "illegal_transition")  # nothing was voided: nothing is to be put right
        void(cast, Administration.objects.get())
        session.refresh_from_db()
        assert (session.outcome, Obligation.objects.get().state) == ("not_dosed", "voided")
        late = attempt(cast, session, administered_at=at_minute(left + 1), dose_mg="60")
        refused(late, 409, "illegal_transition")
        assert attempt(cast, session, "therapist", administered_at=at_minute(2)).status_code == 403
    with clock.fixed(MONDAY + timedelta(hours=4)):
        answer = attempt(cast, session, administered_at=at_minute(2), dose_mg="60")
        assert answer.status_code == 201, answer.content
        assert (answer.json()["is_first"], answer.json()["obligation"]["state"]) == (True, "due")
        again = attempt(cast, session, administered_at=at_minute(5), dose_mg="10")
        refused(again, 409, "illegal_transition")
        assert Administration.objects.standing().count() == 1
    session.refresh_from_db()
    assert (session.status, session.outcome) == ("completed", "dosed")
    assert Obligation.objects.get().window_start == MONDAY + timedelta(hours=24, minutes=2)
    sweep_checks(at=MONDAY + timedelta(hours=5))
    assert not Alarm.objects.exists()
    assert not Check.objects.filter(state="due").exists()


def test_a_first_dose_that_was_typed_wrong_is_put_right_under_its_booster(cast: Cast) -> None:
    """The refusal names the booster, and its way out leads there: both are voided, and recorded in their order."""
    session = people.ready_dose(cast)
    with clock.fixed(MONDAY + timedelta(hours=1)):
        done(attempt(cast, session, administered_at=at_minute(2), dose_mg="20"), 201)
        first = Administration.objects.get()
        done(attempt(cast, session, administered_at=at_minute(40), dose_mg="30"), 201)
        void(cast, first)
        booster = Administration.objects.standing().get()
        again = {"administered_at": at_minute(2), "dose_mg": "50"}
        told = refused(attempt(cast, session, **again), 409, "later_dose_stands")
        assert told["administration"] == str(booster.pk)
        assert "The dose of 09:40 stands" in told["detail"]
        assert Administration.objects.standing().get() == booster
        void(cast, booster)
        done(attempt(cast, session, **again), 201)
        answer = done(attempt(cast, session, administered_at=at_minute(40), dose_mg="30"), 201)
    assert answer["is_first"] is False
    standing = Administration.objects.standing().order_by("administered_at")
    assert list(standing.values_list("dose_mg", flat=True)) == [50, 30]
    assert Obligation.objects.get().dosed_at == MONDAY + timedelta(minutes=2)


def test_an_infusion_that_is_put_right_says_at_once_what_went_in(cast: Cast) -> None:
    session = people.weighed(cast, people.IV)
    started = {"administered_at": at_minute(0), "dose_mg": "40"}
    first = attempt(cast, session, given_mg="40", **started)
    with clock.fixed(MONDAY + timedelta(minutes=50)):
        reason = {"who": "prescriber", "override_reason": "An ambulance took the client"}
        assert go(cast, session, after=timedelta(minutes=50), **reason).status_code == 201
    with clock.fixed(MONDAY + timedelta(minutes=60)):
        void(cast, Administration.objects.get(pk=first.json()["id"]))
    with clock.fixed(MONDAY + timedelta(minutes=70)):
        refused(attempt(cast, session, **started), 400, "required", "/given_mg")
        settled = started | {"given_mg": "40"}
        refused(attempt(cast, session, ended_at=at_minute(51), **settled), 400, "too_late", "/ended_at")
        assert attempt(cast, session, ended_at=at_minute(40), **settled).status_code == 201
    assert not Check.objects.filter(state="due").exists()


def phase_of(session: Session) -> str:
    phase: str = Program.objects.values_list("phase", flat=True).get(pk=session.program_id)
    return phase


def test_dosing_that_a_clinician_ended_stays_ended(cast: Cast) -> None:
    """Only a void that takes away the last planned dose goes back to dosing."""
    session = people.ready_dose(cast)
    end = f"programs/{session.program_id}/end-dosing/"
    cast.desk("therapist").must(end, {})  # while the client waits in the room
    first = people.give(cast, session, dose_mg=Decimal(50))
    assert phase_of(session) == "integration"
    with clock.fixed(MONDAY + timedelta(minutes=10)):
        booster = people.give(cast, session, dose_mg=Decimal(50))
    for dose in (booster, first):
        with clock.fixed(MONDAY + timedelta(minutes=20)):
            void(cast, dose)
        assert phase_of(session) == "integration"
    with clock.fixed(MONDAY + timedelta(minutes=21)):
        cast.desk("therapist").must(f"programs/{session.program_id}/complete/", {})


def test_a_void_of_the_last_planned_dose_goes_back_to_dosing(cast: Cast) -> None:
    edition = people.approved_protocol(cast, name="One", planned_doses=1, min_preparations=0)
    session = people.ready_dose(cast, people.cleared_program(cast, protocol=edition))
    dose = people.give(cast, session)
    assert phase_of(session) == "integration"
    with clock.fixed(MONDAY + timedelta(minutes=1)):
        void(cast, dose)
        assert phase_of(session) == "dosing"
        people.give(cast, session)
    assert phase_of(session) == "integration"
