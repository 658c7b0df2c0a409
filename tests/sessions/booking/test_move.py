"""Moving and ending sessions: all that a session holds moves or is freed with it (R2), or nothing changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from programs.models import Program
from sessions.booking.models import Allocation, Session
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY, body, clashes, codes, row

HOUR = timedelta(hours=1)


@pytest.fixture
def program(cast: Cast) -> Program:
    return people.opened_program(cast)


@pytest.fixture
def session(cast: Cast, program: Program) -> dict[str, Any]:
    """Preparation on Tuesday 09:00–10:00 in Aspen with the therapist."""
    return cast.desk("frontdesk").must("sessions/", body(cast, program))


def _to(start: datetime, **more: Any) -> dict[str, Any]:
    minutes = more.pop("minutes", 60)
    times = {"starts_at": moment(start), "ends_at": moment(start + timedelta(minutes=minutes))}
    return times | {"reason": "The client asked"} | more


def _refused(cast: Cast, path: str, wanted: dict[str, Any], status: int, by: str = "frontdesk") -> Any:
    before = desk.book_of_sessions()
    answer = cast.desk(by).post(path, wanted)
    assert answer.status_code == status, answer.content
    assert desk.book_of_sessions() == before
    return answer


def _held(dose: dict[str, Any]) -> Session:
    """The integration slot that a planned dose keeps."""
    found: Session = Session.objects.get(for_dose=dose["id"], status="held")
    return found


def _window(dose: dict[str, Any]) -> tuple[datetime, datetime]:
    """Where an integration lies inside the window of any dose given during the booked session (24 to 72 hours)."""
    start, end = (datetime.fromisoformat(dose[name]) for name in ("starts_at", "ends_at"))
    return end + timedelta(hours=24), start + timedelta(hours=72)


# --- moving ----------------------------------------------------------------------------------------------


def test_everything_a_session_holds_moves_with_it(
    cast: Cast, program: Program, session: dict[str, Any]
) -> None:
    staff = [row(cast.other_therapist, "therapist")]
    there = _to(TUESDAY + 3 * HOUR, room=str(cast.birch.pk), staff=staff)
    moved = cast.desk("frontdesk").must(f"sessions/{session['id']}/reschedule/", there)
    assert (moved["starts_at"], moved["room"], moved["staff"]) == (there["starts_at"], there["room"], staff)
    assert (moved["status"], moved["reason"], moved["version"]) == ("scheduled", "The client asked", 2)
    assert desk.live(session) == {
        ("client", program.client_id),
        ("room", cast.birch.pk),
        ("staff", cast.other_therapist.pk),
    }
    times = (TUESDAY + 3 * HOUR, TUESDAY + 4 * HOUR)
    assert {(start, end) for _, start, end in desk.held_times(session)} == {times}
    assert Allocation.objects.filter(session_id=session["id"], released_at__isnull=False).count() == 3


def test_what_is_not_said_stays(cast: Cast, session: dict[str, Any]) -> None:
    moved = cast.desk("frontdesk").must(f"sessions/{session['id']}/reschedule/", _to(TUESDAY + 3 * HOUR))
    assert (moved["room"], moved["staff"]) == (session["room"], session["staff"])


def test_a_session_may_move_by_less_than_its_length(cast: Cast, session: dict[str, Any]) -> None:
    """It is not in its own way."""
    cast.desk("frontdesk").must(f"sessions/{session['id']}/reschedule/", _to(TUESDAY + HOUR / 4))
    assert desk.overlaps() == 0


def test_the_old_time_is_free_again(cast: Cast, session: dict[str, Any]) -> None:
    cast.desk("frontdesk").must(f"sessions/{session['id']}/reschedule/", _to(TUESDAY + 3 * HOUR))
    who = people.client(cast.north, by=cast.frontdesk, first="Sam")
    other = people.opened_program(
        cast, protocol=Session.objects.get(pk=session["id"]).program.protocol, who=who
    )
    cast.desk("frontdesk").must("sessions/", body(cast, other))


def test_a_session_moves_from_the_room_to_video(cast: Cast, session: dict[str, Any]) -> None:
    there = _to(TUESDAY, modality="video", room=None)
    moved = cast.desk("frontdesk").must(f"sessions/{session['id']}/reschedule/", there)
    assert (moved["modality"], moved["room"]) == ("video", None)
    assert {kind for kind, _ in desk.live(session)} == {"client", "staff"}


def test_a_move_into_a_taken_slot_changes_nothing(cast: Cast, session: dict[str, Any]) -> None:
    protocol = Session.objects.get(pk=session["id"]).program.protocol
    who = people.client(cast.north, by=cast.frontdesk, first="Sam")
    other = people.opened_program(cast, protocol=protocol, who=who)
    busy = cast.desk("frontdesk").must("sessions/", body(cast, other, start=TUESDAY + 3 * HOUR))
    answer = _refused(cast, f"sessions/{session['id']}/reschedule/", _to(TUESDAY + 3.5 * HOUR), 409)
    assert answer.json()["code"] == "resource_conflict"
    assert clashes(answer) == {(str(cast.aspen.pk), busy["id"]), (str(cast.therapist.pk), busy["id"])}


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        pytest.param(_to(TUESDAY, minutes=-5), ("/ends_at", "reversed"), id="reversed"),
        pytest.param(_to(TUESDAY - 5 * HOUR), ("/starts_at", "outside_hours"), id="before the clinic opens"),
        pytest.param(_to(MONDAY - 24 * HOUR), ("/override_reason", "required"), id="in the past"),
        pytest.param(_to(TUESDAY, room=None), ("/room", "required"), id="in person without a room"),
        pytest.param(_to(TUESDAY, staff=[]), ("/staff", "required"), id="without staff"),
        pytest.param(_to(TUESDAY) | {"reason": ""}, ("/reason", "blank"), id="without a reason"),
        pytest.param(_to(TUESDAY, kind="dosing"), ("/kind", "unknown_field"), id="to another kind"),
    ],
)
def test_a_move_that_cannot_be_changes_nothing(
    cast: Cast, session: dict[str, Any], wanted: dict[str, Any], field: tuple[str, str]
) -> None:
    answer = _refused(cast, f"sessions/{session['id']}/reschedule/", wanted, 400)
    assert field in codes(answer)


@pytest.mark.parametrize("move", ["check-in", "cancel", "no-show"])
def test_a_session_that_began_or_ended_does_not_move(cast: Cast, session: dict[str, Any], move: str) -> None:
    with clock.fixed(TUESDAY):
        cast.desk("frontdesk").must(
            f"sessions/{session['id']}/{move}/", {} if move == "check-in" else {"reason": "Ill"}
        )
        answer = _refused(cast, f"sessions/{session['id']}/reschedule/", _to(TUESDAY + 3 * HOUR), 409)
        assert answer.json()["code"] == "illegal_transition"


# --- ending ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("move", "status"), [("cancel", "cancelled"), ("no-show", "no_show")])
def test_a_session_that_ends_early_frees_all_it_held(
    cast: Cast, session: dict[str, Any], move: str, status: str
) -> None:
    at = TUESDAY if move == "no-show" else MONDAY
    with clock.fixed(at):
        ended = cast.desk("frontdesk").must(f"sessions/{session['id']}/{move}/", {"reason": "Called in ill"})
    assert (ended["status"], ended["reason"], ended["allowed_moves"]) == (status, "Called in ill", [])
    assert desk.live(session) == set()
    released = Allocation.objects.filter(session_id=session["id"]).values_list("released_at", flat=True)
    assert list(released) == [at] * 3


@pytest.mark.parametrize("move", ["cancel", "no-show"])
def test_ending_says_why(cast: Cast, session: dict[str, Any], move: str) -> None:
    _refused(cast, f"sessions/{session['id']}/{move}/", {}, 400)


@pytest.mark.parametrize("move", ["cancel", "no-show"])
@pytest.mark.parametrize("name", ["billing", "admin"])
def test_who_does_not_book_ends_nothing(cast: Cast, session: dict[str, Any], move: str, name: str) -> None:
    _refused(cast, f"sessions/{session['id']}/{move}/", {"reason": "Not theirs"}, 403, by=name)


def test_a_session_ends_once(cast: Cast, session: dict[str, Any]) -> None:
    cast.desk("frontdesk").must(f"sessions/{session['id']}/cancel/", {"reason": "Ill"})
    for move in ("cancel", "no-show"):
        _refused(cast, f"sessions/{session['id']}/{move}/", {"reason": "Again"}, 409)


# --- a dose keeps a place for its integration ------------------------------------------------------------


@pytest.fixture
def dose(cast: Cast, program: Program) -> dict[str, Any]:
    return cast.desk("frontdesk").must("sessions/", body(cast, program, "dosing"))


def test_a_planned_dose_keeps_an_integration_inside_its_window(
    cast: Cast, program: Program, dose: dict[str, Any]
) -> None:
    held = _held(dose)
    earliest, latest = _window(dose)
    assert earliest <= held.starts_at < latest
    assert (held.kind, held.number, held.source) == ("integration", dose["number"], "scheduler")
    assert held.staff == [row(cast.therapist, "therapist")]
    assert desk.live(held) >= {("client", program.client_id), ("staff", cast.therapist.pk)}


def test_a_moved_dose_takes_its_integration_along(cast: Cast, dose: dict[str, Any]) -> None:
    old = _held(dose)
    there = _to(TUESDAY + timedelta(days=7), minutes=180)
    moved = cast.desk("frontdesk").must(f"sessions/{dose['id']}/reschedule/", there)
    earliest, latest = _window(moved)
    assert earliest <= _held(dose).starts_at < latest
    old.refresh_from_db()
    assert old.status == "cancelled"
    assert desk.live(old) == set()
    assert desk.orphans() == []


def test_a_dose_that_cannot_move_keeps_its_integration(cast: Cast, dose: dict[str, Any]) -> None:
    held = _held(dose)
    _refused(cast, f"sessions/{dose['id']}/reschedule/", _to(TUESDAY - 6 * HOUR, minutes=180), 400)
    assert _held(dose) == held
    assert desk.live(held) != set()


@pytest.mark.parametrize("move", ["cancel", "no-show"])
def test_a_dose_that_will_not_be_given_frees_its_integration(
    cast: Cast, dose: dict[str, Any], move: str
) -> None:
    held = _held(dose)
    with clock.fixed(TUESDAY):
        cast.desk("frontdesk").must(f"sessions/{dose['id']}/{move}/", {"reason": "Called in ill"})
    held.refresh_from_db()
    assert held.status == "cancelled"
    assert desk.live(held) == desk.live(dose) == set()


def test_a_dose_is_booked_even_when_its_therapist_has_no_time_afterwards(
    cast: Cast, program: Program
) -> None:
    """The capacity could not be kept; the front desk sees to it once the dose is given."""
    away = {"starts_at": moment(TUESDAY + 24 * HOUR), "ends_at": moment(TUESDAY + 100 * HOUR)}
    cast.desk("admin").must(f"staff/{cast.therapist.pk}/time-off/", away)
    dose = cast.desk("frontdesk").must("sessions/", body(cast, program, "dosing"))
    assert not Session.objects.filter(for_dose=dose["id"]).exists()


def test_ketamine_alone_keeps_no_integration(cast: Cast) -> None:
    protocol = people.approved_protocol(
        cast, name="Infusion", program_type="infusion_only", route="intravenous"
    )
    program = people.opened_program(cast, protocol=protocol)
    staff = [row(cast.np, "nurse_practitioner")]
    dose = cast.desk("frontdesk").must("sessions/", body(cast, program, "dosing", minutes=150, staff=staff))
    assert not Session.objects.filter(for_dose=dose["id"]).exists()


def test_the_integration_that_is_booked_for_a_dose_stays_inside_its_window(cast: Cast) -> None:
    obligation = people.owed(cast)
    start = obligation.window_start.replace(hour=18, minute=0) + timedelta(days=1)
    wanted = body(cast, obligation.program, "integration", start, obligation=str(obligation.pk))
    session = cast.desk("frontdesk").must("sessions/", wanted)
    assert session["obligation"] == str(obligation.pk)
    early = _to(obligation.window_start.replace(hour=14, minute=0))
    if datetime.fromisoformat(early["starts_at"]) >= obligation.window_start:
        early = _to(obligation.window_start - HOUR / 2)
    answer = _refused(cast, f"sessions/{session['id']}/reschedule/", early, 400)
    assert codes(answer) == {("/starts_at", "before_window")}
    cast.desk("frontdesk").must(f"sessions/{session['id']}/reschedule/", _to(start + HOUR))
    obligation.refresh_from_db()
    assert (obligation.state, str(obligation.integration_session_id)) == ("booked", session["id"])


# --- two desks at one session ----------------------------------------------------------------------------


def test_notes_on_a_session_need_its_present_version(cast: Cast, session: dict[str, Any]) -> None:
    front, path = cast.desk("frontdesk"), f"sessions/{session['id']}/"
    escort = {"escort": {"name": "Alex Example", "phone": "303-555-0177", "relationship": "friend"}}
    unmatched = front.client.patch(f"/api/v1/{path}", escort, format="json")
    assert (unmatched.status_code, unmatched.json()["code"]) == (428, "precondition_required")
    stale = front.patch(path, escort, match='"0"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert Session.objects.get(pk=session["id"]).escort is None
    changed = front.patch(path, escort, match='"1"')
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert changed.json()["escort"] == escort["escort"]
    assert front.patch(path, {"escort": None}, match='"1"').status_code == 412


def test_times_do_not_move_by_editing(cast: Cast, session: dict[str, Any]) -> None:
    answer = cast.desk("frontdesk").patch(f"sessions/{session['id']}/", {"starts_at": moment(TUESDAY + HOUR)})
    assert answer.status_code == 400
    assert Session.objects.get(pk=session["id"]).starts_at == TUESDAY


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"fasting_since": moment(MONDAY + HOUR)}, id="fasting since a time that has not come"),
        pytest.param({"weight_kg": "7"}, id="a weight nobody has"),
        pytest.param({"weight_kg": "70.555"}, id="a weight of three decimals"),
        pytest.param({"client_location": {"state": "Colorado", "address": "Home"}}, id="a state in words"),
        pytest.param(
            {"attestations": {"identifiers": "perhaps"}}, id="an attestation that is neither yes nor no"
        ),
        pytest.param({"attestations": {"identifier": True}}, id="an attestation that no gate asks for"),
        pytest.param({"status": "completed"}, id="the status by hand"),
    ],
)
def test_notes_that_cannot_be_change_nothing(
    cast: Cast, session: dict[str, Any], wanted: dict[str, Any]
) -> None:
    before = desk.book_of_sessions()
    answer = cast.desk("np").patch(f"sessions/{session['id']}/", wanted)
    assert answer.status_code == 400, answer.content
    assert desk.book_of_sessions() == before


def test_the_front_desk_overwrites_no_weight_that_it_can_not_read(cast: Cast, dose: dict[str, Any]) -> None:
    path = f"sessions/{dose['id']}/"
    assert cast.desk("np").patch(path, {"weight_kg": "70.50"}).status_code == 200
    before = desk.book_of_sessions()
    refused = cast.desk("frontdesk").patch(path, {"weight_kg": "45"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert "70.5" not in refused.content.decode()
    assert desk.book_of_sessions() == before
    contact = {"escort": {"name": "Alex", "phone": "303-555-0177"}, "fasting_since": moment(MONDAY)}
    assert cast.desk("frontdesk").patch(path, contact).status_code == 200


# --- the visit -------------------------------------------------------------------------------------------


def test_a_visit_goes_from_check_in_to_its_end(cast: Cast, session: dict[str, Any]) -> None:
    path = f"sessions/{session['id']}"
    with clock.fixed(TUESDAY + HOUR):
        here = cast.desk("frontdesk").must(f"{path}/check-in/", {"at": moment(TUESDAY)})
        assert (here["status"], here["checked_in_at"], here["warnings"]) == (
            "checked_in",
            moment(TUESDAY),
            [],
        )
        started = cast.desk("therapist").must(f"{path}/start/", {"at": moment(TUESDAY + HOUR / 12)})
        assert started["started_at"] == moment(TUESDAY + HOUR / 12)
        done = cast.desk("therapist").must(f"{path}/complete/")
        assert (done["status"], done["completed_at"]) == ("completed", moment(TUESDAY + HOUR))
    assert desk.live(session) != set()  # what took place keeps its time in the book


def test_a_dose_without_clearance_is_checked_in_with_a_warning(cast: Cast, dose: dict[str, Any]) -> None:
    with clock.fixed(TUESDAY):
        assert cast.desk("frontdesk").must(f"sessions/{dose['id']}/check-in/")["warnings"] == ["not_cleared"]


@pytest.mark.parametrize(
    ("move", "at", "code"),
    [
        ("check-in", TUESDAY + 2 * HOUR, "in_the_future"),
        ("start", TUESDAY - HOUR, "too_early"),
        ("complete", TUESDAY - HOUR, "too_early"),
    ],
)
def test_a_late_entry_keeps_its_order(
    cast: Cast, session: dict[str, Any], move: str, at: datetime, code: str
) -> None:
    path = f"sessions/{session['id']}"
    with clock.fixed(TUESDAY + HOUR):
        if move != "check-in":
            cast.desk("frontdesk").must(f"{path}/check-in/", {"at": moment(TUESDAY)})
        by = "frontdesk" if move == "check-in" else "therapist"
        answer = _refused(cast, f"{path}/{move}/", {"at": moment(at)}, 400, by=by)
        assert codes(answer) == {("/at", code)}


def test_the_front_desk_neither_starts_nor_completes(cast: Cast, session: dict[str, Any]) -> None:
    path = f"sessions/{session['id']}"
    with clock.fixed(TUESDAY):
        cast.desk("frontdesk").must(f"{path}/check-in/")
        for move in ("start", "complete"):
            _refused(cast, f"{path}/{move}/", {}, 403)


def test_stages_are_told_one_after_the_other(cast: Cast, session: dict[str, Any]) -> None:
    path = f"sessions/{session['id']}"
    with clock.fixed(TUESDAY + HOUR):
        cast.desk("frontdesk").must(f"{path}/check-in/", {"at": moment(TUESDAY)})
        for minute, stage in enumerate(("roomed", "in_session", "in_recovery", "ready", "checked_out")):
            at = TUESDAY + timedelta(minutes=minute)
            told = cast.desk("np").must(f"{path}/stage/", {"stage": stage, "at": moment(at)})
            assert told["by"] == str(cast.np.pk)
        shown = cast.desk("frontdesk").get(f"{path}/").json()["stage"]
        assert (shown["stage"], shown["at"]) == ("checked_out", moment(TUESDAY + timedelta(minutes=4)))
        cast.desk("np").must(f"{path}/stage/", {"stage": "in_recovery", "at": moment(TUESDAY + HOUR / 60)})
        assert (
            cast.desk("frontdesk").get(f"{path}/").json()["stage"]["stage"] == "checked_out"
        )  # a late entry
        late = {"stage": "roomed", "at": moment(datetime(2026, 5, 6, tzinfo=UTC))}
        assert cast.desk("np").post(f"{path}/stage/", late).status_code == 400


def test_the_front_desk_sees_no_clinical_field(cast: Cast, dose: dict[str, Any]) -> None:
    path = f"sessions/{dose['id']}/"
    told = {"weight_kg": "70.50", "fasting_since": moment(MONDAY), "attestations": {"identifiers": True}}
    assert cast.desk("np").patch(path, told).json()["weight_kg"] == "70.50"
    for name in ("frontdesk", "billing"):
        shown = cast.desk(name).get(path)
        if shown.status_code == 200:
            seen = {key: shown.json()[key] for key in told}
            assert seen == {"weight_kg": None, "fasting_since": None, "attestations": {}}
