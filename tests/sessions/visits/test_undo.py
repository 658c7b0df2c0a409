"""A mistaken move of a session is taken back, or its time is put right; what hung on it is judged anew."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from billing.documents import selectors as documents
from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM
from kapclinic.trail.models import Task
from programs.models import PhaseSpan, Program
from sessions.booking.models import MoveUndo, Session
from sessions.integration.models import Obligation
from sessions.integration.services.obligations import schedule_obligation
from sessions.integration.services.placing import sweep_obligations
from sessions.sweep.steps import sweep
from sessions.visits.rules import replayed
from tests import cast as people
from tests.asking import refused
from tests.cast import MONDAY, Cast, Desk
from tests.journeys.steps import moment
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY, codes

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHO = UUID(int=7)
WRONG = "The wrong client's row"


def undo(cast: Cast, session: Session, move: str, *, by: str = "director", reason: str = WRONG) -> Any:
    return cast.desk(by).post(f"sessions/{session.pk}/undo/", {"move": move, "reason": reason})


def correct(cast: Cast, session: Session, move: str, at: Any, *, by: str = "director") -> Any:
    body = {"move": move, "reason": "Typed wrong", "at": moment(at)}
    return cast.desk(by).post(f"sessions/{session.pk}/correct-time/", body)


def state() -> tuple[Any, ...]:
    models = (MoveUndo, Obligation, Program)
    return (*desk.book_of_sessions(), *(list(model.objects.order_by("pk").values()) for model in models))


@pytest.fixture
def session(cast: Cast) -> Session:
    """A preparation of Tuesday at nine."""
    (program,) = desk.programs_of(cast, 1)
    return people.booked(cast, program, "preparation", TUESDAY)


def lived(cast: Cast, session: Session, *moves: str) -> None:
    """Each move at its hour: nine, ten, eleven; by the front desk or the therapist."""
    for n, move in enumerate(moves):
        by = "frontdesk" if move in {"check-in", "no-show"} else "therapist"
        body = {"reason": "Did not come"} if move == "no-show" else {}
        with clock.fixed(session.starts_at + n * HOUR):
            cast.desk(by).must(f"sessions/{session.pk}/{move}/", body)


MADE = {
    "check_in": (("check-in",), "checked_in_at", "scheduled", "frontdesk"),
    "start": (("check-in", "start"), "started_at", "checked_in", "therapist"),
    "complete": (("check-in", "start", "complete"), "completed_at", "in_progress", "therapist"),
    "no_show": (("no-show",), "cancelled_at", "scheduled", "frontdesk"),
}


@pytest.mark.parametrize("move", MADE)
def test_the_last_move_is_taken_back_and_both_are_kept(cast: Cast, session: Session, move: str) -> None:
    made, column, before, doer = MADE[move]
    held = desk.live(session)
    lived(cast, session, *made)
    session.refresh_from_db()
    said = getattr(session, column)
    with clock.fixed(TUESDAY + 4 * HOUR):
        answer = undo(cast, session, move, by=doer)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["status"] == before
    assert body[column] is None
    (row,) = body["undone"]
    assert {name: row[name] for name in ("move", "moment", "at", "by", "corrected_to")} == {
        "move": move,
        "moment": moment(said),
        "at": moment(TUESDAY + 4 * HOUR),
        "by": str(cast.people[doer].pk),
        "corrected_to": None,
    }
    assert row["reason"] == (WRONG if doer == "therapist" else "")  # the front desk reads none of why
    kept = MoveUndo.objects.get()
    assert (kept.done_by, kept.done_at, kept.reason) == (cast.people[doer].pk, said, WRONG)
    assert desk.live(session) == held
    assert session.history.filter(**{column: said}).exists()
    again = {"reason": "Did not come"} if move == "no_show" else {}
    with clock.fixed(TUESDAY + 4 * HOUR):
        cast.desk(doer).must(f"sessions/{session.pk}/{made[-1]}/", again)
    assert cast.desk(doer).get(f"sessions/{session.pk}/").json()["undone"] == body["undone"]


def test_all_moves_are_undone_one_by_one_from_the_last(cast: Cast, session: Session) -> None:
    lived(cast, session, "check-in", "start", "complete")
    with clock.fixed(TUESDAY + 4 * HOUR):
        for early in ("check_in", "start", "no_show"):
            before = state()
            answer = undo(cast, session, early)
            assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
            assert answer.json()["last"] == "complete"
            assert state() == before
        for move in ("complete", "start", "check_in"):
            assert undo(cast, session, move).status_code == 200
            assert undo(cast, session, move).status_code == 409  # twice
    session.refresh_from_db()
    assert (session.status, session.checked_in_at) == ("scheduled", None)


def test_a_stage_of_an_undone_check_in_is_shown_no_more(cast: Cast, session: Session) -> None:
    lived(cast, session, "check-in")
    with clock.fixed(TUESDAY + HOUR):
        cast.desk("np").must(f"sessions/{session.pk}/stage/", {"stage": "roomed"})
        assert undo(cast, session, "check_in", by="frontdesk").json()["stage"] is None


def test_what_was_cancelled_or_not_dosed_or_never_made_is_not_undone(cast: Cast) -> None:
    program = people.cleared_program(cast)
    undosed = people.undosed_session(cast, program)
    assert undo(cast, undosed, "complete").status_code == 409
    later = people.booked(cast, program, "preparation", TUESDAY)
    assert undo(cast, later, "check_in").status_code == 409
    people.ended_session(later, "cancel", by=cast.frontdesk)
    assert undo(cast, later, "no_show").status_code == 409
    assert not MoveUndo.objects.exists()


@pytest.mark.parametrize(
    ("by", "after", "status"),
    [
        ("frontdesk", 24 * HOUR, 200),
        ("frontdesk", 24 * HOUR + timedelta(seconds=1), 403),
        ("therapist", HOUR, 403),
        ("np", HOUR, 403),
        ("billing", HOUR, 403),
        ("admin", HOUR, 403),
        ("director", HOUR, 200),
        ("director", 20 * DAY, 200),
        ("south_frontdesk", HOUR, 404),
    ],
)
def test_its_doer_for_a_day_and_the_director_always(
    cast: Cast, session: Session, by: str, after: timedelta, status: int
) -> None:
    lived(cast, session, "check-in")
    before = state()
    with clock.fixed(TUESDAY + after):
        assert undo(cast, session, "check_in", by=by).status_code == status
    assert (state() == before) is (status != 200)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"move": "check_in"}, "/reason"),
        ({"move": "check_in", "reason": "x"}, "/reason"),
        ({"move": "cancel", "reason": WRONG}, "/move"),
        ({"reason": WRONG}, "/move"),
        ({"move": "check_in", "reason": WRONG, "colour": "blue"}, "/colour"),
    ],
)
def test_half_a_request_names_what_is_missing(
    cast: Cast, session: Session, body: dict[str, Any], pointer: str
) -> None:
    lived(cast, session, "check-in")
    answer = cast.desk("director").post(f"sessions/{session.pk}/undo/", body)
    assert (answer.status_code, {row for row, _ in codes(answer)}) == (400, {pointer})
    assert not MoveUndo.objects.exists()


def test_a_check_in_on_which_readings_or_a_dose_stand_stays(cast: Cast) -> None:
    read = people.ready_dose(cast)
    assert undo(cast, read, "check_in").status_code == 409
    people.give(cast, read)
    dosed = undo(cast, read, "start")
    assert (dosed.status_code, dosed.json()["state"]) == (409, "dosed")
    assert not MoveUndo.objects.exists()


# --- what hung on it ----------------------------------------------------------------------------------------------


def test_what_was_asked_of_the_wrong_client_counts_for_nobody(cast: Cast) -> None:
    """Whoever was checked in was somebody else: the right one is identified, asked and weighed themselves."""
    session = people.ready_dose(cast, without=("vitals",))
    path = f"sessions/{session.pk}/"
    cast.desk("np").patch(path, {"weight_kg": "91.5"})

    def of_today() -> set[str]:
        gates = cast.desk("np").get(f"{path}readiness/").json()["gates"]
        return {gate["code"] for gate in gates if gate["state"] == "open"}

    assert of_today() == {"vitals"}
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        assert undo(cast, session, "check_in").status_code == 200
    with clock.fixed(MONDAY + timedelta(minutes=10)):
        cast.desk("frontdesk").must(f"{path}check-in/")
        assert of_today() == {"vitals", "identifiers", "not_intoxicated", "fasting"}
        shown = cast.desk("np").get(path).json()
        assert (shown["weight_kg"], shown["fasting_since"]) == (None, None)
        assert shown["escort"]["name"] == "Alex Example"  # who fetches them was said at the booking
        people.attest(cast, session, "identifiers", "not_intoxicated")
        assert of_today() == {"vitals", "fasting"}


def test_a_no_show_whose_slot_is_taken_by_now_stays_one(cast: Cast, session: Session) -> None:
    lived(cast, session, "no-show")
    other = people.client(cast.north, by=cast.frontdesk, first="Jo", phone="303-555-0155")
    with clock.fixed(TUESDAY):
        course = people.opened_program(cast, protocol=session.program.protocol, who=other)
        taken = people.booked(cast, course, "preparation", TUESDAY + timedelta(minutes=15))
        before = state()
        answer = undo(cast, session, "no_show", by="frontdesk")
    assert (answer.status_code, answer.json()["code"]) == (409, "resource_conflict")
    assert {row["session"] for row in answer.json()["conflicts"]} == {str(taken.pk)}
    assert state() == before
    assert desk.overlaps() == 0


def test_a_dose_that_was_no_no_show_holds_its_integration_again(cast: Cast) -> None:
    (program,) = desk.programs_of(cast, 1)
    dose = people.booked(cast, program, "dosing", TUESDAY)
    lived(cast, dose, "no-show")
    assert not Session.objects.filter(for_dose=dose, status="held").exists()
    with clock.fixed(TUESDAY + HOUR):
        assert undo(cast, dose, "no_show", by="frontdesk").status_code == 200
    assert Session.objects.filter(for_dose=dose, status="held").count() == 1
    assert desk.orphans() == []


def _booked_integration(cast: Cast) -> tuple[Obligation, Session]:
    owed = people.owed(cast)
    schedule_obligation(obligation_id=owed.pk, at=clock.now())
    owed.refresh_from_db()
    assert owed.integration_session is not None
    return owed, owed.integration_session


@pytest.mark.parametrize("rebooked", ["not yet", "by the scheduler", "by the desk"])
def test_an_integration_that_was_no_no_show_is_booked_for_its_dose_again(cast: Cast, rebooked: str) -> None:
    owed, session = _booked_integration(cast)
    lived(cast, session, "no-show")
    with clock.fixed(session.starts_at + HOUR):
        if rebooked == "by the scheduler":
            schedule_obligation(obligation_id=owed.pk, at=clock.now())
        owed.refresh_from_db()
        if rebooked == "by the desk":
            at = session.starts_at + 4 * HOUR
            people.booked(cast, owed.program, "integration", at, obligation=owed)
            before = state()
            answer = undo(cast, session, "no_show", by="frontdesk")
            assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
            assert state() == before
            return
        other = owed.integration_session
        answer = undo(cast, session, "no_show", by="frontdesk")
    assert answer.status_code == 200, answer.content
    owed.refresh_from_db()
    assert (owed.state, owed.integration_session_id) == ("booked", session.pk)
    assert (other is not None) is (rebooked == "by the scheduler")
    if other is not None:
        other.refresh_from_db()
        assert other.status == "cancelled"
    assert desk.orphans() == []


def test_an_integration_that_was_completed_by_mistake_is_owed_again(cast: Cast) -> None:
    owed, session = _booked_integration(cast)
    lived(cast, session, "check-in", "start", "complete")
    owed.refresh_from_db()
    assert owed.state == "met"
    with clock.fixed(session.starts_at + 3 * HOUR):
        assert undo(cast, session, "complete", by="therapist").status_code == 200
        owed.refresh_from_db()
        assert (owed.state, owed.integration_session_id) == ("booked", session.pk)
        cast.desk("therapist").must(f"sessions/{session.pk}/complete/")
    owed.refresh_from_db()
    assert owed.state == "met"


def test_who_may_complete_no_more_takes_no_completion_back(cast: Cast) -> None:
    """The one who completed it is of the front desk by now: what it settled is a clinician's to take back."""
    owed, session = _booked_integration(cast)
    lived(cast, session, "check-in", "start", "complete")
    practice.save_staff(user=cast.therapist, values={"roles": ["front_desk"]}, by=SYSTEM, at=clock.now())
    before = state()
    with clock.fixed(session.starts_at + 3 * HOUR):
        new = Desk(cast.therapist)
        body = {"move": "complete", "reason": WRONG}
        refused(new.post(f"sessions/{session.pk}/undo/", body), 403, "not_permitted")
        later = body | {"reason": "Typed wrong", "at": moment(session.starts_at + HOUR)}
        refused(new.post(f"sessions/{session.pk}/correct-time/", later), 403, "not_permitted")
        assert state() == before
        owed.refresh_from_db()
        assert owed.state == "met"
        assert undo(cast, session, "complete", by="director").status_code == 200


