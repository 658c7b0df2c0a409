"""What a move breaks, how it is mended, and sessions that move together: all or none, judged as they are afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.trail.models import AuditEvent, Task
from programs.models import Program
from sessions.booking.models import Session
from sessions.integration.services.obligations import schedule_obligation
from tests import cast as people
from tests.cast import MONDAY, Cast, client, opened_program
from tests.journeys import steps
from tests.journeys.steps import moment
from tests.replay import played
from tests.sessions.booking import desk
from tests.sessions.booking.test_races import Track

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LENGTHS = {"dosing": 180}
Row = dict[str, Any]


@pytest.fixture
def program(cast: Cast) -> Program:
    return opened_program(cast)


@pytest.fixture
def course(cast: Cast, program: Program) -> dict[str, Row]:
    """Two preparations, then three doses on Fridays a week apart, each with its held integration."""
    found: dict[str, Row] = played("three doses a week apart", lambda: _course(cast, program))
    return found


def _course(cast: Cast, program: Program) -> dict[str, Row]:
    own = {"id": str(program.pk)}
    return {
        "prep1": steps.book(cast, own, "preparation", MONDAY + DAY),
        "prep2": steps.book(cast, own, "preparation", MONDAY + 2 * DAY),
        "dose1": steps.book(cast, own, "dosing", MONDAY + 4 * DAY),
        "dose2": steps.book(cast, own, "dosing", MONDAY + 11 * DAY),
        "dose3": steps.book(cast, own, "dosing", MONDAY + 18 * DAY),
    }


def _held(dose: Row) -> Session:
    found: Session = Session.objects.get(for_dose=dose["id"], status="held")
    return found


def _to(start: datetime, minutes: int = 180, **more: Any) -> Row:
    times = {"starts_at": moment(start), "ends_at": moment(start + timedelta(minutes=minutes))}
    return times | {"reason": "They asked"} | more


def _also(session: Any, start: datetime, minutes: int = 60, **more: Any) -> Row:
    times = {"starts_at": moment(start), "ends_at": moment(start + timedelta(minutes=minutes))}
    return {"session": str(session["id"] if isinstance(session, dict) else session.pk)} | times | more


def _look(cast: Cast, session: Row, wanted: Row) -> Row:
    before = desk.book_of_sessions()
    answer = cast.desk("frontdesk").post(f"sessions/{session['id']}/reschedule/?preview=true", wanted)
    assert answer.status_code == 200, answer.content
    assert desk.book_of_sessions() == before
    return answer.json()  # type: ignore[no-any-return]


def _move(cast: Cast, session: Row, wanted: Row, **more: Any) -> Any:
    return cast.desk("frontdesk").post(f"sessions/{session['id']}/reschedule/", wanted, **more)


def _refused(cast: Cast, session: Row, wanted: Row, status: int, **more: Any) -> Any:
    before, kept = desk.book_of_sessions(), Session.history.count()
    answer = _move(cast, session, wanted, **more)
    assert answer.status_code == status, answer.content
    assert (desk.book_of_sessions(), Session.history.count()) == (before, kept)
    return answer


def _broken(shown: Row) -> list[Row]:
    return [effect for effect in shown["effects"] if effect["severity"] == "breaks"]


def _mended(shown: Row) -> list[Row]:
    """The remedies of an answer, as `also` takes them."""
    remedies = [effect["remedy"] for effect in _broken(shown)]
    return [one for n, one in enumerate(remedies) if one is not None and one not in remedies[:n]]


def _whole(shown: Row) -> bool:
    return shown["possible"] and not _broken(shown)


# --- remedies ------------------------------------------------------------------------------------------------------


def test_an_integration_that_the_next_dose_overtakes_has_a_remedy(cast: Cast, course: dict[str, Row]) -> None:
    """The first dose's integration lies on Saturday or later; the second dose goes to that Monday morning."""
    held = _held(course["dose1"])
    late = MONDAY + 7 * DAY - HOUR  # still inside the window, which ends at 09:00 on Monday
    cast.desk("frontdesk").must(f"sessions/{held.pk}/reschedule/", _to(late, 60))
    wanted = _to(MONDAY + 7 * DAY - timedelta(minutes=30), override_reason="")
    shown = _look(cast, course["dose2"], wanted)
    (effect,) = [one for one in _broken(shown) if one["code"] == "integration_after_dose"]
    remedy = effect["remedy"]
    assert (effect["session"], remedy["session"]) == (str(held.pk), str(held.pk))
    assert set(remedy) == {"session", "starts_at", "ends_at", "room", "staff"}
    assert remedy["staff"] == held.staff
    assert course["dose1"]["ends_at"] < remedy["starts_at"] < remedy["ends_at"] <= wanted["starts_at"]
    start = datetime.fromisoformat(remedy["starts_at"])
    assert (
        datetime.fromisoformat(course["dose1"]["ends_at"]) + DAY
        <= start
        < MONDAY + 4 * DAY + timedelta(hours=72)
    )


