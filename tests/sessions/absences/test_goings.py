"""A person, a room or hours go: no booked session stays behind in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM, Location, Room, User, WorkingHours
from kapclinic.trail.models import Task
from sessions.booking.models import Session
from sessions.integration.models import Obligation
from sessions.integration.services.obligations import schedule_obligation
from sessions.sweep.worklist import sweep_worklist
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment
from tests.racing import race
from tests.sessions.absences.leaving import DAY, HOUR, drop, everything, move, three_sessions
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY, codes, row

OPEN = [{"weekday": day, "from": "08:00", "to": "20:00"} for day in range(7)]
ONE_ROW = {"id", "starts_at", "ends_at"}


def _state() -> tuple[Any, ...]:
    models = (User, Room, Location, WorkingHours, Obligation, Task)
    return (*everything(), *(list(model.objects.order_by("pk").values()) for model in models))


def _hours(cast: Cast, rows: list[dict[str, Any]], **more: Any) -> Any:
    listed = [one | {"location": str(cast.north.pk)} for one in rows]
    return cast.desk("admin").put(
        f"staff/{cast.therapist.pk}/working-hours/", {"hours": listed, **more} if more else listed
    )


def _emptied(cast: Cast, **more: Any) -> Any:
    return _hours(cast, [], **more)


def _shortened(cast: Cast, **more: Any) -> Any:
    return _hours(cast, [one | {"from": "13:00"} for one in OPEN], **more)


def _room(cast: Cast, values: dict[str, Any], **more: Any) -> Any:
    return cast.desk("admin").patch(f"rooms/{cast.aspen.pk}/", values | more)


def _closed_room(cast: Cast, **more: Any) -> Any:
    return _room(cast, {"is_active": False}, **more)


def _narrowed_room(cast: Cast, **more: Any) -> Any:
    return _room(cast, {"kinds": ["medical", "dosing"]}, **more)


def _moved_room(cast: Cast, **more: Any) -> Any:
    return _room(cast, {"location": str(cast.south.pk)}, **more)


def _closed_day(cast: Cast, **more: Any) -> Any:
    return cast.desk("admin").patch(f"locations/{cast.north.pk}/", {"closed_dates": ["2026-05-05"], **more})


def _opens_late(cast: Cast, **more: Any) -> Any:
    late = [one | {"from": "12:00"} for one in OPEN]
    return cast.desk("admin").patch(f"locations/{cast.north.pk}/", {"opening_hours": late, **more})


def _other_zone(cast: Cast, **more: Any) -> Any:
    """Nine in Denver is five in Honolulu."""
    return cast.desk("admin").patch(f"locations/{cast.north.pk}/", {"time_zone": "Pacific/Honolulu", **more})


ASKED = {
    "hours emptied": _emptied,
    "hours shortened": _shortened,
    "room closed": _closed_room,
    "room serves fewer kinds": _narrowed_room,
    "room goes to another location": _moved_room,
    "day closed": _closed_day,
    "opens late": _opens_late,
    "another time zone": _other_zone,
}
LOSES_ROOM = {"room closed", "room serves fewer kinds", "room goes to another location"}


def _staff(cast: Cast, **values: Any) -> Any:
    return cast.desk("admin").patch(f"staff/{cast.therapist.pk}/", values)


def _deactivated(cast: Cast, **more: Any) -> Any:
    return _staff(cast, is_active=False, **more)


def _role_lost(cast: Cast, **more: Any) -> Any:
    return _staff(cast, roles=["billing"], **more)


def _location_lost(cast: Cast, **more: Any) -> Any:
    return _staff(cast, locations=[str(cast.south.pk)], **more)


AT_ONCE = {"deactivated": _deactivated, "role lost": _role_lost, "location lost": _location_lost}


@pytest.mark.parametrize("face", ASKED)
def test_what_goes_under_booked_sessions_is_refused_with_the_list(cast: Cast, face: str) -> None:
    three = three_sessions(cast)
    before = _state()
    answer = ASKED[face](cast)
    assert answer.status_code == 409, answer.content
    body = answer.json()
    assert (body["code"], body["sessions"]) == ("unresolved_sessions", [str(one.pk) for one in three])
    assert [one["starts_at"] for one in body["unresolved"]] == [moment(one.starts_at) for one in three]
    assert {frozenset(one) for one in body["unresolved"]} == {frozenset(ONE_ROW)}
    for word in (b"Robin", b"preparation", str(three[0].client_id).encode()):
        assert word not in answer.content
    assert _state() == before


@pytest.mark.parametrize("face", ASKED)
def test_sessions_that_are_left_keep_their_time_and_lose_what_is_gone(cast: Cast, face: str) -> None:
    three = three_sessions(cast)
    answer = ASKED[face](cast, leave_unresolved=True)
    assert answer.status_code == 200, answer.content
    assert [one["id"] for one in answer.json()["unresolved"]] == [str(one.pk) for one in three]
    assert {frozenset(one) for one in answer.json()["unresolved"]} == {frozenset(ONE_ROW)}
    for session in three:
        starts_at = session.starts_at
        session.refresh_from_db()
        assert (session.status, session.starts_at) == ("scheduled", starts_at)
        kinds = {kind for kind, _ in desk.live(session)}
        if face in LOSES_ROOM:
            assert (session.room_id, session.staff) == (None, [row(cast.therapist, "therapist")])
            assert kinds == {"client", "staff"}
        else:
            assert (session.room_id, session.staff) == (cast.aspen.pk, [])
            assert kinds == {"client", "room"}
        task = Task.objects.open().get(kind="session_unstaffed", subject_id=session.pk)
        assert (task.roles, task.location, task.client) == (
            ["front_desk"],
            cast.north.pk,
            session.client_id,
        )
        assert task.due_at == session.starts_at
    seen = cast.desk("frontdesk").get("tasks/").json()["results"]
    assert {one["kind"] for one in seen} == {"session_unstaffed"}
    assert ASKED[face](cast).status_code == 200  # twice: nothing breaks any more
    assert Task.objects.filter(kind="session_unstaffed").count() == 3


@pytest.mark.parametrize("face", AT_ONCE)
def test_a_person_goes_at_once_and_the_answer_lists_what_they_leave(cast: Cast, face: str) -> None:
    three = three_sessions(cast)
    before = cast.desk("therapist")
    answer = AT_ONCE[face](cast)
    assert answer.status_code == 200, answer.content
    assert [one["id"] for one in answer.json()["unresolved"]] == [str(one.pk) for one in three]
    assert {frozenset(one) for one in answer.json()["unresolved"]} == {frozenset(ONE_ROW)}
    assert b"Robin" not in answer.content
    for session in three:
        session.refresh_from_db()
        assert (session.status, session.staff, session.room_id) == ("scheduled", [], cast.aspen.pk)
        assert ("staff", cast.therapist.pk) not in desk.live(session)
        assert Task.objects.open().filter(kind="session_unstaffed", subject_id=session.pk).exists()
    assert before.get(f"sessions/{three[0].pk}/").status_code in {401, 404} or face == "role lost"
    assert AT_ONCE[face](cast).json()["unresolved"] == []


@pytest.mark.parametrize("face", ["hours emptied", "room closed", "day closed", "deactivated"])
def test_an_integration_among_them_is_cancelled_by_the_system_and_due_again(cast: Cast, face: str) -> None:
    owed = people.owed(cast)
    schedule_obligation(obligation_id=owed.pk, at=clock.now())
    owed.refresh_from_db()
    assert owed.state == "booked"
    session = owed.integration_session
    cast.aspen = session.room
    more: dict[str, Any] = {"leave_unresolved": True}
    if face == "day closed":
        more["closed_dates"] = [session.starts_at.astimezone(cast.north.zone).date().isoformat()]
        answer = cast.desk("admin").patch(f"locations/{cast.north.pk}/", more)
    else:
        answer = (ASKED | AT_ONCE)[face](cast, **more)
    assert answer.status_code == 200, answer.content
    owed.refresh_from_db()
    session.refresh_from_db()
    assert (owed.state, owed.integration_session) == ("due", None)
    assert (session.status, session.history.first().history_user) == ("cancelled", SYSTEM.pk)
    assert desk.live(session) == set()
    assert not Task.objects.filter(kind="session_unstaffed", subject_id=session.pk).exists()
    schedule_obligation(obligation_id=owed.pk, at=clock.now())
    owed.refresh_from_db()
    assert owed.state == "booked" or Task.objects.open().filter(kind="integration_unbooked").exists()


@pytest.mark.parametrize("face", ["hours emptied", "room closed", "day closed"])
def test_moves_that_cover_all_let_it_go_and_fewer_do_not(cast: Cast, face: str) -> None:
    first, second, third = three_sessions(cast)
    before = _state()
    birch, other = str(cast.birch.pk), [row(cast.other_therapist, "therapist")]
    moves = [
        move(first, TUESDAY + DAY, staff=other, room=birch),
        drop(second),
        move(third, TUESDAY + DAY + 2 * HOUR, staff=other, room=birch),
    ]
    answer = ASKED[face](cast, moves=moves[:2])
    assert (answer.status_code, answer.json()["sessions"]) == (409, [str(third.pk)])
    assert _state() == before
    answer = ASKED[face](cast, moves=moves)
    assert answer.status_code == 200, answer.content
    assert (answer.json()["unresolved"], answer.json()["elsewhere"]) == ([], 0)
    for session in (first, second, third):
        session.refresh_from_db()
    assert (first.starts_at, first.room_id, first.staff) == (TUESDAY + DAY, cast.birch.pk, other)
    assert (second.status, third.status) == ("cancelled", "scheduled")
    assert desk.orphans() == []
    assert not Task.objects.filter(kind="session_unstaffed").exists()


def test_some_move_and_the_rest_is_left(cast: Cast) -> None:
    first, second, third = three_sessions(cast)
    moves = [move(first, staff=[row(cast.other_therapist, "therapist")])]
    answer = _deactivated(cast, moves=moves)
    assert answer.status_code == 200, answer.content
    assert [one["id"] for one in answer.json()["unresolved"]] == [str(second.pk), str(third.pk)]
    first.refresh_from_db()
    assert first.staff == [row(cast.other_therapist, "therapist")]


def test_a_move_that_cannot_be_keeps_the_account_open_and_moves_nothing(cast: Cast) -> None:
    first, second, _ = three_sessions(cast)
    away = people.booked(cast, second.program, "preparation", TUESDAY + 3 * DAY)
    before = _state()
    to_nowhere = move(first, staff=[row(cast.therapist, "therapist")])
    answer = _deactivated(cast, moves=[to_nowhere])
    assert codes(answer) == {("/moves/0/staff/0/user", "not_found")}
    answer = _closed_day(
        cast, moves=[drop(away)]
    )  # the administrator knows of no session that it does not break
    assert codes(answer) == {("/moves/0/session", "not_found")}
    answer = _emptied(cast, moves=[drop(first), drop(first)])
    assert codes(answer) == {("/moves/1/session", "repeated")}
    answer = _closed_room(cast, moves=[{"session": str(first.pk)}])
    assert codes(answer) == {("/moves/0/starts_at", "invalid"), ("/moves/0/ends_at", "invalid")}
    answer = _closed_room(cast, leave_unresolved="perhaps")
    assert codes(answer) == {("/leave_unresolved", "invalid")}
    assert _state() == before


def test_a_refused_move_tells_the_administrator_nothing_of_the_session(cast: Cast) -> None:
    session = three_sessions(cast)[0]
    cast.desk("admin").patch(f"rooms/{cast.birch.pk}/", {"kinds": ["medical"]})
    before = _state()
    moves = [move(session, room=str(cast.birch.pk))]
    answer = _closed_room(cast, moves=moves, leave_unresolved=True)
    assert codes(answer) == {("/moves/0/room", "wrong_kind")}
    assert b"preparation" not in answer.content
    assert _state() == before


def test_the_administrator_is_not_told_of_a_dose_by_a_refused_cancellation(cast: Cast) -> None:
    dosed = people.dosed_session(cast)
    answer = _deactivated(cast, moves=[drop(dosed)])
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert b"dose" not in answer.content.lower()


def test_the_object_of_hours_names_the_wrong_row_and_is_answered_by_an_object(cast: Cast) -> None:
    wrong = _hours(cast, [OPEN[0] | {"from": "21:00"}], leave_unresolved=False)
    assert codes(wrong) == {("/hours/0/to", "reversed")}
    right = _hours(cast, OPEN[:1], leave_unresolved=False)
    assert right.status_code == 200
    assert right.json() == {
        "hours": [OPEN[0] | {"location": str(cast.north.pk)}],
        "unresolved": [],
        "elsewhere": 0,
    }
    nothing = cast.desk("admin").put(f"staff/{cast.np.pk}/working-hours/", {"leave_unresolved": True})
    assert codes(nothing) == {("/hours", "required")}


@pytest.mark.parametrize("name", ["frontdesk", "director", "therapist"])
def test_only_the_administrator_lets_anybody_or_anything_go(cast: Cast, name: str) -> None:
    three_sessions(cast)
    before = _state()
    left, by = {"leave_unresolved": True}, cast.desk(name)
    assert by.put(f"staff/{cast.therapist.pk}/working-hours/", {"hours": []} | left).status_code == 403
    for path, change in (
        (f"staff/{cast.therapist.pk}/", {"is_active": False}),
        (f"rooms/{cast.aspen.pk}/", {"is_active": False}),
        (f"locations/{cast.north.pk}/", {"closed_dates": ["2026-05-05"]}),
    ):
        assert by.patch(path, change | left).status_code == 403
    assert _state() == before


def test_what_was_outside_of_hours_on_purpose_is_not_broken_by_other_hours(cast: Cast) -> None:
    (program,) = desk.programs_of(cast, 1)
    early = people.booked(cast, program, "preparation", TUESDAY - 3 * HOUR, override_reason="Their only time")
    for change in (_shortened, _opens_late):
        answer = change(cast)
        assert answer.status_code == 200, answer.content
    early.refresh_from_db()
    assert early.staff == [row(cast.therapist, "therapist")]


def test_what_is_over_or_elsewhere_is_no_matter_of_it(cast: Cast) -> None:
    three_sessions(cast)
    with clock.fixed(TUESDAY + DAY):
        for change in (_emptied, _closed_room, _closed_day):
            assert change(cast).status_code == 200
        assert _deactivated(cast).json()["unresolved"] == []
    assert cast.desk("admin").patch(f"rooms/{cast.birch.pk}/", {"is_active": False}).status_code == 200


def test_another_role_or_place_that_is_lost_takes_nothing_with_it(cast: Cast) -> None:
    """The therapist's sessions stand when they are no longer a front desk, or no longer at South."""
    assert _staff(cast, roles=["therapist", "front_desk"], locations=[str(cast.north.pk), str(cast.south.pk)])
    three_sessions(cast)
    answer = _staff(cast, roles=["therapist"], locations=[str(cast.north.pk)])
    assert (answer.status_code, answer.json()["unresolved"]) == (200, [])
    assert not Task.objects.filter(kind="session_unstaffed").exists()