def test_a_preparation_that_was_none_takes_the_course_back(cast: Cast) -> None:
    protocol = people.approved_protocol(cast, min_preparations=1)
    program = people.opened_program(cast, protocol=protocol)
    people.clear(cast, program)
    session = people.booked(cast, program, "preparation", TUESDAY)
    lived(cast, session, "check-in", "complete")
    program.refresh_from_db()
    assert program.phase == "dosing"
    with clock.fixed(TUESDAY + 3 * HOUR):
        assert undo(cast, session, "complete", by="therapist").status_code == 200
        program.refresh_from_db()
        assert program.phase == "preparation"
        spans = program.spans.order_by("started_at", "created_at") if hasattr(program, "spans") else None
        assert spans is None or spans.filter(ended_at__isnull=True).get().phase == "preparation"
        cast.desk("therapist").must(f"sessions/{session.pk}/complete/")
    program.refresh_from_db()
    assert program.phase == "dosing"


def test_a_course_that_is_over_keeps_its_phase(cast: Cast) -> None:
    protocol = people.approved_protocol(cast, min_preparations=1)
    program = people.opened_program(cast, protocol=protocol)
    people.clear(cast, program)
    session = people.booked(cast, program, "preparation", TUESDAY)
    lived(cast, session, "check-in", "complete")
    with clock.fixed(TUESDAY + 3 * HOUR):
        cast.desk("prescriber").must(f"programs/{program.pk}/discontinue/", {"reason": "Moved away"})
        assert undo(cast, session, "complete", by="therapist").status_code == 200
    program.refresh_from_db()
    assert (program.status, program.phase) == ("discontinued", "dosing")
    assert not PhaseSpan.objects.filter(program=program, ended_at__isnull=True).exists()