def test_doses_too_near_are_mended_and_their_integrations_come_along(
    cast: Cast, course: dict[str, Row]
) -> None:
    wanted = _to(MONDAY + 9 * DAY)  # two days before the second dose
    shown = _look(cast, course["dose1"], wanted)
    assert [(one["code"], one["session"]) for one in _broken(shown)] == [
        ("minimum_gap", course["dose2"]["id"])
    ]
    (remedy,) = _mended(shown)
    assert remedy["starts_at"] == moment(MONDAY + 12 * DAY)  # the first time that is 72 h later
    assert (remedy["room"], remedy["staff"]) == (course["dose2"]["room"], course["dose2"]["staff"])
    assert _whole(_look(cast, course["dose1"], wanted | {"also": [remedy]}))
    moved = _move(cast, course["dose1"], wanted | {"also": [remedy]})
    assert moved.status_code == 200, moved.content
    assert moved.json()["starts_at"] == wanted["starts_at"]
    (second,) = moved.json()["also"]
    assert (second["id"], second["starts_at"], second["version"]) == (
        course["dose2"]["id"],
        remedy["starts_at"],
        2,
    )
    for name, start in (("dose1", MONDAY + 9 * DAY), ("dose2", MONDAY + 12 * DAY)):
        assert start + 27 * HOUR <= _held(course[name]).starts_at < start + 72 * HOUR
    assert (desk.overlaps(), desk.orphans()) == (0, [])


def test_a_dose_goes_where_there_is_a_place_for_its_integration(cast: Cast, course: dict[str, Row]) -> None:
    """At the nearest time the therapist is away for the whole window; at 10:15 it reaches past their return."""
    practice.write_time_off(
        user=cast.therapist,
        starts_at=MONDAY + 12 * DAY + 6 * HOUR,
        ends_at=MONDAY + 15 * DAY + HOUR,
        reason="",
        by=cast.admin,
        at=MONDAY,
    )
    wanted = _to(MONDAY + 9 * DAY)
    (remedy,) = _mended(_look(cast, course["dose1"], wanted))
    assert remedy["starts_at"] == moment(MONDAY + 12 * DAY + HOUR + HOUR / 4)
    assert _move(cast, course["dose1"], wanted | {"also": [remedy]}).status_code == 200
    assert _held(course["dose2"]).starts_at == MONDAY + 15 * DAY + HOUR


def test_preparations_that_would_come_after_the_dose_are_mended_each_at_a_time_of_its_own(
    cast: Cast, course: dict[str, Row]
) -> None:
    wanted = _to(MONDAY + DAY + 4 * HOUR)  # Tuesday 13:00: the second preparation is on Wednesday
    cast.desk("frontdesk").must(
        f"sessions/{course['prep1']['id']}/reschedule/", _to(MONDAY + 3 * DAY, 60, override_reason="Asked")
    )
    shown = _look(cast, course["dose1"], wanted)
    broken = {effect["session"] for effect in _broken(shown)}
    assert broken == {course["prep1"]["id"], course["prep2"]["id"]}
    remedies = _mended(shown)
    assert {one["session"] for one in remedies} == broken
    first, second = sorted(remedies, key=lambda one: one["starts_at"])
    assert first["ends_at"] <= second["starts_at"] < second["ends_at"] <= wanted["starts_at"]
    both = wanted | {"also": remedies}
    assert _whole(_look(cast, course["dose1"], both))
    assert _move(cast, course["dose1"], both).status_code == 200
    assert (desk.overlaps(), desk.orphans()) == (0, [])