# --- the row, until somebody is there -----------------------------------------------------------------------------


def _booked_anew(cast: Cast, session: Session) -> None:
    body = {
        "starts_at": moment(session.starts_at),
        "ends_at": moment(session.ends_at),
        "reason": "A colleague",
        "staff": [row(cast.other_therapist, "therapist")],
    }
    refused = cast.desk("frontdesk").post(
        f"sessions/{session.pk}/reschedule/", {k: v for k, v in body.items() if k != "staff"}
    )
    assert codes(refused) == {("/staff", "required")}
    cast.desk("frontdesk").must(f"sessions/{session.pk}/reschedule/", body)


def _cancelled(cast: Cast, session: Session) -> None:
    cast.desk("frontdesk").must(f"sessions/{session.pk}/cancel/", {"reason": "Nobody is free"})


def _lived(cast: Cast, session: Session) -> None:
    with clock.fixed(session.starts_at + HOUR):
        cast.desk("frontdesk").must(f"sessions/{session.pk}/check-in/")
        cast.desk("other_therapist").must(f"sessions/{session.pk}/complete/")


@pytest.mark.parametrize("way_out", [_booked_anew, _cancelled, _lived])
def test_the_row_stays_until_somebody_is_booked_or_it_is_over(
    cast: Cast, way_out: Callable[[Cast, Session], None]
) -> None:
    session = three_sessions(cast)[0]
    assert _deactivated(cast).status_code == 200
    mine = Task.objects.open().filter(kind="session_unstaffed", subject_id=session.pk)
    cast.desk("frontdesk").must(f"tasks/{mine.get().pk}/done/", {"outcome": "seen"})
    assert not mine.exists()
    assert [sweep_worklist(at=clock.now()) for _ in range(2)] == [1, 0]
    way_out(cast, session)
    assert not mine.exists()
    assert sweep_worklist(at=session.starts_at + HOUR) == 0