def test_what_was_charged_for_it_is_on_no_superbill_and_nothing_more_is_charged(cast: Cast) -> None:
    people.service_codes()
    session = people.signed_session(cast, starts_at=MONDAY - DAY)
    people.charged(cast, session, "150.00")
    days = {"from_date": date(2026, 5, 1), "to_date": date(2026, 5, 31)}
    span = {"client": session.client_id, "user": cast.billing} | days
    assert _lines(span) == 1
    assert undo(cast, session, "complete").status_code == 200
    assert _lines(span) == 0
    body = {"session": str(session.pk), "code": "90837", "units": 1, "amount": "150.00"}
    again = cast.desk("billing").post("charges/", body)
    assert again.status_code == 409, again.content


def _lines(span: dict[str, Any]) -> int:
    return documents.rendered_charges(**span).count()


# --- a time that was typed wrong ----------------------------------------------------------------------------------


def test_a_wrong_time_is_put_right_and_both_stand(cast: Cast, session: Session) -> None:
    lived(cast, session, "check-in", "start", "complete")
    with clock.fixed(TUESDAY + 4 * HOUR):
        answer = correct(cast, session, "check_in", TUESDAY - HOUR, by="frontdesk")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["status"], body["checked_in_at"]) == ("completed", moment(TUESDAY - HOUR))
    (row,) = body["undone"]
    assert (row["moment"], row["corrected_to"]) == (moment(TUESDAY), moment(TUESDAY - HOUR))