def test_a_remedy_keeps_clear_of_the_room_that_is_being_cleaned(cast: Cast, course: dict[str, Row]) -> None:
    cast.birch.is_active, cast.aspen.turnover_min = False, 30
    for room in (cast.birch, cast.aspen):
        room.save_by(cast.admin, at=MONDAY)
    wanted = _to(MONDAY + DAY + 4 * HOUR, room=str(cast.aspen.pk))
    shown = _look(cast, course["dose1"], wanted)
    (remedy,) = _mended(shown)
    assert remedy["ends_at"] <= moment(MONDAY + DAY + 4 * HOUR - HOUR / 2)
    assert _whole(_look(cast, course["dose1"], wanted | {"also": [remedy]}))


def test_a_session_whose_people_have_no_free_time_has_no_remedy(cast: Cast, course: dict[str, Row]) -> None:
    wanted = _to(MONDAY + 9 * DAY)
    assert _mended(_look(cast, course["dose1"], wanted))
    practice.write_time_off(
        user=cast.np,
        starts_at=MONDAY,
        ends_at=MONDAY + 60 * DAY,
        reason="",
        by=cast.admin,
        at=MONDAY,
    )
    (effect,) = _broken(_look(cast, course["dose1"], wanted))
    assert effect["remedy"] is None


def test_what_moves_along_or_deserves_a_look_needs_no_remedy(cast: Cast, course: dict[str, Row]) -> None:
    shown = _look(cast, course["dose1"], _to(MONDAY + 6 * DAY))
    assert {effect["severity"] for effect in shown["effects"]} == {"moves", "warns"}
    assert {effect["remedy"] for effect in shown["effects"]} == {None}


def test_an_integration_that_finds_no_slot_does_not_move_along(cast: Cast, course: dict[str, Row]) -> None:
    held = _held(course["dose1"])
    practice.write_time_off(
        user=cast.therapist,
        starts_at=MONDAY + 6 * DAY + 4 * HOUR,
        ends_at=MONDAY + 10 * DAY,
        reason="",
        by=cast.admin,
        at=MONDAY,
    )
    shown = _look(cast, course["dose1"], _to(MONDAY + 6 * DAY))
    (effect,) = [one for one in shown["effects"] if one["session"] == str(held.pk)]
    assert (shown["possible"], effect["code"], effect["severity"]) == (True, "no_integration_slot", "warns")
    moved = _move(cast, course["dose1"], _to(MONDAY + 6 * DAY))
    assert "no_integration_slot" in moved.json()["warnings"]


def test_a_refused_move_says_how_it_would_be_mended(cast: Cast, course: dict[str, Row]) -> None:
    wanted = _to(MONDAY + 9 * DAY)
    refused = _refused(cast, course["dose1"], wanted, 409)
    assert refused.json()["code"] == "course_conflict"
    assert refused.json()["effects"] == _look(cast, course["dose1"], wanted)["effects"]
    assert _mended(refused.json())


# --- all or none ---------------------------------------------------------------------------------------------------


def test_two_sessions_of_a_client_take_each_others_place(cast: Cast, course: dict[str, Row]) -> None:
    first, second = course["prep1"], course["prep2"]
    wanted = _to(MONDAY + 2 * DAY, 60, also=[_also(second, MONDAY + DAY)])
    moved = _move(cast, first, wanted)
    assert moved.status_code == 200, moved.content
    assert moved.json()["starts_at"] == second["starts_at"]
    assert [row["starts_at"] for row in moved.json()["also"]] == [first["starts_at"]]
    assert (desk.overlaps(), desk.orphans()) == (0, [])


