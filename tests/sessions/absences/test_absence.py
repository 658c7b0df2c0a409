"""A therapist will be away: the time off and every move are kept together, or nothing is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kapclinic.core import clock, doorbell
from kapclinic.practice import services as practice
from kapclinic.practice.models import TimeOff, User
from kapclinic.trail.models import Task
from programs import services as programs
from programs.models import Program
from sessions.absences import selectors
from sessions.booking.models import Session
from sessions.integration.services.obligations import schedule_obligation
from sessions.waitlist.models import WaitlistEntry
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment
from tests.racing import race
from tests.sessions.absences.leaving import (
    DAY,
    HOUR,
    away,
    drop,
    everything,
    kept,
    looked_at,
    move,
    three_sessions,
)
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY, codes, row


@pytest.fixture
def three(cast: Cast) -> list[Session]:
    """Three clients of the therapist on Tuesday: at nine, ten and eleven."""
    return three_sessions(cast)


def test_a_cancelled_integration_is_due_again_and_the_worker_is_rung(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    owed = people.owed(cast)
    schedule_obligation(obligation_id=owed.pk, at=clock.now())
    owed.refresh_from_db()
    session = owed.integration_session
    rung: list[Any] = []
    monkeypatch.setattr(doorbell, "ring", lambda name, **ids: rung.append(ids["obligation_id"]))
    answer = kept(cast, away(cast.therapist, owed.window_start, owed.window_end), [drop(session)])
    assert answer.status_code == 201, answer.content
    assert [(row["id"], row["state"]) for row in answer.json()["obligations"]] == [(str(owed.pk), "due")]
    assert owed.pk in rung
    schedule_obligation(obligation_id=owed.pk, at=clock.now())
    owed.refresh_from_db()
    assert owed.state == "booked"
    assert owed.integration_session.staff == [row(cast.other_therapist, "therapist")]


def test_an_integration_never_moves_before_its_window(cast: Cast) -> None:
    owed = people.owed(cast)
    schedule_obligation(obligation_id=owed.pk, at=clock.now())
    owed.refresh_from_db()
    session = owed.integration_session
    before = everything()
    early = move(session, owed.window_start - 2 * HOUR)
    answer = kept(cast, away(cast.therapist, owed.window_start, owed.window_end), [early])
    assert answer.status_code == 400
    assert codes(answer) == {("/moves/0/starts_at", "before_window")}
    assert everything() == before


# --- kept, or not -------------------------------------------------------------------------------------------------


def test_the_time_off_and_every_move_are_kept_together(cast: Cast, three: list[Session]) -> None:
    first, second, third = three
    moves = [
        move(first, staff=[row(cast.other_therapist, "therapist")]),
        move(second, TUESDAY + DAY),
        drop(third),
    ]
    answer = kept(cast, away(cast.therapist), moves)
    assert answer.status_code == 201, answer.content
    for session in three:
        session.refresh_from_db()
    assert first.staff == [row(cast.other_therapist, "therapist")]
    assert (second.starts_at, second.staff) == (TUESDAY + DAY, [row(cast.therapist, "therapist")])
    assert (third.status, third.reason) == ("cancelled", "The therapist is away")
    (off,) = TimeOff.objects.all()
    assert (off.user, off.starts_at, off.reason, off.created_by) == (
        cast.therapist,
        TUESDAY,
        "Training",
        cast.frontdesk.pk,
    )
    assert answer.json()["id"] == str(off.pk)
    called = [(one["client_name"], one["client_phone"]) for one in answer.json()["sessions"]]
    assert sorted(called) == sorted((one.client.display_name, one.client.phone) for one in three)
    assert desk.orphans() == []
    assert desk.overlaps() == 0


def test_a_session_that_nobody_decided_on_refuses_it_all(cast: Cast, three: list[Session]) -> None:
    before = everything()
    answer = kept(cast, away(cast.therapist), [drop(three[0])])
    assert (answer.status_code, answer.json()["code"]) == (409, "unresolved_sessions")
    assert answer.json()["sessions"] == [str(three[1].pk), str(three[2].pk)]
    assert answer.json()["elsewhere"] == 0
    assert everything() == before


def test_nothing_is_kept_when_the_third_of_three_moves_clashes(cast: Cast, three: list[Session]) -> None:
    (blocker,) = [
        people.opened_program(
            cast,
            protocol=three[0].program.protocol,
            who=people.client(cast.north, by=cast.frontdesk, first="Jo", phone="303-555-0155"),
        )
    ]
    in_the_way = people.booked(cast, blocker, "preparation", TUESDAY + DAY + 2 * HOUR)
    before = everything()
    moves = [move(session, session.starts_at + DAY) for session in three]
    answer = kept(cast, away(cast.therapist), moves)
    assert (answer.status_code, answer.json()["code"]) == (409, "resource_conflict")
    conflicts = answer.json()["conflicts"]
    assert {conflict["session"] for conflict in conflicts} == {str(in_the_way.pk)}
    assert {conflict["moving"] for conflict in conflicts} == {str(three[2].pk)}
    assert everything() == before


def test_every_clash_is_named_not_the_first_alone(cast: Cast, three: list[Session]) -> None:
    moves = [move(session, TUESDAY + DAY) for session in three]
    answer = kept(cast, away(cast.therapist), moves)
    assert answer.status_code == 409
    assert {conflict["moving"] for conflict in answer.json()["conflicts"]} == {
        str(three[1].pk),
        str(three[2].pk),
    }


def test_a_move_that_leaves_the_person_in_the_absence_is_refused(cast: Cast, three: list[Session]) -> None:
    before = everything()
    moves = [drop(three[0]), drop(three[1]), move(three[2], TUESDAY + 5 * HOUR)]
    answer = kept(cast, away(cast.therapist), moves)
    assert (answer.status_code, answer.json()["code"]) == (400, "outside_hours")
    assert codes(answer) == {("/moves/2/staff/0", "outside_hours")}
    assert everything() == before


def test_a_move_that_breaks_the_course_needs_a_reason(cast: Cast) -> None:
    (program,) = desk.programs_of(cast, 1)
    second = people.booked(cast, program, "dosing", MONDAY + 8 * DAY)
    dose = people.booked(cast, program, "dosing", MONDAY + 4 * DAY)
    body = away(cast.therapist, MONDAY + 4 * DAY)
    too_near = move(dose, MONDAY + 7 * DAY)
    before = everything()
    answer = kept(cast, body, [too_near])
    assert (answer.status_code, answer.json()["code"]) == (409, "course_conflict")
    (effect,) = [one for one in answer.json()["effects"] if one["severity"] == "breaks"]
    assert effect["remedy"]["session"] == str(second.pk)
    assert effect["remedy"]["starts_at"] >= too_near["starts_at"]
    assert everything() == before
    assert kept(cast, body, [too_near | {"override_reason": "Agreed by the prescriber"}]).status_code == 201


def test_two_sessions_take_each_others_therapist(cast: Cast) -> None:
    """The absence is Tuesday morning: its client goes to the afternoon's place, and the afternoon's client comes."""
    first, second = desk.programs_of(cast, 2)
    morning = people.booked(cast, first, "preparation", TUESDAY)
    other = [row(cast.other_therapist, "therapist")]
    afternoon = people.booked(cast, second, "preparation", TUESDAY + 5 * HOUR, staff=other)
    moves = [
        move(morning, afternoon.starts_at),
        move(afternoon, morning.starts_at),
    ]
    answer = kept(cast, away(cast.therapist, TUESDAY, TUESDAY + 2 * HOUR), moves)
    assert answer.status_code == 201, answer.content
    morning.refresh_from_db()
    afternoon.refresh_from_db()
    assert (morning.starts_at, afternoon.starts_at) == (TUESDAY + 5 * HOUR, TUESDAY)
    assert desk.live(morning) >= {("room", cast.aspen.pk), ("staff", cast.therapist.pk)}
    assert desk.live(afternoon) >= {("room", cast.aspen.pk), ("staff", cast.other_therapist.pk)}
    assert desk.overlaps() == 0
    assert desk.orphans() == []


def test_a_dose_that_moves_takes_its_held_integration_along(cast: Cast) -> None:
    (program,) = desk.programs_of(cast, 1)
    dose = people.booked(cast, program, "dosing", TUESDAY)
    held = Session.objects.get(for_dose=dose, status="held")
    there = TUESDAY + 7 * DAY
    answer = kept(cast, away(cast.therapist), [move(dose, there)])
    assert answer.status_code == 201, answer.content
    held.refresh_from_db()
    assert held.status == "cancelled"
    again = Session.objects.get(for_dose=dose, status="held")
    assert there + 27 * HOUR <= again.starts_at < there + 72 * HOUR
    assert desk.orphans() == []


def test_a_held_slot_in_the_absence_is_held_anew_without_being_named(cast: Cast) -> None:
    (program,) = desk.programs_of(cast, 1)
    dose = people.booked(cast, program, "dosing", TUESDAY)
    held = Session.objects.get(for_dose=dose, status="held")
    body = away(cast.therapist, held.starts_at, held.ends_at)
    answer = kept(cast, body, [])
    assert answer.status_code == 201, answer.content
    again = Session.objects.get(for_dose=dose, status="held")
    assert again.pk != held.pk
    assert again.starts_at >= held.ends_at


def test_a_held_slot_can_be_given_to_another_therapist(cast: Cast) -> None:
    (program,) = desk.programs_of(cast, 1)
    dose = people.booked(cast, program, "dosing", TUESDAY)
    held = Session.objects.get(for_dose=dose, status="held")
    body = away(cast.therapist, held.starts_at, held.ends_at)
    other = [row(cast.other_therapist, "therapist")]
    assert kept(cast, body, [move(held, staff=other)]).status_code == 201
    held.refresh_from_db()
    assert (held.status, held.staff) == ("held", other)


@pytest.mark.parametrize("how", ["moves", "cancelled"])
def test_a_held_slot_is_not_named_beside_a_dose_that_goes(cast: Cast, how: str) -> None:
    (program,) = desk.programs_of(cast, 1)
    dose = people.booked(cast, program, "dosing", TUESDAY)
    held = Session.objects.get(for_dose=dose, status="held")
    body = away(cast.therapist, TUESDAY, TUESDAY + 4 * DAY)
    of_dose = drop(dose) if how == "cancelled" else move(dose, TUESDAY + 7 * DAY)
    before = everything()
    answer = kept(cast, body, [of_dose, move(held, staff=[row(cast.other_therapist, "therapist")])])
    assert answer.status_code == 400
    assert codes(answer) == {("/moves/1/session", "moves_with_dose")}
    assert everything() == before


def test_a_slot_that_the_absence_frees_is_given_away(cast: Cast, three: list[Session]) -> None:
    """The client of ten o'clock goes to Wednesday with the other therapist: their hour there was somebody's wish."""
    other = [row(cast.other_therapist, "therapist")]
    extra = people.opened_program(
        cast,
        protocol=three[0].program.protocol,
        who=people.client(cast.north, by=cast.frontdesk, first="Jo", phone="303-555-0155"),
    )
    elsewhere = people.booked(cast, extra, "preparation", TUESDAY + DAY, staff=other)
    waiting = people.opened_program(
        cast,
        protocol=three[0].program.protocol,
        who=people.client(cast.north, by=cast.frontdesk, first="Al", phone="303-555-0166"),
        therapist=cast.other_therapist.pk,
    )
    entry = cast.desk("frontdesk").must(
        "waitlist/",
        {
            "program": str(waiting.pk),
            "kind": "preparation",
            "window_from": moment(TUESDAY + DAY),
            "window_to": moment(TUESDAY + DAY + HOUR),
            "auto_fill": True,
        },
    )
    moves = [*(drop(session) for session in three), move(elsewhere, TUESDAY + 2 * DAY)]
    assert kept(cast, away(cast.therapist), moves).status_code == 201
    found = WaitlistEntry.objects.get(pk=entry["id"])
    assert found.status == "filled"
    assert found.filled_by.starts_at == TUESDAY + DAY


# --- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        (lambda s: [drop(s), drop(s)], ("/moves/1/session", "repeated")),
        (lambda s: [drop(s) | {"session": str(s.program_id)}], ("/moves/0/session", "not_found")),
        (lambda s: [{"session": str(s.pk)}], ("/moves/0/starts_at", "invalid")),
        (lambda s: [{"session": str(s.pk), "cancel": True}], ("/moves/0/reason", "invalid")),
        (lambda s: [drop(s) | {"starts_at": moment(TUESDAY)}], ("/moves/0/starts_at", "invalid")),
        (lambda s: [move(s) | {"colour": "blue"}], ("/moves/0/colour", "unknown_field")),
        (lambda s: [move(s, staff=[])], ("/moves/0/staff", "required")),
    ],
)
def test_a_move_that_cannot_be_is_named_by_its_place(
    cast: Cast, three: list[Session], rows: Callable[[Session], Any], error: tuple[str, str]
) -> None:
    before = everything()
    body = away(cast.therapist, TUESDAY, TUESDAY + HOUR)
    answer = kept(cast, body, rows(three[0]))
    assert answer.status_code == 400, answer.content
    assert error in codes(answer)
    assert everything() == before


def test_an_absence_ends_after_it_begins(cast: Cast) -> None:
    for path in ("absences/", "absences/preview/"):
        answer = cast.desk("frontdesk").post(path, away(cast.therapist, TUESDAY, TUESDAY))
        assert answer.status_code == 400
        assert codes(answer) == {("/ends_at", "reversed")}
    assert not TimeOff.objects.exists()


def test_another_locations_people_and_sessions_are_not_theirs(cast: Cast, three: list[Session]) -> None:
    before = everything()
    theirs = cast.desk("south_frontdesk")
    for path in ("absences/", "absences/preview/"):
        answer = theirs.post(path, away(cast.therapist))
        assert answer.status_code == 400
        assert codes(answer) == {("/user", "not_found")}
    own = away(cast.south_therapist)
    answer = theirs.post("absences/", own | {"moves": [drop(three[0])]})
    assert codes(answer) == {("/moves/0/session", "not_found")}
    assert everything() == before


def test_sessions_at_a_location_that_the_actor_does_not_see_are_counted_and_refuse_it(cast: Cast) -> None:
    """The therapist works at both; the front desk of North can't decide for South."""
    practice.save_staff(
        user=cast.therapist,
        values={"locations": [cast.north.pk, cast.south.pk]},
        by=cast.admin,
        at=clock.now(),
    )
    protocol = people.approved_protocol(cast)
    south = people.client(cast.south, by=cast.south_frontdesk, first="Sam", phone="303-555-0188")
    values = {
        "location": cast.south.pk,
        "therapist": cast.south_therapist.pk,
        "prescriber": cast.south_prescriber.pk,
        "client": south.pk,
        "protocol": protocol.pk,
        "accepted_modalities": ["in_person"],
    }
    program: Program = programs.open_program(values=values, by=cast.south_frontdesk, at=clock.now())
    ask = people.ask(cast, "preparation", TUESDAY, room=cast.cedar.pk, override_reason="Visiting South")
    from sessions.visits import services as visits

    visits.book(program_id=program.pk, ask=ask, obligation_id=None, by=cast.south_frontdesk, at=clock.now())
    found = looked_at(cast, away(cast.therapist))
    assert (found["sessions"], found["elsewhere"]) == ([], 1)
    answer = kept(cast, away(cast.therapist), [])
    assert (answer.status_code, answer.json()["code"]) == (409, "unresolved_sessions")
    assert (answer.json()["sessions"], answer.json()["elsewhere"]) == ([], 1)
    assert not TimeOff.objects.exists()


