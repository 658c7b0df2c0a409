"""An integration that can't be booked is carried up, and what was booked may fall through."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM
from kapclinic.trail.models import Outbox, Task
from sessions.booking.models import Session
from sessions.integration.models import Obligation
from sessions.integration.services.obligations import schedule_obligation
from sessions.integration.services.placing import sweep_obligations
from sessions.sweep.steps import send_messages, sweep
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment

UNBOOKED, CONFIRM, FOLLOW_UP = "integration_unbooked", "integration_confirm", "integration_missed"


@pytest.fixture
def stranded(cast: Cast) -> Obligation:
    """A dose was given, both therapists are away for a fortnight, and no slot is held."""
    for user in (cast.therapist, cast.other_therapist):
        away = {"starts_at": clock.now() + timedelta(hours=4), "ends_at": clock.now() + timedelta(days=14)}
        practice.write_time_off(user=user, reason="Away", by=SYSTEM, at=clock.now(), **away)
    return people.owed(cast)


def swept(row: Obligation, **after: float) -> Obligation:
    """The obligation after two sweeps, so long after its dose."""
    at = row.dosed_at + timedelta(**after)
    with clock.fixed(at):
        sweep_obligations(at=at)
        sweep_obligations(at=at + timedelta(seconds=30))
    return Obligation.objects.get(pk=row.pk)


def steps_of(row: Obligation) -> list[str]:
    return [step["step"] for step in row.escalations]


def open_task(kind: str) -> Task | None:
    return Task.objects.open().filter(kind=kind).first()


# --- no slot ------------------------------------------------------------------------------------------------------


def test_without_a_slot_the_front_desk_is_told_at_once(cast: Cast, stranded: Obligation) -> None:
    row = swept(stranded, minutes=1)
    assert (row.state, steps_of(row)) == ("due", ["front_desk"])
    listed = cast.desk("frontdesk").get("tasks/", kind=UNBOOKED, state="open").json()["results"]
    assert [task["subject_id"] for task in listed] == [str(row.pk)]
    assert not cast.desk("therapist").get("tasks/", kind=UNBOOKED).json()["results"]


@pytest.mark.parametrize(
    ("after", "steps", "roles"),
    [
        ({"hours": 24, "seconds": -31}, ["front_desk"], {"front_desk"}),
        ({"hours": 24}, ["front_desk", "therapist"], {"front_desk", "therapist"}),
        ({"hours": 48, "seconds": -31}, ["front_desk", "therapist"], {"front_desk", "therapist"}),
        (
            {"hours": 48},
            ["front_desk", "therapist", "medical_director"],
            {"front_desk", "therapist", "medical_director"},
        ),
    ],
)
def test_it_is_carried_up_by_the_clock_each_step_once(
    stranded: Obligation, after: dict[str, float], steps: list[str], roles: set[str]
) -> None:
    swept(stranded, minutes=1)
    row = swept(stranded, **after)
    assert (row.state, steps_of(row)) == ("due", steps)
    task = Task.objects.open().get(kind=UNBOOKED)
    assert set(task.roles) == roles
    assert task.escalation == len(steps) - 1


def test_at_the_windows_end_it_is_missed_and_somebody_follows_up(cast: Cast, stranded: Obligation) -> None:
    assert swept(stranded, hours=72, seconds=-31).state == "due"
    row = swept(stranded, hours=72)
    assert row.state == "missed"
    assert open_task(UNBOOKED) is None
    follow_up = open_task(FOLLOW_UP)
    assert follow_up is not None
    assert set(follow_up.roles) == {"front_desk", "therapist", "medical_director"}
    assert Task.objects.filter(kind=FOLLOW_UP).count() == 1
    with clock.fixed(row.window_end):
        shown = cast.desk("frontdesk").get("obligations/", state="missed").json()["results"]
    assert [item["id"] for item in shown] == [str(row.pk)]


def test_forty_sweeps_write_no_more_than_one(stranded: Obligation) -> None:
    for minute in range(0, 80 * 60, 120):
        sweep_obligations(at=stranded.dosed_at + timedelta(minutes=minute))
    row = Obligation.objects.get()
    assert steps_of(row) == ["front_desk", "therapist", "medical_director"]
    assert Task.objects.filter(subject_id=row.pk).count() == 2
    assert Outbox.objects.count() == 4  # one front desk, two therapists, one director


def test_the_messages_name_no_client_and_no_care(cast: Cast, stranded: Obligation) -> None:
    swept(stranded, hours=72)
    rows = Outbox.objects.all()
    assert {row.template for row in rows} == {"worklist"}
    assert len({row.key for row in rows}) == 4
    send_messages(at=stranded.window_end)
    assert {message.to[0] for message in mail.outbox} == {
        f"{name}@example.test" for name in ("frontdesk", "therapist", "other_therapist", "director")
    }
    for message in mail.outbox:
        told = f"{message.subject} {message.body}".lower()
        for word in ("robin", "sample", "ketamine", "dose", "integration", "therapy", str(stranded.pk)):
            assert word not in told


def test_messages_are_sent_once(cast: Cast, stranded: Obligation) -> None:
    for _ in range(3):
        swept(stranded, minutes=1)
        send_messages(at=stranded.dosed_at + timedelta(minutes=2))
    assert len(mail.outbox) == 1


def test_a_dose_that_is_entered_30_hours_late_is_carried_to_both_at_once(
    cast: Cast, stranded: Obligation
) -> None:
    row = swept(stranded, hours=30)
    assert steps_of(row) == ["front_desk", "therapist"]
    assert {step["at"] for step in row.escalations} == {moment(row.dosed_at + timedelta(hours=30))}
    task = open_task(UNBOOKED)
    assert task is not None
    assert set(task.roles) == {"front_desk", "therapist"}


def test_a_dose_that_is_entered_after_its_window_is_missed_at_once_and_told_to_all(
    stranded: Obligation,
) -> None:
    row = swept(stranded, hours=100)
    assert row.state == "missed"
    assert steps_of(row) == ["front_desk", "therapist", "medical_director"]
    assert open_task(FOLLOW_UP) is not None


def test_ticking_the_row_off_does_not_make_the_debt_disappear(cast: Cast, stranded: Obligation) -> None:
    swept(stranded, minutes=1)
    task = open_task(UNBOOKED)
    assert task is not None
    cast.desk("frontdesk").must(f"tasks/{task.pk}/done/", {"outcome": "Will call tomorrow"})
    row = swept(stranded, minutes=3)
    assert steps_of(row) == ["front_desk"]
    assert open_task(UNBOOKED) is not None


def test_as_soon_as_somebody_comes_back_it_is_booked_and_leaves_the_worklist(stranded: Obligation) -> None:
    swept(stranded, minutes=1)
    for away in stranded.therapist.time_off.all():
        away.cancelled_at = clock.now()
        away.save_by(SYSTEM, at=clock.now())
    row = swept(stranded, hours=2)
    assert row.state == "booked"
    assert open_task(UNBOOKED) is None


# --- by hand ------------------------------------------------------------------------------------------------------


def _by_hand(cast: Cast, row: Obligation, starts_at: Any, **more: Any) -> Any:
    body = {
        "program": str(row.program_id),
        "kind": "integration",
        "modality": "video",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
        "staff": [{"user": str(cast.therapist.pk), "role": "therapist"}],
        "override_reason": "She comes in for it",
        "obligation": str(row.pk),
    }
    return cast.desk("frontdesk").post("sessions/", body | more)


def test_a_booking_by_hand_settles_it(cast: Cast, stranded: Obligation) -> None:
    swept(stranded, minutes=1)
    answer = _by_hand(cast, stranded, stranded.window_start)
    assert answer.status_code == 201, answer.content
    row = Obligation.objects.get()
    assert row.state == "booked"
    assert str(row.integration_session_id) == answer.json()["id"]
    assert answer.json()["for_dose"] == str(row.dosing_session_id)
    assert open_task(UNBOOKED) is None
    assert steps_of(swept(stranded, hours=50)) == ["front_desk"]


def test_a_booking_by_hand_before_the_window_is_refused(cast: Cast, stranded: Obligation) -> None:
    answer = _by_hand(cast, stranded, stranded.window_start - timedelta(minutes=15))
    assert answer.status_code == 400
    assert answer.json()["errors"][0] == {
        "pointer": "/starts_at",
        "code": "before_window",
        "detail": "This integration starts before its window.",
    }
    assert not Session.objects.filter(kind="integration").exists()


def test_what_is_booked_is_not_booked_twice(cast: Cast, stranded: Obligation) -> None:
    assert _by_hand(cast, stranded, stranded.window_start).status_code == 201
    again = _by_hand(cast, stranded, stranded.window_start + timedelta(hours=3))
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert Session.objects.filter(kind="integration").count() == 1


def test_another_programs_debt_can_not_be_settled(cast: Cast, stranded: Obligation) -> None:
    other = people.cleared_program(cast, who=people.client(cast.north, by=cast.frontdesk, first="Kim"))
    answer = _by_hand(cast, stranded, stranded.window_start, program=str(other.pk))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/obligation"
    assert Obligation.objects.get().state == "due"


def test_only_an_integration_settles_it(cast: Cast, stranded: Obligation) -> None:
    answer = _by_hand(cast, stranded, stranded.window_start, kind="preparation")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/obligation"


def test_a_missed_one_may_still_be_booked_late(cast: Cast, stranded: Obligation) -> None:
    row = swept(stranded, hours=72)
    late = row.window_end + timedelta(hours=6)
    with clock.fixed(row.window_end + timedelta(hours=1)):
        assert _by_hand(cast, row, late).status_code == 201
        row.refresh_from_db()
        assert row.state == "booked"
        assert open_task(FOLLOW_UP) is None
    with clock.fixed(late + timedelta(hours=1)):
        _hold(cast, row.integration_session)
        row.refresh_from_db()
    assert row.state == "met_late"


# --- it falls through -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("move", ["cancel", "no-show"])
def test_an_integration_that_falls_through_is_owed_again_and_rebooked(cast: Cast, move: str) -> None:
    row = people.owed(cast)
    schedule_obligation(obligation_id=row.pk, at=clock.now())
    row.refresh_from_db()
    gone = row.integration_session
    with clock.fixed(gone.starts_at):
        answer = cast.desk("frontdesk").post(f"sessions/{gone.pk}/{move}/", {"reason": "The client is ill"})
    assert answer.status_code == 200, answer.content
    row.refresh_from_db()
    assert (row.state, row.integration_session) == ("due", None)
    assert open_task(CONFIRM) is None
    assert not gone.allocations.filter(released_at__isnull=True).exists()
    sweep_obligations(at=clock.now())
    row.refresh_from_db()
    assert row.state == "booked"
    assert row.integration_session_id != gone.pk
    assert row.window_start <= row.integration_session.starts_at < row.window_end
    assert open_task(CONFIRM) is not None


def test_one_that_falls_through_twice_without_a_slot_is_on_the_worklist_again(
    cast: Cast, stranded: Obligation
) -> None:
    swept(stranded, minutes=1)
    session = _by_hand(cast, stranded, stranded.window_start).json()
    cast.desk("frontdesk").must(f"sessions/{session['id']}/cancel/", {"reason": "The client is ill"})
    row = swept(stranded, hours=2)
    assert (row.state, steps_of(row)) == ("due", ["front_desk"])
    assert open_task(UNBOOKED) is not None


def test_one_that_falls_through_after_its_window_is_missed(cast: Cast) -> None:
    row = people.owed(cast)
    schedule_obligation(obligation_id=row.pk, at=clock.now())
    row.refresh_from_db()
    with clock.fixed(row.window_end + timedelta(minutes=1)):
        gone = row.integration_session
        missed = {"reason": "Did not come", "at": gone.starts_at.isoformat()}
        cast.desk("therapist").must(f"sessions/{gone.pk}/no-show/", missed)
        sweep_obligations(at=clock.now())
    row.refresh_from_db()
    assert row.state == "missed"
    assert open_task(FOLLOW_UP) is not None


def test_a_booked_one_that_nobody_wrote_up_is_asked_about(cast: Cast) -> None:
    row = people.owed(cast)
    schedule_obligation(obligation_id=row.pk, at=clock.now())
    row.refresh_from_db()
    session = row.integration_session
    ended = session.ends_at
    sweep_obligations(at=ended + timedelta(hours=23))
    assert open_task("integration_unrecorded") is None
    sweep_obligations(at=ended + timedelta(hours=25))
    sweep_obligations(at=ended + timedelta(hours=26))
    task = Task.objects.get(kind="integration_unrecorded")
    assert set(task.roles) == {"front_desk", "therapist"}
    assert Obligation.objects.get().state == "booked"
    with clock.fixed(ended + timedelta(hours=26)):
        missed = {"reason": "Did not come", "at": session.starts_at.isoformat()}
        cast.back("frontdesk").must(f"sessions/{session.pk}/no-show/", missed)
    assert open_task("integration_unrecorded") is None  # that was the word that it asked for
    assert Obligation.objects.get().state == "due"


def test_one_that_is_booked_for_next_week_is_not_asked_about_yet(cast: Cast, stranded: Obligation) -> None:
    row = swept(stranded, hours=72)
    with clock.fixed(row.window_end + timedelta(hours=1)):
        assert _by_hand(cast, row, row.window_end + timedelta(days=6)).status_code == 201
    sweep_obligations(at=row.window_end + timedelta(days=2))
    assert open_task("integration_unrecorded") is None


# --- it takes place, or is waived -------------------------------------------------------------------------------------


def _hold(cast: Cast, session: Session) -> Any:
    path = f"sessions/{session.pk}"
    start = {"at": session.starts_at.isoformat()}
    cast.desk("frontdesk").must(f"{path}/check-in/", start)
    cast.desk("therapist").must(f"{path}/start/", start)
    return cast.desk("therapist").must(f"{path}/complete/", {"at": session.ends_at.isoformat()})


def test_an_integration_inside_its_window_meets_the_debt(cast: Cast) -> None:
    row = people.owed(cast)
    schedule_obligation(obligation_id=row.pk, at=clock.now())
    row.refresh_from_db()
    with clock.fixed(row.integration_session.ends_at):
        _hold(cast, row.integration_session)
    row.refresh_from_db()
    assert row.state == "met"
    assert not Task.objects.open().filter(subject_id=row.pk).exists()


@pytest.mark.parametrize(("seconds", "state"), [(-1, "met"), (0, "met_late")])
def test_late_is_from_the_windows_end_on_by_when_it_began(cast: Cast, seconds: int, state: str) -> None:
    row = people.owed(cast)
    _by_hand(cast, row, row.window_end - timedelta(hours=1))
    row.refresh_from_db()
    began = row.window_end + timedelta(seconds=seconds)
    session = row.integration_session
    with clock.fixed(row.window_end + timedelta(hours=1)):
        path = f"sessions/{session.pk}"
        cast.desk("frontdesk").must(f"{path}/check-in/", {"at": session.starts_at.isoformat()})
        cast.desk("therapist").must(f"{path}/start/", {"at": began.isoformat()})
        cast.desk("therapist").must(f"{path}/complete/")
    row.refresh_from_db()
    assert row.state == state


@pytest.mark.parametrize("who", ["therapist", "prescriber"])
def test_therapist_or_prescriber_waive_it_with_a_reason(cast: Cast, stranded: Obligation, who: str) -> None:
    swept(stranded, minutes=1)
    answer = cast.desk(who).post(f"obligations/{stranded.pk}/waive/", {"reason": "Seen elsewhere"})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["state"], answer.json()["reason"]) == ("waived", "Seen elsewhere")
    assert open_task(UNBOOKED) is None
    row = swept(stranded, hours=72)
    assert (row.state, steps_of(row)) == ("waived", ["front_desk"])


@pytest.mark.parametrize("who", ["frontdesk", "np", "director", "billing", "admin"])
def test_nobody_else_waives_it(cast: Cast, stranded: Obligation, who: str) -> None:
    answer = cast.desk(who).post(f"obligations/{stranded.pk}/waive/", {"reason": "Seen elsewhere"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert Obligation.objects.get().state == "due"


def test_another_locations_therapist_does_not_even_see_it(cast: Cast, stranded: Obligation) -> None:
    desk = cast.desk("south_therapist")
    assert desk.post(f"obligations/{stranded.pk}/waive/", {"reason": "Seen elsewhere"}).status_code == 404
    assert desk.get("obligations/").json()["count"] == 0


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x"}])
def test_it_is_never_waived_without_a_reason(cast: Cast, stranded: Obligation, body: dict[str, str]) -> None:
    answer = cast.desk("therapist").post(f"obligations/{stranded.pk}/waive/", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/reason"
    assert Obligation.objects.get().state == "due"


def test_waiving_frees_the_held_slot_and_a_met_one_is_not_waived(cast: Cast) -> None:
    row = people.owed(cast)
    cast.desk("therapist").must(f"obligations/{row.pk}/waive/", {"reason": "Seen elsewhere"})
    assert Session.objects.get(kind="integration").status == "cancelled"
    again = cast.desk("therapist").post(f"obligations/{row.pk}/waive/", {"reason": "Seen elsewhere"})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


# --- the held slot of a dose that was not given ---------------------------------------------------------------------------


def _held(cast: Cast) -> tuple[Session, Session]:
    """A booked dose for tomorrow and the integration slot that it holds."""
    dose = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY + timedelta(days=1))
    return dose, Session.objects.get(for_dose=dose, status="held")


@pytest.mark.parametrize("move", ["cancel", "no-show"])
def test_a_dose_that_falls_through_frees_its_held_slot(cast: Cast, move: str) -> None:
    dose, held = _held(cast)
    with clock.fixed(dose.starts_at):
        cast.desk("frontdesk").must(f"sessions/{dose.pk}/{move}/", {"reason": "The client is ill"})
    held.refresh_from_db()
    assert held.status == "cancelled"
    assert not held.allocations.filter(released_at__isnull=True).exists()


def test_a_client_who_is_not_dosed_needs_no_integration(cast: Cast) -> None:
    dose, held = _held(cast)
    with clock.fixed(dose.starts_at):
        cast.desk("frontdesk").must(f"sessions/{dose.pk}/check-in/")
        cast.desk("np").must(f"sessions/{dose.pk}/not-dosed/", {"reason": "Blood pressure"})
    held.refresh_from_db()
    assert held.status == "cancelled"
    assert not Obligation.objects.exists()


def test_a_dose_that_moves_takes_its_held_slot_along(cast: Cast) -> None:
    dose, held = _held(cast)
    start = dose.starts_at + timedelta(days=3)
    body = {
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=3)).isoformat(),
        "reason": "The client asked",
    }
    cast.desk("frontdesk").must(f"sessions/{dose.pk}/reschedule/", body)
    held.refresh_from_db()
    assert held.status == "cancelled"
    new = Session.objects.get(for_dose=dose, status="held")
    assert start + timedelta(hours=27) <= new.starts_at < start + timedelta(hours=72)


def test_the_whole_sweep_books_and_says_that_it_ran(cast: Cast) -> None:
    row = people.owed(cast)
    done = sweep(at=clock.now())
    assert done["obligations"] == 1
    row.refresh_from_db()
    assert row.state == "booked"