def test_a_doses_own_integration_goes_where_it_was_said(cast: Cast, course: dict[str, Row]) -> None:
    held, count = _held(course["dose1"]), Session.objects.count()
    wanted = _to(MONDAY + 6 * DAY, also=[_also(held, MONDAY + 8 * DAY + 2 * HOUR)])
    shown = _look(cast, course["dose1"], wanted)
    assert shown["possible"] is True
    assert "integration_moves" not in {effect["code"] for effect in shown["effects"]}
    assert _move(cast, course["dose1"], wanted).status_code == 200
    again = _held(course["dose1"])
    assert (again.pk, again.starts_at) == (held.pk, MONDAY + 8 * DAY + 2 * HOUR)
    assert Session.objects.count() == count  # the slot itself has moved: none was given up
    assert (desk.overlaps(), desk.orphans()) == (0, [])


@pytest.mark.parametrize("start", [MONDAY + 6 * DAY + 4 * HOUR, MONDAY + 9 * DAY], ids=["before", "after"])
def test_a_doses_own_integration_does_not_go_outside_its_new_window(
    cast: Cast, course: dict[str, Row], start: datetime
) -> None:
    wanted = _to(MONDAY + 6 * DAY, also=[_also(_held(course["dose1"]), start)])
    refused = _refused(cast, course["dose1"], wanted, 409)
    assert refused.json()["code"] == "course_conflict"
    assert "integration_window" in {effect["code"] for effect in refused.json()["effects"]}


def test_each_of_them_leaves_its_own_history_and_its_own_line_in_the_log(
    cast: Cast, course: dict[str, Row]
) -> None:
    both = [course["dose1"], course["dose2"]]
    wanted = _to(MONDAY + 9 * DAY, also=[_also(course["dose2"], MONDAY + 12 * DAY, 180)])
    assert _move(cast, course["dose1"], wanted).status_code == 200
    for session in both:
        last = Session.history.filter(id=session["id"]).latest("version")
        assert (last.reason, last.version, last.history_user_id) == ("They asked", 2, cast.frontdesk.pk)
    acts = AuditEvent.objects.filter(action="session.reschedule", outcome="ok")
    assert {str(act.object_id) for act in acts} == {session["id"] for session in both}
    assert {client for act in acts for client in map(str, act.clients)} == {both[0]["client"]}
    assert acts.count() == 2


def test_who_confirmed_the_old_times_is_asked_again_about_each(cast: Cast, course: dict[str, Row]) -> None:
    front = cast.desk("frontdesk")
    for name in ("prep1", "prep2"):
        said = {"client_confirmed_at": moment(MONDAY)}
        assert front.patch(f"sessions/{course[name]['id']}/", said).status_code == 200
    wanted = _to(MONDAY + 2 * DAY, 60, also=[_also(course["prep2"], MONDAY + DAY)])
    assert _move(cast, course["prep1"], wanted).status_code == 200
    rows = Task.objects.open().filter(kind="confirm_again")
    assert {str(row.subject_id) for row in rows} == {course["prep1"]["id"], course["prep2"]["id"]}


def test_the_key_replays_the_whole_move(cast: Cast, course: dict[str, Row]) -> None:
    wanted = _to(MONDAY + 2 * DAY, 60, also=[_also(course["prep2"], MONDAY + DAY)])
    first = _move(cast, course["prep1"], wanted, key="together")
    before = desk.book_of_sessions()
    again = _move(cast, course["prep1"], wanted, key="together")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.json()) == (200, first.json())
    assert desk.book_of_sessions() == before
    other = _move(cast, course["prep1"], wanted | {"also": []}, key="together")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_replay_shows_nobody_a_session_that_they_see_no_more(cast: Cast, course: dict[str, Row]) -> None:
    wanted = _to(MONDAY + 2 * DAY, 60, also=[_also(course["prep2"], MONDAY + DAY)])
    assert _move(cast, course["prep1"], wanted, key="together").status_code == 200
    with connection.cursor() as cursor:  # planted: it is at another place now
        cursor.execute(
            "UPDATE clinic_sessions_session SET location_id = %s WHERE id = %s",
            [cast.south.pk, course["prep2"]["id"]],
        )
    assert _move(cast, course["prep1"], wanted, key="together").status_code == 404