@pytest.mark.parametrize(
    ("move", "at", "status", "code"),
    [
        ("check_in", TUESDAY + timedelta(minutes=90), 400, "too_late"),
        ("start", TUESDAY - HOUR, 400, "too_early"),
        ("complete", TUESDAY + 5 * HOUR, 400, "in_the_future"),
        ("check_in", TUESDAY - 4 * HOUR, 409, "not_today"),
        ("no_show", TUESDAY, 409, "illegal_transition"),
    ],
)
def test_a_time_that_cannot_be_changes_nothing(
    cast: Cast, session: Session, move: str, at: Any, status: int, code: str
) -> None:
    lived(cast, session, "check-in", "start", "complete")
    before = state()
    with clock.fixed(TUESDAY + 4 * HOUR):
        answer = correct(cast, session, move, at)
    found = answer.json()["code"] if status == 409 else answer.json()["errors"][0]["code"]
    assert (answer.status_code, found) == (status, code)
    assert state() == before


def test_nobody_came_or_began_after_what_was_measured_and_given(cast: Cast) -> None:
    session = people.ready_dose(cast)
    with clock.fixed(MONDAY + HOUR):
        came = correct(cast, session, "check_in", MONDAY + timedelta(minutes=20))
        assert (came.status_code, codes(came)) == (400, {("/at", "too_late")})
    people.give(cast, session)
    with clock.fixed(MONDAY + HOUR):
        before = state()
        for move in ("check_in", "start"):
            answer = correct(cast, session, move, MONDAY + timedelta(minutes=20))
            assert (answer.status_code, codes(answer)) == (400, {("/at", "too_late")})
        assert state() == before


