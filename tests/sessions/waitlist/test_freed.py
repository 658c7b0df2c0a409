"""A slot that becomes free is offered to those whom it suits, best reason first; nobody is booked without asking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kapclinic.core import clock, doorbell
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM, User
from programs import services as programs
from programs.models import Program, Protocol
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.integration.models import Obligation
from sessions.integration.services.obligations import schedule_obligation
from sessions.waitlist.models import WaitlistEntry
from sessions.waitlist.services import sweep_waitlist
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY
from tests.sessions.waitlist.waiting import DAY, HOUR, cancelled, full_slot, names, offered, tasks, waits


def away(user: User, starts_at: datetime, ends_at: datetime) -> None:
    practice.write_time_off(
        user=user, starts_at=starts_at, ends_at=ends_at, reason="Away", by=SYSTEM, at=clock.now()
    )


def moved(cast: Cast, session: Session, start: datetime, **more: Any) -> dict[str, Any]:
    length = session.ends_at - session.starts_at
    body = {"starts_at": moment(start), "ends_at": moment(start + length), "reason": "They asked"}
    return cast.desk("frontdesk").must(f"sessions/{session.pk}/reschedule/", body | more)


def sessions_of(program: Program) -> int:
    return Session.objects.filter(program=program).count()


# --- offered ------------------------------------------------------------------------------------------------------


def test_a_cancelled_session_makes_one_task_for_each_who_waits_in_their_order(cast: Cast) -> None:
    gone, *waiting = desk.programs_of(cast, 4)
    late = waits(cast, waiting[0], window_to=MONDAY + 6 * DAY)
    soon = waits(cast, waiting[1], window_to=MONDAY + 3 * DAY)
    later = waits(cast, waiting[2], window_to=MONDAY + 5 * DAY)
    cancelled(cast, full_slot(cast, gone))
    rows = offered()
    assert names(rows) == [soon.pk, later.pk, late.pk]
    assert [row.rank for row in rows] == [1, 2, 3]
    assert {(row.starts_at, row.ends_at) for row in rows} == {(TUESDAY, TUESDAY + HOUR)}
    found = tasks()
    assert [task.client for task in found] == [row.entry.program.client_id for row in rows]
    assert {(tuple(task.roles), task.location, task.subject_type) for task in found} == {
        (("front_desk",), cast.north.pk, "waitlist_offer")
    }
    assert found[0].due_at < found[1].due_at < found[2].due_at < TUESDAY
    assert [sessions_of(program) for program in waiting] == [0, 0, 0]


def test_the_front_desk_reads_the_offer_and_books_it_as_it_is(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    entry = waits(cast, program)
    cancelled(cast, full_slot(cast, gone))
    (task,) = cast.desk("frontdesk").get("tasks/", kind="slot_freed", state="open").json()["results"]
    offer = cast.desk("frontdesk").get(f"waitlist-offers/{task['subject_id']}/").json()
    assert (offer["entry"], offer["starts_at"], offer["kind"]) == (
        str(entry.pk),
        moment(TUESDAY),
        "preparation",
    )
    body = {
        name: offer[name] for name in ("program", "kind", "starts_at", "ends_at", "modality", "room", "staff")
    }
    booked = cast.desk("frontdesk").must("sessions/", body, status=201)
    entry.refresh_from_db()
    assert (entry.status, str(entry.filled_by_id)) == ("filled", booked["id"])
    assert tasks() == []
    listed = cast.desk("frontdesk").get("waitlist-offers/", entry=str(entry.pk)).json()
    assert listed["count"] == 1
    assert cast.desk("south_frontdesk").get(f"waitlist-offers/{offer['id']}/").status_code == 404


def test_a_hold_of_some_minutes_takes_no_offer_away(cast: Cast) -> None:
    gone, program, other = desk.programs_of(cast, 3)
    waits(cast, program)
    cancelled(cast, full_slot(cast, gone))
    (row,) = offered()
    offer = cast.desk("frontdesk").get(f"waitlist-offers/{row.pk}/").json()
    slot = {name: offer[name] for name in ("kind", "starts_at", "ends_at", "modality", "room", "staff")}
    hold = cast.desk("frontdesk").must("session-holds/", slot | {"program": str(other.pk)}, status=201)
    sweep_waitlist(at=clock.now())
    assert names(offered()) == [row.entry.pk]
    assert len(tasks()) == 1
    cast.desk("frontdesk").client.delete(f"/api/v1/session-holds/{hold['id']}/")
    booked = cast.desk("frontdesk").must("sessions/", slot | {"program": str(other.pk)}, status=201)
    sweep_waitlist(at=clock.now())
    assert booked["status"] == "scheduled"
    assert tasks() == []  # a booking does


def test_a_move_frees_the_old_time_as_well(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    waits(cast, program)
    session = full_slot(cast, gone)
    moved(cast, session, TUESDAY + 5 * HOUR)
    assert [row.starts_at for row in offered()] == [TUESDAY]


def test_a_no_show_noted_afterwards_frees_nothing(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    session = full_slot(cast, gone)
    with clock.fixed(TUESDAY + HOUR):
        waits(cast, program)
        cast.desk("frontdesk").must(f"sessions/{session.pk}/no-show/", {"reason": "Did not come"})
    assert tasks() == []


def test_what_is_left_of_a_slot_that_has_begun_is_offered_from_now_on(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    session = full_slot(cast, gone, kind="dosing")
    with clock.fixed(TUESDAY + timedelta(minutes=20)):
        waits(cast, program, window_to=TUESDAY + 2 * HOUR)
        cast.desk("frontdesk").must(f"sessions/{session.pk}/no-show/", {"reason": "Did not come"})
    assert [row.starts_at for row in offered()] == [TUESDAY + timedelta(minutes=30)]


def test_a_dose_frees_its_integration_too(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    dose = full_slot(cast, gone, kind="dosing")
    held = Session.objects.get(for_dose=dose)
    waits(cast, program, window_from=MONDAY + 2 * DAY)
    cancelled(cast, dose)
    assert [row.starts_at for row in offered()] == [held.starts_at]


def test_a_longer_kind_is_offered_only_where_it_fits_whole(cast: Cast) -> None:
    """An hour is free at nine; the dose of three hours fits only while nobody comes at ten."""
    gone, after, program = desk.programs_of(cast, 3)
    waits(cast, program, "dosing")
    session = full_slot(cast, gone)
    next_one = full_slot(cast, after, TUESDAY + HOUR)
    cancelled(cast, session)
    assert tasks() == []
    cancelled(cast, next_one)
    assert [row.starts_at for row in offered()] == [TUESDAY + HOUR]


def test_one_client_is_called_once_though_two_waits_match(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    waits(cast, program, window_to=MONDAY + 6 * DAY)
    first = waits(cast, program, "dosing", window_to=MONDAY + 5 * DAY)
    cancelled(cast, full_slot(cast, gone, kind="dosing"))
    at_nine = [row for row in offered() if row.starts_at == TUESDAY]
    assert names(at_nine) == [first.pk]


def test_the_same_slot_freed_twice_makes_one_task(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    waits(cast, program)
    session = full_slot(cast, gone)
    moved(cast, session, TUESDAY + 5 * HOUR)
    moved(cast, session, TUESDAY)
    assert [task.outcome for task in tasks(state="done")] == ["taken"]
    moved(cast, session, TUESDAY + 6 * HOUR)
    assert [row.starts_at for row in offered()].count(TUESDAY) == 1


# --- not offered --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        {"window_to": TUESDAY},  # the window ends as the slot begins
        {"window_from": TUESDAY + HOUR},  # or begins as it ends
        {"preferred_days": [0, 2, 3, 4, 5, 6]},
        {"preferred_hours": {"from": "13:00", "to": "18:00"}},
        {"kind": "medical"},  # needs the prescriber, who was not freed
    ],
)
def test_a_slot_that_does_not_suit_is_not_offered(cast: Cast, more: dict[str, Any]) -> None:
    gone, program = desk.programs_of(cast, 2)
    waits(cast, program, **more)
    cancelled(cast, full_slot(cast, gone))
    assert tasks() == []


def test_the_one_who_gave_it_up_is_not_offered_it(cast: Cast) -> None:
    (program,) = desk.programs_of(cast, 1)
    session = full_slot(cast, program)
    waits(cast, program)
    moved(cast, session, TUESDAY + 9 * DAY)
    assert tasks() == []


def test_a_client_who_is_busy_then_is_not_called(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    staff = [{"user": cast.prescriber.pk, "role": "prescriber"}]
    people.booked(cast, program, "medical", TUESDAY + HOUR / 2, staff=staff, room=cast.birch.pk)
    waits(cast, program)
    cancelled(cast, full_slot(cast, gone))
    assert tasks() == []


def test_nobody_is_offered_a_therapist_who_does_not_work_then(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    waits(cast, program)
    session = full_slot(cast, gone)
    away(cast.therapist, TUESDAY, TUESDAY + HOUR)
    cancelled(cast, session)
    assert tasks() == []


def test_an_untrained_therapist_is_offered_only_to_their_own_clients(cast: Cast) -> None:
    trainee = people.staff("trainee", ["therapist"], cast.north)
    gone, stranger = desk.programs_of(cast, 2)
    own = people.opened_program(
        cast,
        protocol=stranger.protocol,
        who=people.client(cast.north, by=cast.frontdesk, first="Kim", phone="303-555-0199"),
        therapist=trainee.pk,
    )
    waits(cast, stranger)
    entry = waits(cast, own)
    cancelled(cast, full_slot(cast, gone, staff=[{"user": trainee.pk, "role": "therapist"}]))
    assert names(offered()) == [entry.pk]


def test_a_course_on_hold_is_not_offered_anything(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    waits(cast, program)
    cast.desk("therapist").must(f"programs/{program.pk}/hold/", {"reason": "Travelling"})
    cancelled(cast, full_slot(cast, gone))
    assert tasks() == []


def test_nobody_is_called_about_a_slot_once_their_course_is_held_or_over(cast: Cast) -> None:
    """An offer that stands goes with it; one who waits for what a dose owes goes on waiting."""
    gone, held, ended, before = desk.programs_of(cast, 4)
    waiting, over, old = (waits(cast, program) for program in (held, ended, before))
    cancelled(cast, full_slot(cast, gone))
    assert len(offered()) == 3
    cast.desk("therapist").must(f"programs/{held.pk}/hold/", {"reason": "Travelling"})
    cast.desk("prescriber").must(f"programs/{ended.pk}/discontinue/", {"reason": "A bad reaction"})
    assert names(offered()) == [waiting.pk, old.pk]
    programs.move_program(program_id=before.pk, move="discontinue", by=cast.prescriber, at=clock.now())
    sweep_waitlist(at=clock.now())
    assert tasks() == []
    for entry, status, reason in (
        (waiting, "waiting", ""),
        (over, "withdrawn", "The program has ended."),
        (old, "withdrawn", "The program has ended."),
    ):
        entry.refresh_from_db()
        assert (entry.status, entry.reason) == (status, reason)


def test_a_modality_that_was_not_asked_for_is_not_offered(cast: Cast) -> None:
    """Both rooms are closed: only video is left, and this client comes in person or not at all."""
    gone, picky, easy = desk.programs_of(cast, 3)
    session = full_slot(cast, gone, modality="video", room=None)
    for room in (cast.aspen, cast.birch):
        practice.save_room(room=room, values={"is_active": False}, by=cast.admin, at=clock.now())
    waits(cast, picky, modality="in_person")
    entry = waits(cast, easy)
    cancelled(cast, session)
    (row,) = offered()
    assert (row.entry_id, row.modality, row.room_id) == (entry.pk, "video", None)


def test_a_slot_at_another_location_is_nobodys_here(cast: Cast) -> None:
    protocol = people.approved_protocol(cast)
    south = people.client(cast.south, by=cast.south_frontdesk, first="Sam", phone="303-555-0188")
    there = {
        "location": cast.south.pk,
        "therapist": cast.south_therapist.pk,
        "prescriber": cast.south_prescriber.pk,
        "client": south.pk,
        "protocol": protocol.pk,
        "accepted_modalities": ["in_person"],
    }
    program = programs.open_program(values=there, by=cast.south_frontdesk, at=clock.now())
    entry = cast.desk("south_frontdesk").must(
        "waitlist/",
        {
            "program": str(program.pk),
            "kind": "preparation",
            "window_from": moment(MONDAY),
            "window_to": moment(MONDAY + 7 * DAY),
        },
    )
    gone = people.opened_program(cast, protocol=protocol)
    cancelled(cast, full_slot(cast, gone))
    assert tasks() == []
    assert WaitlistEntry.objects.get(pk=entry["id"]).status == "waiting"


# --- what happens to an offer -------------------------------------------------------------------------------------


def test_when_one_takes_the_slot_the_others_are_not_called(cast: Cast) -> None:
    gone, first, second = desk.programs_of(cast, 3)
    taker, other = waits(cast, first, window_to=MONDAY + 3 * DAY), waits(cast, second)
    cancelled(cast, full_slot(cast, gone))
    assert len(tasks()) == 2
    people.booked(cast, first, "preparation", TUESDAY)
    assert tasks() == []
    assert sorted(task.outcome for task in tasks(state="done")) == ["filled", "taken"]
    taker.refresh_from_db()
    other.refresh_from_db()
    assert (taker.status, other.status) == ("filled", "waiting")


def test_a_booking_beside_the_slot_leaves_the_offer(cast: Cast) -> None:
    gone, program, beside = desk.programs_of(cast, 3)
    waits(cast, program)
    cancelled(cast, full_slot(cast, gone))
    staff = [{"user": cast.other_therapist.pk, "role": "therapist"}]
    people.booked(cast, beside, "preparation", TUESDAY, staff=staff, room=cast.birch.pk)
    assert len(tasks()) == 1


def test_the_sweep_takes_an_offer_off_when_the_slot_begins_or_the_therapist_goes_away(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    waits(cast, program)
    session = full_slot(cast, gone)
    cancelled(cast, session)
    sweep_waitlist(at=TUESDAY - timedelta(seconds=1))
    assert len(tasks()) == 1
    sweep_waitlist(at=TUESDAY)
    assert [task.outcome for task in tasks(state="done")] == ["over"]

    again = full_slot(cast, gone, TUESDAY + 2 * HOUR)
    cancelled(cast, again)
    assert len(tasks()) == 1
    away(cast.therapist, TUESDAY, TUESDAY + DAY)
    sweep_waitlist(at=clock.now())
    assert [task.outcome for task in tasks(state="done")][-1] == "taken"
    assert tasks() == []


def test_on_the_day_the_clocks_go_back_the_slot_is_offered_at_its_own_hour(cast: Cast) -> None:
    """Sunday, 1 November 2026: 09:00 in Denver is 16:00 UTC from 02:00 on."""
    sunday = datetime(2026, 11, 1, 16, 0, tzinfo=UTC)
    gone, morning, early = desk.programs_of(cast, 3)
    window = {"window_from": sunday - 3 * DAY, "window_to": sunday + DAY, "preferred_days": [6]}
    entry = waits(cast, morning, preferred_hours={"from": "09:00", "to": "10:00"}, **window)
    waits(cast, early, preferred_hours={"from": "10:00", "to": "11:00"}, **window)
    cancelled(cast, full_slot(cast, gone, sunday))
    (row,) = offered()
    assert (row.entry_id, row.starts_at) == (entry.pk, sunday)


# --- owed integrations --------------------------------------------------------------------------------------------


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The obligations for which the worker was rung."""
    heard: list[UUID] = []
    monkeypatch.setattr(doorbell, "ring", lambda name, **ids: heard.extend(ids.values()))
    return heard