# --- refused whole -------------------------------------------------------------------------------------------------


def test_one_that_does_not_fit_leaves_all_where_they_were(
    cast: Cast, program: Program, course: dict[str, Row]
) -> None:
    who = client(cast.north, by=cast.frontdesk, first="Other")
    other = opened_program(cast, who=who, protocol=program.protocol)
    busy = cast.desk("frontdesk").must("sessions/", desk.body(cast, other, start=MONDAY + DAY + 3 * HOUR))
    wanted = _to(MONDAY + 2 * DAY + 3 * HOUR, 60, also=[_also(course["prep2"], MONDAY + DAY + 3 * HOUR)])
    told = _look(cast, course["prep1"], wanted)["refusal"]
    assert (told["code"], [error["pointer"] for error in told["errors"]]) == (
        "resource_conflict",
        ["/also/0"],
    )
    refused = _refused(cast, course["prep1"], wanted, 409)
    assert refused.json()["code"] == "resource_conflict"
    assert {row["session"] for row in refused.json()["conflicts"]} == {busy["id"]}
    assert {row["moving"] for row in refused.json()["conflicts"]} == {course["prep2"]["id"]}
    assert desk.codes(refused) == {("/also/0", "resource_conflict")}


def test_they_are_not_in_two_places_at_once(cast: Cast, course: dict[str, Row]) -> None:
    wanted = _to(MONDAY + DAY + 5 * HOUR, 60, also=[_also(course["prep2"], MONDAY + DAY + 5 * HOUR)])
    assert _refused(cast, course["prep1"], wanted, 409).json()["code"] == "resource_conflict"


def test_a_course_that_is_still_broken_is_refused(cast: Cast, course: dict[str, Row]) -> None:
    wanted = _to(MONDAY + 9 * DAY, also=[_also(course["dose2"], MONDAY + 11 * DAY + HOUR, 180)])
    refused = _refused(cast, course["dose1"], wanted, 409)
    assert [one["code"] for one in _broken(refused.json())] == [
        "minimum_gap"
    ]  # told once, not from both sides
    allowed = _move(cast, course["dose1"], wanted | {"override_reason": "The prescriber agreed"})
    assert allowed.status_code == 200, allowed.content


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"starts_at": moment(MONDAY + DAY - 6 * HOUR)}, "/also/0/starts_at", "outside_hours"),
        ({"ends_at": moment(MONDAY + DAY - HOUR)}, "/also/0/ends_at", "reversed"),
        ({"room": None}, "/also/0/room", "required"),
        ({"staff": []}, "/also/0/staff", "required"),
        ({"room": "01900000-0000-7000-8000-00000000dead"}, "/also/0/room", "not_found"),
        ({"reason": "No"}, "/also/0/reason", "unknown_field"),
        ({"session": "01900000-0000-7000-8000-00000000dead"}, "/also/0/session", "not_found"),
    ],
)
def test_each_of_them_is_checked_as_a_move_of_its_own(
    cast: Cast, course: dict[str, Row], more: Row, field: str, code: str
) -> None:
    wanted = _to(MONDAY + 2 * DAY, 60, also=[_also(course["prep2"], MONDAY + DAY) | more])
    assert (field, code) in desk.codes(_refused(cast, course["prep1"], wanted, 400))


def test_a_session_is_named_once(cast: Cast, course: dict[str, Row]) -> None:
    row = _also(course["prep2"], MONDAY + DAY)
    for also in ([row, row], [_also(course["prep1"], MONDAY + DAY)]):
        refused = _refused(cast, course["prep1"], _to(MONDAY + 2 * DAY, 60, also=also), 400)
        assert desk.codes(refused) == {(f"/also/{len(also) - 1}/session", "repeated")}


