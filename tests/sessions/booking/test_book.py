"""Booking at the front desk: what is accepted, what is refused and why; a refusal leaves nothing behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from programs import services as programs
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY, body, clashes, codes, row

HOUR = timedelta(hours=1)


def _refused(cast: Cast, wanted: dict[str, Any], status: int, by: str = "frontdesk") -> Any:
    """The refusal, after a look that it left no session and no allocation."""
    before = desk.book_of_sessions()
    answer = cast.desk(by).post("sessions/", wanted)
    assert answer.status_code == status, answer.content
    assert desk.book_of_sessions() == before
    return answer


# --- what is accepted ------------------------------------------------------------------------------------


def test_a_booking_answers_with_what_was_sent_and_who_it_is_for(cast: Cast) -> None:
    program = people.opened_program(cast)
    wanted = body(cast, program)
    session = cast.desk("frontdesk").must("sessions/", wanted)
    assert {key: session[key] for key in wanted} == wanted
    assert session["client"] == str(program.client_id)
    assert session["location"] == str(cast.north.pk)
    assert (session["number"], session["status"], session["source"]) == (1, "scheduled", "staff")
    assert session["allowed_moves"] == ["check_in", "cancel", "no_show", "reschedule"]
    assert desk.live(session) == {
        ("client", program.client_id),
        ("room", cast.aspen.pk),
        ("staff", cast.therapist.pk),
    }


def test_back_to_back_sessions_are_allowed(cast: Cast) -> None:
    first, second = desk.programs_of(cast, 2)
    cast.desk("frontdesk").must("sessions/", body(cast, first, start=TUESDAY))
    cast.desk("frontdesk").must("sessions/", body(cast, second, start=TUESDAY + HOUR))
    cast.desk("frontdesk").must("sessions/", body(cast, second, start=TUESDAY - HOUR))
    assert desk.overlaps() == 0


def test_video_needs_no_room(cast: Cast) -> None:
    program = people.opened_program(cast)
    session = cast.desk("frontdesk").must("sessions/", body(cast, program, modality="video", room=None))
    assert {kind for kind, _ in desk.live(session)} == {"client", "staff"}


def test_a_session_in_person_needs_a_room(cast: Cast) -> None:
    program = people.opened_program(cast)
    assert codes(_refused(cast, body(cast, program, room=None), 400)) == {("/room", "required")}


def test_numbers_count_the_sessions_that_stand_and_are_given_once(cast: Cast) -> None:
    program = people.opened_program(cast)
    front = cast.desk("frontdesk")
    made = [front.must("sessions/", body(cast, program, start=TUESDAY + n * HOUR)) for n in range(3)]
    assert [session["number"] for session in made] == [1, 2, 3]
    front.must(f"sessions/{made[0]['id']}/cancel/", {"reason": "Ill"})
    again = front.must("sessions/", body(cast, program, start=TUESDAY + 4 * HOUR))
    standing = Session.objects.standing().filter(program=program)
    assert sorted(standing.values_list("number", flat=True)) == [1, 2, 3]
    assert again["number"] == 1


# --- somebody or something is taken ----------------------------------------------------------------------


@pytest.fixture
def taken(cast: Cast) -> dict[str, Any]:
    """Robin0 with the therapist in Aspen on Tuesday 09:00–10:00, and programs of two clients."""
    first, second = desk.programs_of(cast, 2)
    session = cast.desk("frontdesk").must("sessions/", body(cast, first))
    return {"session": session, "first": first, "second": second}


def test_a_room_is_not_given_twice(cast: Cast, taken: dict[str, Any]) -> None:
    wanted = body(
        cast, taken["second"], start=TUESDAY + HOUR / 2, staff=[row(cast.other_therapist, "therapist")]
    )
    answer = _refused(cast, wanted, 409)
    assert answer.json()["code"] == "resource_conflict"
    (conflict,) = answer.json()["conflicts"]
    assert conflict["resource"] == str(cast.aspen.pk)
    assert conflict["session"] == taken["session"]["id"]
    assert (conflict["starts_at"], conflict["ends_at"]) == (moment(TUESDAY), moment(TUESDAY + HOUR))


def test_a_therapist_is_not_in_two_sessions(cast: Cast, taken: dict[str, Any]) -> None:
    answer = _refused(cast, body(cast, taken["second"], room=str(cast.birch.pk)), 409)
    assert clashes(answer) == {(str(cast.therapist.pk), taken["session"]["id"])}


def test_a_client_is_not_in_two_sessions(cast: Cast, taken: dict[str, Any]) -> None:
    staff = [row(cast.other_therapist, "therapist")]
    answer = _refused(cast, body(cast, taken["first"], room=str(cast.birch.pk), staff=staff), 409)
    assert clashes(answer) == {(str(taken["first"].client_id), taken["session"]["id"])}


def test_every_resource_in_the_way_is_named(cast: Cast, taken: dict[str, Any]) -> None:
    answer = _refused(cast, body(cast, taken["second"]), 409)
    session = taken["session"]["id"]
    assert clashes(answer) == {(str(cast.aspen.pk), session), (str(cast.therapist.pk), session)}


def test_a_client_with_two_programs_is_still_one_person(cast: Cast, taken: dict[str, Any]) -> None:
    first = taken["first"]  # over a moment ago: what it has in the book is not freed yet
    programs.move_program(
        program_id=first.pk, move="discontinue", reason="Anew", by=cast.therapist, at=clock.now()
    )
    twin = people.opened_program(cast, protocol=first.protocol, who=first.client)
    staff = [row(cast.other_therapist, "therapist")]
    _refused(cast, body(cast, twin, room=str(cast.birch.pk), staff=staff), 409)


def test_an_override_does_not_give_a_room_twice(cast: Cast, taken: dict[str, Any]) -> None:
    _refused(cast, body(cast, taken["second"], override_reason="They insist"), 409)


def test_a_room_is_kept_for_its_turnover(cast: Cast) -> None:
    where = people.room("Dogwood", cast.north, people.KINDS, turnover=15)
    first, second = desk.programs_of(cast, 2)
    cast.desk("frontdesk").must("sessions/", body(cast, first, room=str(where.pk)))
    other = {"room": str(where.pk), "staff": [row(cast.other_therapist, "therapist")]}
    answer = _refused(cast, body(cast, second, start=TUESDAY + HOUR + 14 * HOUR / 60, **other), 409)
    assert answer.json()["conflicts"][0]["ends_at"] == moment(TUESDAY + HOUR + timedelta(minutes=15))
    cast.desk("frontdesk").must(
        "sessions/", body(cast, second, start=TUESDAY + HOUR + timedelta(minutes=15), **other)
    )


def test_turnover_counts_for_the_session_before_as_well(cast: Cast) -> None:
    where = people.room("Dogwood", cast.north, people.KINDS, turnover=15)
    first, second = desk.programs_of(cast, 2)
    cast.desk("frontdesk").must("sessions/", body(cast, first, start=TUESDAY + HOUR, room=str(where.pk)))
    other = {"room": str(where.pk), "staff": [row(cast.other_therapist, "therapist")]}
    _refused(cast, body(cast, second, start=TUESDAY, **other), 409)
    cast.desk("frontdesk").must(
        "sessions/", body(cast, second, start=TUESDAY - timedelta(minutes=15), **other)
    )


# --- the nurse watches several clients at once -----------------------------------------------------------


def _watched(cast: Cast, count: int) -> list[dict[str, Any]]:
    """Bodies of doses at one time, each with a room and therapist of its own and the one nurse."""
    found = []
    for n, program in enumerate(desk.programs_of(cast, count)):
        where = people.room(f"Room {n}", cast.north, people.KINDS)
        who = people.staff(f"therapist{n}", ["therapist"], cast.north, kap_trained=True)
        staff = [row(who, "therapist"), row(cast.np, "nurse_practitioner")]
        found.append(body(cast, program, "dosing", room=str(where.pk), staff=staff))
    return found


def test_a_nurse_watches_three_clients_and_not_a_fourth(cast: Cast) -> None:
    *three, fourth = _watched(cast, 4)
    made = [cast.desk("frontdesk").must("sessions/", wanted) for wanted in three]
    answer = _refused(cast, fourth, 409)
    nurse = str(cast.np.pk)
    assert clashes(answer) == {(nurse, session["id"]) for session in made}


def test_a_place_that_a_cancelled_dose_leaves_is_used_again(cast: Cast) -> None:
    *three, fourth = _watched(cast, 4)
    made = [cast.desk("frontdesk").must("sessions/", wanted) for wanted in three]
    cast.desk("frontdesk").must(f"sessions/{made[1]['id']}/cancel/", {"reason": "Ill"})
    cast.desk("frontdesk").must("sessions/", fourth)
    assert desk.overlaps() == 0


def test_the_therapist_of_a_dose_is_there_for_one_client_only(cast: Cast) -> None:
    first, second = _watched(cast, 2)
    cast.desk("frontdesk").must("sessions/", first)
    second["staff"] = [first["staff"][0], second["staff"][1]]
    answer = _refused(cast, second, 409)
    assert {resource for resource, _ in clashes(answer)} == {first["staff"][0]["user"]}


# --- times -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "field"),
    [
        pytest.param(-60, ("/ends_at", "reversed"), id="ends before it starts"),
        pytest.param(0, ("/ends_at", "reversed"), id="ends as it starts"),
        pytest.param(12 * 60 + 1, ("/ends_at", "too_long"), id="longer than 12 hours"),
    ],
)
def test_times_that_cannot_be_are_refused(cast: Cast, minutes: int, field: tuple[str, str]) -> None:
    program = people.opened_program(cast)
    assert codes(_refused(cast, body(cast, program, minutes=minutes), 400)) == {field}


def test_a_time_without_its_offset_is_refused(cast: Cast) -> None:
    wanted = body(cast, people.opened_program(cast)) | {"starts_at": "2026-05-05T09:00:00"}
    assert codes(_refused(cast, wanted, 400)) == {("/starts_at", "offset_required")}


def test_an_offset_is_honoured(cast: Cast) -> None:
    wanted = body(cast, people.opened_program(cast)) | {
        "starts_at": "2026-05-05T09:00:00-06:00",
        "ends_at": "2026-05-05T10:00:00-06:00",
    }
    assert cast.desk("frontdesk").must("sessions/", wanted)["starts_at"] == "2026-05-05T15:00:00Z"


@pytest.mark.parametrize(
    ("start", "who"),
    [
        pytest.param(datetime(2026, 5, 5, 13, 59, tzinfo=UTC), "the location", id="a minute before 08:00"),
        pytest.param(datetime(2026, 5, 6, 1, 1, tzinfo=UTC), "the location", id="past 20:00 by a minute"),
        pytest.param(datetime(2026, 5, 5, 6, 0, tzinfo=UTC), "the location", id="midnight"),
    ],
)
def test_outside_opening_hours_needs_a_reason(cast: Cast, start: datetime, who: str) -> None:
    program = people.opened_program(cast)
    answer = _refused(cast, body(cast, program, start=start), 400)
    assert answer.json()["code"] == "outside_hours"
    assert ("/starts_at", "outside_hours") in codes(answer)
    session = cast.desk("frontdesk").must(
        "sessions/", body(cast, program, start=start, override_reason="The client travels")
    )
    assert session["override_reason"] == "The client travels"


def test_the_first_and_the_last_hour_of_the_day_are_inside(cast: Cast) -> None:
    program = people.opened_program(cast)
    for start in (datetime(2026, 5, 5, 14, tzinfo=UTC), datetime(2026, 5, 6, 1, tzinfo=UTC)):
        cast.desk("frontdesk").must("sessions/", body(cast, program, start=start))


def test_outside_somebodys_working_hours_needs_a_reason(cast: Cast) -> None:
    program = people.opened_program(cast)
    hours = [{"weekday": 1, "from": "10:00", "to": "16:00", "location": str(cast.north.pk)}]
    assert cast.desk("admin").put(f"staff/{cast.therapist.pk}/working-hours/", hours).status_code == 200
    answer = _refused(cast, body(cast, program), 400)
    assert answer.json()["code"] == "outside_hours"
    assert codes(answer) == {("/staff/0", "outside_hours")}
    cast.desk("frontdesk").must("sessions/", body(cast, program, start=TUESDAY + HOUR))
    cast.desk("frontdesk").must("sessions/", body(cast, program, override_reason="Agreed with them"))


def test_time_off_needs_a_reason(cast: Cast) -> None:
    program = people.opened_program(cast)
    away = {"starts_at": moment(TUESDAY + HOUR / 2), "ends_at": moment(TUESDAY + 2 * HOUR)}
    cast.desk("admin").must(f"staff/{cast.therapist.pk}/time-off/", away)
    assert codes(_refused(cast, body(cast, program), 400)) == {("/staff/0", "outside_hours")}


def test_a_booking_in_the_past_needs_a_reason(cast: Cast) -> None:
    program = people.opened_program(cast)
    past = MONDAY - timedelta(days=3)
    assert codes(_refused(cast, body(cast, program, start=past), 400)) == {("/override_reason", "required")}
    late = body(cast, program, start=past, override_reason="Entered late")
    assert cast.desk("frontdesk").must("sessions/", late)["starts_at"] == moment(past)


def test_a_late_entry_goes_back_seven_days_at_most(cast: Cast) -> None:
    program = people.opened_program(cast)
    reason = {"override_reason": "Entered late"}
    old = MONDAY - timedelta(days=7, minutes=1)
    assert codes(_refused(cast, body(cast, program, start=old, **reason), 400)) == {("/starts_at", "too_old")}
    cast.desk("frontdesk").must("sessions/", body(cast, program, start=MONDAY - timedelta(days=7), **reason))


def test_two_years_ahead_is_the_end_of_the_book(cast: Cast) -> None:
    program = people.opened_program(cast)
    far = body(cast, program, start=MONDAY + timedelta(days=731))
    assert codes(_refused(cast, far, 400)) == {("/starts_at", "too_far")}


# --- who and where ---------------------------------------------------------------------------------------


def test_a_room_of_another_location_is_no_room(cast: Cast) -> None:
    wanted = body(cast, people.opened_program(cast), room=str(cast.cedar.pk))
    assert codes(_refused(cast, wanted, 400)) == {("/room", "not_found")}


def test_a_closed_room_is_no_room(cast: Cast) -> None:
    program = people.opened_program(cast)
    assert cast.desk("admin").patch(f"rooms/{cast.aspen.pk}/", {"is_active": False}).status_code == 200
    assert codes(_refused(cast, body(cast, program), 400)) == {("/room", "not_found")}


def test_a_room_serves_its_kinds_only(cast: Cast) -> None:
    where = people.room("Dogwood", cast.north, ["preparation"])
    wanted = body(cast, people.opened_program(cast), "integration", room=str(where.pk))
    assert codes(_refused(cast, wanted, 400)) == {("/room", "wrong_kind")}


def test_staff_of_another_location_cannot_be_booked(cast: Cast) -> None:
    wanted = body(cast, people.opened_program(cast), staff=[row(cast.south_therapist, "therapist")])
    assert codes(_refused(cast, wanted, 400)) == {("/staff/0/user", "not_found")}


def test_somebody_who_has_left_cannot_be_booked(cast: Cast) -> None:
    program = people.opened_program(cast)
    cast.therapist.is_active = False
    cast.therapist.save_by(SYSTEM, at=clock.now())
    assert ("/staff/0/user", "not_found") in codes(_refused(cast, body(cast, program), 400))


def test_nobody_is_booked_in_a_role_they_do_not_hold(cast: Cast) -> None:
    wanted = body(cast, people.opened_program(cast), staff=[row(cast.np, "therapist")])
    assert codes(_refused(cast, wanted, 400)) == {("/staff/0/role", "wrong_role")}


@pytest.mark.parametrize(
    ("kind", "name", "role"),
    [
        ("preparation", "np", "nurse_practitioner"),
        ("integration", "np", "nurse_practitioner"),
        ("medical", "therapist", "therapist"),
    ],
)
def test_each_kind_of_session_has_the_role_it_needs(cast: Cast, kind: str, name: str, role: str) -> None:
    wanted = body(cast, people.opened_program(cast), kind, staff=[row(getattr(cast, name), role)])
    assert codes(_refused(cast, wanted, 400)) == {("/staff", "role_missing")}


def test_a_session_needs_somebody(cast: Cast) -> None:
    wanted = body(cast, people.opened_program(cast), staff=[])
    assert ("/staff", "required") in codes(_refused(cast, wanted, 400))


def test_a_program_of_another_location_does_not_exist(cast: Cast) -> None:
    wanted = body(cast, people.opened_program(cast))
    assert codes(_refused(cast, wanted, 400, by="south_frontdesk")) == {("/program", "not_found")}


def test_nothing_is_booked_for_a_program_on_hold(cast: Cast) -> None:
    program = people.opened_program(cast)
    programs.move_program(
        program_id=program.pk, move="hold", reason="Surgery", by=cast.therapist, at=clock.now()
    )
    answer = _refused(cast, body(cast, program), 409)
    assert answer.json()["code"] == "illegal_transition"
    assert "on hold" in answer.json()["detail"]
    programs.move_program(program_id=program.pk, move="resume", by=cast.therapist, at=clock.now())
    cast.desk("frontdesk").must("sessions/", body(cast, program))


def test_a_dose_by_video_is_refused_unless_the_protocol_allows_it(cast: Cast) -> None:
    at_home = {"modality": "video", "room": None}
    strict = people.opened_program(cast)
    assert codes(_refused(cast, body(cast, strict, "dosing", **at_home), 400)) == {
        ("/modality", "in_person_only")
    }
    protocol = people.approved_protocol(cast, name="KAP at home", home_dosing=True)
    lax = people.opened_program(cast, protocol=protocol, who=strict.client, continues=strict.pk)
    session = cast.desk("frontdesk").must("sessions/", body(cast, lax, "dosing", **at_home))
    assert session["modality"] == "video"


def test_an_obligation_is_settled_by_an_integration_only(cast: Cast) -> None:
    wanted = body(cast, people.opened_program(cast), obligation=str(cast.north.pk))
    assert codes(_refused(cast, wanted, 400)) == {("/obligation", "invalid")}
    wanted = body(cast, people.opened_program(cast), "integration", obligation=str(cast.north.pk))
    assert codes(_refused(cast, wanted, 400)) == {("/obligation", "not_found")}


@pytest.mark.parametrize("name", ["billing", "admin"])
def test_billing_and_the_administrator_book_nothing(cast: Cast, name: str) -> None:
    assert (
        _refused(cast, body(cast, people.opened_program(cast)), 403, by=name).json()["code"]
        == "not_permitted"
    )


# --- who finds it ----------------------------------------------------------------------------------------


def test_a_session_of_another_location_does_not_exist(cast: Cast) -> None:
    session = cast.desk("frontdesk").must("sessions/", body(cast, people.opened_program(cast)))
    path = f"sessions/{session['id']}/"
    south = cast.desk("south_frontdesk")
    assert south.get(path).status_code == 404
    assert south.get("sessions/").json()["count"] == 0
    for move in ("check-in", "cancel", "no-show", "reschedule", "stage"):
        assert south.post(f"{path}{move}/", {"reason": "Not theirs"}).status_code == 404
    assert south.patch(path, {}, match='"1"').status_code == 404
    assert Session.objects.get(pk=session["id"]).version == 1


def test_the_day_is_the_location_s_own(cast: Cast) -> None:
    """18:30 on Tuesday in Denver is Wednesday in UTC."""
    start = datetime(2026, 5, 6, 0, 30, tzinfo=UTC)
    session = cast.desk("frontdesk").must("sessions/", body(cast, people.opened_program(cast), start=start))
    front = cast.desk("frontdesk")
    assert [found["id"] for found in front.get("sessions/", date="2026-05-05").json()["results"]] == [
        session["id"]
    ]
    assert front.get("sessions/", date="2026-05-06").json()["results"] == []


def test_the_day_list_is_narrowed_by_what_the_desk_asks(cast: Cast) -> None:
    first, second = desk.programs_of(cast, 2)
    front = cast.desk("frontdesk")
    one = front.must("sessions/", body(cast, first))
    staff = [row(cast.other_therapist, "therapist")]
    two = front.must("sessions/", body(cast, second, "integration", room=str(cast.birch.pk), staff=staff))
    front.must(f"sessions/{two['id']}/cancel/", {"reason": "Ill"})
    wanted = {
        "room": (str(cast.aspen.pk), one),
        "staff": (str(cast.other_therapist.pk), two),
        "client": (str(first.client_id), one),
        "program": (str(second.pk), two),
        "kind": ("integration", two),
        "status": ("cancelled", two),
    }
    for name, (value, expected) in wanted.items():
        results = front.get("sessions/", **{name: value}).json()["results"]
        assert [found["id"] for found in results] == [expected["id"]], name
    assert front.get("sessions/", location=str(cast.north.pk)).json()["count"] == 2
    span = {"from": moment(TUESDAY), "to": moment(TUESDAY)}
    assert front.get("sessions/", **span).json()["count"] == 0