def test_only_who_said_it_or_the_director_puts_it_right(cast: Cast, session: Session) -> None:
    lived(cast, session, "check-in")
    before = state()
    with clock.fixed(TUESDAY + HOUR):
        for by, status in (("np", 403), ("billing", 403), ("south_frontdesk", 404)):
            assert correct(cast, session, "check_in", TUESDAY - HOUR, by=by).status_code == status
    with clock.fixed(TUESDAY + 25 * HOUR):
        assert correct(cast, session, "check_in", TUESDAY - HOUR, by="frontdesk").status_code == 403
    assert state() == before


def test_an_integration_is_met_by_the_time_that_is_right(cast: Cast) -> None:
    owed, session = _booked_integration(cast)
    begun = owed.window_start - 2 * HOUR
    to = {"starts_at": moment(owed.window_start), "ends_at": moment(owed.window_start + HOUR)}
    cast.desk("frontdesk").must(f"sessions/{session.pk}/reschedule/", to | {"reason": "Their wish"})
    session.refresh_from_db()
    lived(cast, session, "check-in", "start", "complete")
    with clock.fixed(session.starts_at + 4 * HOUR):
        assert correct(cast, session, "check_in", begun, by="frontdesk").status_code == 200  # they made it
        owed.refresh_from_db()
        assert owed.state == "met"
        assert correct(cast, session, "start", begun).status_code == 200
        owed.refresh_from_db()
        assert (owed.state, owed.integration_session) == ("due", None)  # it began too early
        assert correct(cast, session, "start", owed.window_start).status_code == 200
        owed.refresh_from_db()
        assert (owed.state, owed.integration_session_id) == ("met", session.pk)