def test_another_clients_session_does_not_move_along(
    cast: Cast, program: Program, course: dict[str, Row]
) -> None:
    who = client(cast.north, by=cast.frontdesk, first="Other")
    other = opened_program(cast, who=who, protocol=program.protocol)
    theirs = steps.book(cast, {"id": str(other.pk)}, "preparation", MONDAY + 3 * DAY)
    wanted = _to(MONDAY + DAY + 5 * HOUR, 60, also=[_also(theirs, MONDAY + 3 * DAY + HOUR)])
    assert desk.codes(_refused(cast, course["prep1"], wanted, 400)) == {("/also/0/session", "other_client")}
    path = f"sessions/{course['prep1']['id']}/reschedule/?preview=true"
    assert cast.desk("frontdesk").post(path, wanted).status_code == 400


def test_a_session_of_another_location_does_not_exist_for_the_mover(
    cast: Cast, program: Program, course: dict[str, Row]
) -> None:
    who = client(cast.south, by=cast.south_frontdesk, first="South")
    there = {"location": cast.south.pk, "therapist": cast.south_therapist.pk}
    theirs = opened_program(
        cast,
        who=who,
        protocol=program.protocol,
        by=cast.south_frontdesk,
        prescriber=cast.south_prescriber.pk,
        **there,
    )
    staff = [desk.row(cast.south_therapist, "therapist")]
    more = {"room": cast.cedar.pk, "staff": staff, "by": cast.south_frontdesk}
    elsewhere = people.booked(cast, theirs, "preparation", MONDAY + 3 * DAY, **more)
    wanted = _to(MONDAY + DAY + 5 * HOUR, 60, also=[_also(elsewhere, MONDAY + 3 * DAY)])
    assert desk.codes(_refused(cast, course["prep1"], wanted, 400)) == {("/also/0/session", "not_found")}
    answer = cast.desk("south_frontdesk").post(f"sessions/{course['prep1']['id']}/reschedule/", wanted)
    assert answer.status_code == 404


def test_one_that_changed_since_it_was_read_is_named(cast: Cast, course: dict[str, Row]) -> None:
    second, front = course["prep2"], cast.desk("frontdesk")
    front.must(f"sessions/{second['id']}/reschedule/", _to(MONDAY + 2 * DAY + 4 * HOUR, 60))
    wanted = _to(MONDAY + 2 * DAY, 60, also=[_also(second, MONDAY + DAY, version=second["version"])])
    refused = _refused(cast, course["prep1"], wanted, 412)
    assert (refused.json()["code"], refused.json()["session"]) == ("stale", second["id"])
    assert refused.json()["version"] == second["version"] + 1
    assert desk.codes(refused) == {("/also/0/version", "stale")}
    wanted["also"][0]["version"] += 1
    assert _move(cast, course["prep1"], wanted).status_code == 200


def test_a_stale_if_match_moves_none_of_them(cast: Cast, course: dict[str, Row]) -> None:
    first, front = course["prep1"], cast.desk("frontdesk")
    front.must(f"sessions/{first['id']}/reschedule/", _to(MONDAY + DAY + 4 * HOUR, 60))
    wanted = _to(MONDAY + 2 * DAY, 60, also=[_also(course["prep2"], MONDAY + DAY)])
    refused = _refused(cast, first, wanted, 412, HTTP_IF_MATCH='"1"')
    assert refused.json()["code"] == "stale"


@pytest.mark.parametrize("move", ["check-in", "cancel", "no-show"])
def test_one_that_began_or_ended_meanwhile_is_named(cast: Cast, course: dict[str, Row], move: str) -> None:
    said = {} if move == "check-in" else {"reason": "Called in ill"}
    with clock.fixed(MONDAY + DAY):
        cast.desk("frontdesk").must(f"sessions/{course['prep1']['id']}/{move}/", said)
        wanted = _to(MONDAY + 2 * DAY + 4 * HOUR, 60, also=[_also(course["prep1"], MONDAY + 3 * DAY)])
        refused = _refused(cast, course["prep2"], wanted, 409)
    assert (refused.json()["code"], refused.json()["session"]) == (
        "illegal_transition",
        course["prep1"]["id"],
    )
    assert desk.codes(refused) == {("/also/0/session", "illegal_transition")}