def test_billing_marks_nobody_away_and_the_administrator_may(cast: Cast, three: list[Session]) -> None:
    assert cast.desk("billing").post("absences/preview/", away(cast.therapist)).status_code == 403
    assert cast.desk("billing").post("absences/", away(cast.therapist)).status_code == 403
    assert not TimeOff.objects.exists()
    for session in three:
        cast.desk("frontdesk").must(f"sessions/{session.pk}/cancel/", {"reason": "The therapist is away"})
    answer = kept(cast, away(cast.therapist), [], by="admin")
    assert answer.status_code == 201, answer.content
    assert TimeOff.objects.get().created_by == cast.admin.pk
    assert Session.objects.standing().count() == 0


# --- at the same time ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_absences_that_swap_the_same_sessions_wait_for_each_other_and_never_deadlock(cast: Cast) -> None:
    first, second = desk.programs_of(cast, 2)
    other = [row(cast.other_therapist, "therapist")]
    one = people.booked(cast, first, "preparation", TUESDAY)
    two = people.booked(cast, second, "preparation", TUESDAY, staff=other, room=cast.birch.pk)

    def recording(user: User, moves: list[dict[str, Any]], said: list[str]) -> Callable[[], None]:
        def run() -> None:
            with clock.fixed(MONDAY):
                answer = people.Desk(cast.frontdesk).post("absences/", away(user) | {"moves": moves})
            said.append(str(answer.status_code))

        return run

    said: list[str] = []
    there, back = TUESDAY + DAY, TUESDAY + 2 * DAY
    work = [
        recording(cast.therapist, [move(one, there), move(two, back)], said),
        recording(cast.other_therapist, [move(two, back), move(one, there)], said),
    ] * 3
    assert race(*work) == []
    assert set(said) == {"201"}
    for session in (one, two):
        session.refresh_from_db()
    assert (one.starts_at, two.starts_at) == (there, back)
    assert desk.overlaps() == 0
    assert desk.orphans() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("plain", [False, True], ids=["absence", "time off"])