@pytest.mark.parametrize("undone", [False, True])
@pytest.mark.parametrize("booked_by", ["scheduler", "desk"])
def test_an_integration_that_seemed_too_early_is_met_although_another_is_booked(
    cast: Cast, undone: bool, booked_by: str
) -> None:
    owed, session = _booked_integration(cast)
    right, wrong = owed.window_start, owed.window_start - 2 * HOUR
    to = {"starts_at": moment(right), "ends_at": moment(right + HOUR), "reason": "Their wish"}
    cast.desk("frontdesk").must(f"sessions/{session.pk}/reschedule/", to)
    session.refresh_from_db()
    with clock.fixed(right + 2 * HOUR):
        cast.desk("therapist").must(f"sessions/{session.pk}/check-in/", {"at": moment(wrong)})
        cast.desk("therapist").must(f"sessions/{session.pk}/start/", {"at": moment(wrong)})
        cast.desk("therapist").must(f"sessions/{session.pk}/complete/")
        if booked_by == "scheduler":
            schedule_obligation(obligation_id=owed.pk, at=clock.now())
        else:
            people.booked(cast, owed.program, "integration", right + 5 * HOUR, obligation=owed)
        owed.refresh_from_db()
        other = owed.integration_session
        assert other is not None
        assert (owed.state, other.pk == session.pk) == ("booked", False)
        if undone:
            assert undo(cast, session, "complete", by="therapist").status_code == 200
        assert correct(cast, session, "start", wrong + HOUR, by="therapist").status_code == 200
        other.refresh_from_db()
        assert (other.status == "scheduled") is (booked_by == "desk" or not undone)  # still too early
        assert correct(cast, session, "start", right, by="therapist").status_code == 200
        if undone:
            cast.desk("therapist").must(f"sessions/{session.pk}/complete/")
    owed.refresh_from_db()
    other.refresh_from_db()
    gave_way = booked_by == "scheduler"
    assert (owed.state, other.status) == (("met", "cancelled") if gave_way else ("booked", "scheduled"))
    assert desk.orphans() == []


# --- the rule -----------------------------------------------------------------------------------------------------

A, S = "scheduled", ("checked_in", "in_progress", "completed", "no_show")


@pytest.mark.parametrize(
    ("states", "moves"),
    [
        ((A,), []),
        ((A, A, S[0]), ["check_in"]),
        ((A, S[0], S[1], S[1], S[2]), ["check_in", "start", "complete"]),
        ((A, S[0], S[2]), ["check_in", "complete"]),
        ((A, S[0], S[2], S[0]), ["check_in"]),
        ((A, S[0], S[1], S[2], S[1], S[0]), ["check_in"]),
        ((A, S[0], A, S[3]), ["no_show"]),
        ((A, S[3], A), []),
        ((A, "cancelled"), []),
        (("held", A, S[0]), ["check_in"]),
    ],
)
def test_the_moves_that_stand_are_read_from_the_history(states: tuple[str, ...], moves: list[str]) -> None:
    rows = [(state, "", WHO, MONDAY + n * HOUR) for n, state in enumerate(states)]
    assert [row.move for row in replayed(rows)] == moves


@pytest.mark.parametrize("gone", ["person", "role", "room"])
def test_a_no_show_that_was_none_stands_again_without_who_and_what_is_gone_since(
    cast: Cast, session: Session, gone: str
) -> None:
    lived(cast, session, "no-show")
    path, body = {
        "person": (f"staff/{cast.therapist.pk}/", {"is_active": False}),
        "role": (f"staff/{cast.therapist.pk}/", {"roles": ["front_desk"]}),
        "room": (f"rooms/{cast.aspen.pk}/", {"is_active": False}),
    }[gone]
    with clock.fixed(TUESDAY):
        assert cast.desk("admin").patch(path, body).status_code == 200
        assert undo(cast, session, "no_show").status_code == 200
    session.refresh_from_db()
    assert (session.status, session.staff == [], session.room_id is None) == (
        "scheduled",
        gone != "room",
        gone == "room",
    )
    (told,) = Task.objects.open().filter(kind="session_unstaffed")
    assert told.subject_id == session.pk