def test_the_one_of_the_address_that_began_moves_nothing(cast: Cast, course: dict[str, Row]) -> None:
    with clock.fixed(MONDAY + DAY):
        cast.desk("frontdesk").must(f"sessions/{course['prep1']['id']}/check-in/")
        wanted = _to(MONDAY + 2 * DAY + 4 * HOUR, 60, also=[_also(course["prep2"], MONDAY + 3 * DAY)])
        refused = _refused(cast, course["prep1"], wanted | {"override_reason": "Asked"}, 409)
    assert refused.json()["code"] == "illegal_transition"


@pytest.mark.parametrize("name", ["np", "therapist", "prescriber", "director"])
def test_whoever_books_moves_them_together(cast: Cast, course: dict[str, Row], name: str) -> None:
    wanted = _to(MONDAY + 2 * DAY, 60, also=[_also(course["prep2"], MONDAY + DAY)])
    cast.desk(name).must(f"sessions/{course['prep1']['id']}/reschedule/", wanted)


@pytest.mark.parametrize("name", ["billing", "admin"])
def test_nobody_else_does(cast: Cast, course: dict[str, Row], name: str) -> None:
    wanted = _to(MONDAY + 2 * DAY, 60, also=[_also(course["prep2"], MONDAY + DAY)])
    before = desk.book_of_sessions()
    for query in ("", "?preview=true"):
        answer = cast.desk(name).post(f"sessions/{course['prep1']['id']}/reschedule/{query}", wanted)
        assert answer.status_code == 403
    assert desk.book_of_sessions() == before


# --- what is owed --------------------------------------------------------------------------------------------------


def test_an_owed_integration_that_a_dose_overtakes_is_mended_inside_its_window(cast: Cast) -> None:
    owed = people.owed(cast)
    schedule_obligation(obligation_id=owed.pk, at=MONDAY)
    booked = Session.objects.get(fulfils=owed)
    late = owed.window_end - HOUR
    front = cast.desk("frontdesk")
    front.must(f"sessions/{booked.pk}/reschedule/", _to(late, 60, staff=booked.staff))
    dose = steps.book(cast, {"id": str(owed.program_id)}, "dosing", MONDAY + 10 * DAY)
    wanted = _to(owed.window_end - HOUR / 2)
    shown = _look(cast, dose, wanted)
    effects = {effect["session"]: effect for effect in _broken(shown)}
    remedy = effects[str(booked.pk)]["remedy"]
    assert moment(owed.window_start) <= remedy["starts_at"] < wanted["starts_at"]
    early = _also(booked, owed.window_start - HOUR)
    refused = _refused(cast, dose, wanted | {"also": [early], "override_reason": "The gap was agreed"}, 400)
    assert desk.codes(refused) == {("/also/0/starts_at", "before_window")}
    both = wanted | {"also": [remedy], "override_reason": "The gap was agreed"}
    assert _move(cast, dose, both).status_code == 200
    owed.refresh_from_db()
    assert (owed.state, owed.integration_session_id, owed.escalations) == ("booked", booked.pk, [])
    assert (desk.overlaps(), desk.orphans()) == (0, [])


def test_an_integration_that_comes_late_on_purpose_is_told_to_who_answers_for_it(cast: Cast) -> None:
    owed = people.owed(cast)
    schedule_obligation(obligation_id=owed.pk, at=MONDAY)
    booked = Session.objects.get(fulfils=owed)
    dose = steps.book(cast, {"id": str(owed.program_id)}, "dosing", MONDAY + 10 * DAY)
    late = _also(booked, owed.window_end.replace(minute=0) + 2 * HOUR)
    wanted = _to(MONDAY + 11 * DAY, also=[late])
    assert _refused(cast, dose, wanted, 409).json()["code"] == "course_conflict"
    agreed = wanted | {"override_reason": "The client is on a journey"}
    assert _move(cast, dose, agreed).status_code == 200
    owed.refresh_from_db()
    assert [step["step"] for step in owed.escalations] == ["late_booking"]
    assert Task.objects.open().filter(kind="integration_late", subject_id=owed.pk).exists()