def unbookable(cast: Cast) -> tuple[Obligation, Session]:
    """An integration that is due, with every therapist away but for one hour that somebody else has."""
    row = people.owed(cast)
    held = Session.objects.get(status="held")
    booking.end_booking(session=held, move="cancel", reason="Gone", by=SYSTEM, at=clock.now())
    start = row.window_start + 2 * HOUR
    other = people.opened_program(
        cast,
        protocol=row.program.protocol,
        who=people.client(cast.north, by=cast.frontdesk, first="Jo", phone="303-555-0155"),
    )
    session = people.booked(cast, other, "preparation", start)
    for user in (cast.therapist, cast.other_therapist):
        away(user, row.window_start, start)
        away(user, start + HOUR, row.window_end)
    away(cast.other_therapist, start, start + HOUR)
    schedule_obligation(obligation_id=row.pk, at=clock.now())
    row.refresh_from_db()
    assert row.state == "due"
    return row, session


def test_an_owed_integration_that_fits_rings_for_the_worker_which_books_it(
    cast: Cast, rung: list[UUID]
) -> None:
    row, session = unbookable(cast)
    rung.clear()
    cancelled(cast, session)
    assert rung == [row.pk]
    schedule_obligation(obligation_id=row.pk, at=clock.now())
    row.refresh_from_db()
    assert (row.state, row.integration_session.starts_at) == ("booked", session.starts_at)