def test_a_dose_keeps_its_row_until_its_whole_team_is_there(cast: Cast) -> None:
    (program,) = desk.programs_of(cast, 1)
    dose = people.booked(cast, program, "dosing", TUESDAY)
    held = Session.objects.get(for_dose=dose, status="held")
    answer = cast.desk("admin").patch(f"staff/{cast.np.pk}/", {"is_active": False})
    assert [one["id"] for one in answer.json()["unresolved"]] == [str(dose.pk)]
    dose.refresh_from_db()
    held.refresh_from_db()
    assert (dose.status, dose.staff, held.status) == ("scheduled", [row(cast.therapist, "therapist")], "held")
    body = {"starts_at": moment(TUESDAY), "ends_at": moment(dose.ends_at), "reason": "As it is"}
    cast.desk("frontdesk").must(f"sessions/{dose.pk}/reschedule/", body)
    row_ = Task.objects.open().filter(kind="session_unstaffed", subject_id=dose.pk)
    assert row_.exists()
    nurse = people.staff("second_np", ["nurse_practitioner"], cast.north)
    team = [row(cast.therapist, "therapist"), row(nurse, "nurse_practitioner")]
    cast.desk("frontdesk").must(f"sessions/{dose.pk}/reschedule/", body | {"staff": team})
    assert not row_.exists()