def test_no_desk_books_into_an_absence_that_is_being_kept(cast: Cast, plain: bool) -> None:
    """A booking and an absence race: either the booking is seen and refuses the absence, or it is refused."""
    for day_ in range(1, 4):
        (program,) = desk.programs_of(cast, 1, name=f"KAP {day_}")
        start = MONDAY + day_ * DAY
        statuses: dict[str, int] = {}

        def post(
            what: str, path: str, body: dict[str, Any], told: dict[str, int] = statuses
        ) -> Callable[[], None]:
            def run() -> None:
                with clock.fixed(MONDAY):
                    told[what] = people.Desk(cast.frontdesk).post(path, body).status_code

            return run

        gone = away(cast.therapist, start, start + 2 * HOUR) | {"moves": []}
        path = "absences/"
        if plain:
            path = f"staff/{cast.therapist.pk}/time-off/"
            gone = {name: gone[name] for name in ("starts_at", "ends_at")}
        work = [post("book", "sessions/", desk.body(cast, program, start=start)), post("away", path, gone)]
        assert race(*work) == []
        assert statuses in ({"book": 201, "away": 409}, {"book": 400, "away": 201})
        held = selectors.broken(selectors.Absence(cast.therapist.pk, start, start + 2 * HOUR, MONDAY)).count()
        assert held == (1 if statuses["book"] == 201 else 0)


def test_an_integration_that_moves_past_its_window_is_told(cast: Cast) -> None:
    owed = people.owed(cast)
    schedule_obligation(obligation_id=owed.pk, at=clock.now())
    owed.refresh_from_db()
    session = owed.integration_session
    assert session is not None
    late = move(session, owed.window_end + 6 * DAY, override_reason="No other way")
    answer = kept(cast, away(cast.therapist, owed.window_start, owed.window_end), [late])
    assert answer.status_code == 201, answer.content
    owed.refresh_from_db()
    assert (owed.state, [row["step"] for row in owed.escalations]) == ("booked", ["late_booking"])
    (told,) = Task.objects.open().filter(kind="integration_late")
    assert told.subject_id == owed.pk