def test_nobody_who_agreed_is_booked_before_an_owed_integration_and_the_worker_clears_the_worklist(
    cast: Cast, rung: list[UUID]
) -> None:
    row, session = unbookable(cast)
    program = people.opened_program(
        cast,
        protocol=row.program.protocol,
        who=people.client(cast.north, by=cast.frontdesk, first="Al", phone="303-555-0166"),
    )
    entry = waits(cast, program, auto_fill=True)
    cancelled(cast, session)
    assert rung[-1] == row.pk
    assert sessions_of(program) == 0
    assert names(offered()) == [entry.pk]
    schedule_obligation(obligation_id=row.pk, at=clock.now())
    assert tasks() == []
    entry.refresh_from_db()
    assert entry.status == "waiting"


def test_a_waiting_integration_is_called_first_when_its_window_closes_first(
    cast: Cast, rung: list[UUID]
) -> None:
    row, session = unbookable(cast)
    program = people.opened_program(
        cast,
        protocol=row.program.protocol,
        who=people.client(cast.north, by=cast.frontdesk, first="Al", phone="303-555-0166"),
    )
    other = waits(cast, program, window_to=session.ends_at)
    owed = waits(cast, row.program, "integration", window_to=MONDAY + 30 * DAY)
    cancelled(cast, session)
    assert names(offered()) == [owed.pk, other.pk]