def test_a_slot_that_is_only_held_is_held_anew_or_told_of(cast: Cast) -> None:
    (program,) = desk.programs_of(cast, 1)
    dose = people.booked(cast, program, "dosing", TUESDAY)
    held = Session.objects.get(for_dose=dose, status="held")
    answer = _deactivated(cast)
    assert [one["id"] for one in answer.json()["unresolved"]] == [str(dose.pk)]
    held.refresh_from_db()
    assert held.status == "cancelled"
    assert Task.objects.open().filter(kind="integration_no_slot", subject_id=dose.pk).exists()


def test_who_is_here_already_keeps_their_session_and_the_desk_is_told(cast: Cast) -> None:
    session = three_sessions(cast)[0]
    with clock.fixed(TUESDAY):
        cast.desk("frontdesk").must(f"sessions/{session.pk}/check-in/")
        cast.desk("therapist").must(f"sessions/{session.pk}/start/")
        assert str(session.pk) in [one["id"] for one in _deactivated(cast).json()["unresolved"]]
    session.refresh_from_db()
    assert (session.status, session.staff) == ("in_progress", [])
    assert Task.objects.open().filter(kind="session_unstaffed", subject_id=session.pk).exists()


# --- at the same time ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("face", ["room closed", "hours emptied", "deactivated"])
def test_a_booking_at_the_same_moment_is_refused_or_listed(cast: Cast, face: str) -> None:
    (program,) = desk.programs_of(cast, 1)
    body, answers = desk.body(cast, program), {}

    def change() -> None:
        with clock.fixed(MONDAY):
            answers["went"] = (ASKED | AT_ONCE)[face](cast)

    def book() -> None:
        with clock.fixed(MONDAY):
            answers["made"] = people.Desk(cast.frontdesk).post("sessions/", body)

    assert race(change, book) == []
    went, made = answers["went"], answers["made"]
    if made.status_code == 400:
        assert (went.status_code, Session.objects.count()) == (200, 0)
        return
    told = went.json()["unresolved"]
    assert (made.status_code, [one["id"] for one in told]) == (201, [made.json()["id"]])
    assert went.status_code == (200 if face in AT_ONCE else 409)