def test_a_dose_that_stands_again_in_a_course_that_is_over_holds_no_integration_and_goes_again(
    cast: Cast,
) -> None:
    program = people.cleared_program(cast)
    dose = people.booked(cast, program, "dosing", TUESDAY)
    with clock.fixed(TUESDAY + HOUR):
        cast.desk("frontdesk").must(f"sessions/{dose.pk}/no-show/", {"reason": "Did not come"})
        ahead = people.booked(cast, program, "preparation", TUESDAY + 3 * DAY)
        body = {"protocol": str(program.protocol_id), "reason": "Another series"}
        cast.desk("prescriber").must(f"programs/{program.pk}/continue/", body)
        assert undo(cast, dose, "no_show", by="frontdesk").status_code == 200
        sweep(at=clock.now())
    assert not Session.objects.filter(program=program, status="held").exists()
    ahead.refresh_from_db()
    assert ahead.status == "cancelled"


@pytest.mark.parametrize("what", ["alarms", "adverse-events"])
def test_no_check_in_is_undone_under_what_says_that_the_client_was_here(cast: Cast, what: str) -> None:
    session = people.ready_dose(cast, without=("vitals",))
    event = {"term": "chest pain", "grade": 3, "serious": True, "seriousness": ["hospitalization"]}
    event |= {"causality": "probable", "action": "stopped", "outcome": "ongoing"}
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        body = {
            "alarms": {"trigger": "chest_pain", "note": "Pain"},
            "adverse-events": event | {"onset_at": moment(MONDAY)},
        }
        cast.desk("np").must(f"sessions/{session.pk}/{what}/", body[what])
        before = state()
        answer = undo(cast, session, "check_in")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert state() == before


def test_a_visit_is_not_over_before_its_dose_and_its_discharge(cast: Cast) -> None:
    session = people.discharged_session(cast)  # home after two hours
    path = f"sessions/{session.pk}/complete/"
    with clock.fixed(MONDAY + 3 * HOUR):
        before = state()
        answer = cast.desk("np").post(path, {"at": moment(MONDAY + HOUR)})
        assert (answer.status_code, codes(answer)) == (400, {("/at", "too_early")})
        assert state() == before
        cast.desk("np").must(path, {"at": moment(MONDAY + 2 * HOUR)})
        before = state()
        answer = correct(cast, session, "complete", MONDAY + HOUR)
        assert (answer.status_code, codes(answer)) == (400, {("/at", "too_early")})
        assert state() == before
        assert correct(cast, session, "complete", MONDAY + 2.5 * HOUR).status_code == 200


def test_a_missed_integration_stays_missed_by_a_time_that_changes_nothing(cast: Cast) -> None:
    """It began too early, and its window is over."""
    owed, session = _booked_integration(cast)
    right, wrong = owed.window_start, owed.window_start - 2 * HOUR
    to = {"starts_at": moment(right), "ends_at": moment(right + HOUR), "reason": "Their wish"}
    cast.desk("frontdesk").must(f"sessions/{session.pk}/reschedule/", to)
    session.refresh_from_db()
    with clock.fixed(right + 2 * HOUR):
        cast.desk("frontdesk").must(f"sessions/{session.pk}/check-in/", {"at": moment(wrong)})
        cast.desk("therapist").must(f"sessions/{session.pk}/start/", {"at": moment(wrong)})
        cast.desk("therapist").must(f"sessions/{session.pk}/complete/")
    away = {"starts_at": right + 2 * HOUR, "ends_at": right + 14 * DAY, "reason": "Away"}
    for user in (cast.therapist, cast.other_therapist):
        practice.write_time_off(user=user, by=SYSTEM, at=right + 2 * HOUR, **away)
    end = owed.window_end + HOUR
    sweep_obligations(at=end)
    sweep_obligations(at=end)
    owed.refresh_from_db()
    assert owed.state == "missed"
    with clock.fixed(end + HOUR):
        assert correct(cast, session, "check_in", wrong - HOUR / 60).status_code == 200
    owed.refresh_from_db()
    assert (owed.state, owed.integration_session) == ("missed", None)