def test_a_visit_without_a_dose_gives_its_held_integration_to_the_next(cast: Cast) -> None:
    dose = people.ready_dose(cast)
    held = Session.objects.get(for_dose=dose, status="held")
    program = people.opened_program(
        cast,
        protocol=dose.program.protocol,
        who=people.client(cast.north, by=cast.frontdesk, first="Al", phone="303-555-0166"),
    )
    entry = waits(cast, program)
    cast.desk("np").must(f"sessions/{dose.pk}/not-dosed/", {"reason": "Pressure too high"})
    assert [(row.entry_id, row.starts_at) for row in offered()] == [(entry.pk, held.starts_at)]


@pytest.mark.parametrize("booked", [False, True], ids=["still held", "booked already"])
@pytest.mark.parametrize("how", ["waived", "voided"])
def test_an_integration_that_is_owed_no_more_gives_its_slot_to_the_next(
    cast: Cast, how: str, booked: bool
) -> None:
    """A waiver frees what was held; a session that the client knows of stays. A voided dose frees both."""
    row = people.owed(cast)
    if booked:
        schedule_obligation(obligation_id=row.pk, at=clock.now())
    slot = Session.objects.get(for_dose=row.dosing_session)
    entry = waits(cast, _another(cast, row.program.protocol))
    if how == "waived":
        cast.desk("therapist").must(f"obligations/{row.pk}/waive/", {"reason": "Seen elsewhere"})
    else:
        dose = Administration.objects.get()
        path = f"sessions/{row.dosing_session_id}/administrations/{dose.pk}/void/"
        cast.desk("prescriber").must(path, {"reason": "Wrong client"})
    stays = how == "waived" and booked
    slot.refresh_from_db()
    assert slot.status == ("scheduled" if stays else "cancelled")
    expected = [] if stays else [(entry.pk, slot.starts_at)]
    assert [(offer.entry_id, offer.starts_at) for offer in offered()] == expected


def test_a_client_who_agreed_is_booked_into_the_slot_of_a_waived_integration(cast: Cast) -> None:
    row = people.owed(cast)
    slot = Session.objects.get(for_dose=row.dosing_session)
    program = _another(cast, row.program.protocol)
    waits(cast, program, auto_fill=True)
    cast.desk("therapist").must(f"obligations/{row.pk}/waive/", {"reason": "Seen elsewhere"})
    assert Session.objects.get(program=program).starts_at == slot.starts_at


def test_a_refused_waiver_offers_nothing(cast: Cast) -> None:
    row = people.owed(cast)
    waits(cast, _another(cast, row.program.protocol))
    assert cast.desk("frontdesk").post(f"obligations/{row.pk}/waive/", {"reason": "Full"}).status_code == 403
    assert (
        cast.desk("south_therapist").post(f"obligations/{row.pk}/waive/", {"reason": "Full"}).status_code
        == 404
    )
    assert offered() == []
    assert Session.objects.get(for_dose=row.dosing_session).status == "held"


def _another(cast: Cast, protocol: Protocol) -> Program:
    who = people.client(cast.north, by=cast.frontdesk, first="Al", phone="303-555-0166")
    return people.opened_program(cast, protocol=protocol, who=who)