# --- at once -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_when_the_remedys_slot_is_taken_meanwhile_nothing_moves(
    cast: Cast, program: Program, course: dict[str, Row]
) -> None:
    """Who mends a course, and who books its remedy's slot for somebody else: one of them gets it, whole."""
    wanted = _to(MONDAY + 9 * DAY)
    (remedy,) = _mended(_look(cast, course["dose1"], wanted))
    who = client(cast.north, by=cast.frontdesk, first="Other")
    other = opened_program(cast, who=who, protocol=program.protocol)
    secret = practice.issue_token(user=cast.frontdesk, name="race", at=clock.now())[1]
    track = Track(secret, [])
    rival = desk.body(cast, other, "dosing", MONDAY + 12 * DAY)
    before = dict(Session.objects.filter(program=program).values_list("pk", "starts_at"))
    work = [
        track.posting(f"sessions/{course['dose1']['id']}/reschedule/", wanted | {"also": [remedy]}),
        track.posting("sessions/", rival),
    ]
    counted = track.run(*work)
    assert sum(counted.values()) == 2
    won = {"starts_at": wanted["starts_at"]} if counted[200] else None
    after = dict(Session.objects.filter(program=program).values_list("pk", "starts_at"))
    if won:
        assert counted == {200: 1, 409: 1}
        assert str(_held(course["dose2"]).for_dose_id) == course["dose2"]["id"]
        assert not Session.objects.filter(program=other).exists()
    else:
        assert counted == {201: 1, 409: 1}
        assert after == before
    assert (desk.overlaps(), desk.orphans()) == (0, [])


@pytest.mark.django_db(transaction=True)
def test_moves_of_the_same_sessions_at_once_deadlock_nobody(cast: Cast, course: dict[str, Row]) -> None:
    """Each desk names another one as the request's own."""
    secret = practice.issue_token(user=cast.frontdesk, name="race", at=clock.now())[1]
    track, first, second = Track(secret, []), course["prep1"], course["prep2"]
    for turn in range(3):
        spots = [MONDAY + DAY + turn * HOUR, MONDAY + 2 * DAY + turn * HOUR]
        ways = [(first, second, spots), (second, first, spots), (first, second, spots[::-1])]
        work = [
            track.posting(
                f"sessions/{one['id']}/reschedule/", _to(there[0], 60, also=[_also(other, there[1])])
            )
            for one, other, there in ways
        ]
        assert track.run(*work) == {200: 3}, track.answers
        now = set(Session.objects.filter(kind="preparation").values_list("starts_at", flat=True))
        assert now == set(spots)
        assert (desk.overlaps(), desk.orphans()) == (0, [])


@pytest.mark.django_db(transaction=True)
def test_one_that_is_cancelled_at_the_same_moment_takes_nobody_along(
    cast: Cast, course: dict[str, Row]
) -> None:
    secret = practice.issue_token(user=cast.frontdesk, name="race", at=clock.now())[1]
    track, first, second = Track(secret, []), course["prep1"], course["prep2"]
    wanted = _to(MONDAY + 2 * DAY, 60, also=[_also(second, MONDAY + DAY)])
    counted = track.run(
        track.posting(f"sessions/{first['id']}/reschedule/", wanted),
        track.posting(f"sessions/{second['id']}/cancel/", {"reason": "Called in ill"}),
    )
    moved = Session.objects.get(pk=first["id"]).starts_at == MONDAY + 2 * DAY
    assert counted == ({200: 2} if moved else {200: 1, 409: 1})
    assert Session.objects.get(pk=second["id"]).status == "cancelled"
    assert (desk.overlaps(), desk.orphans()) == (0, [])
