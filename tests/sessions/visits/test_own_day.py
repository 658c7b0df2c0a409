"""A session is lived on its own day (PR6): by the moment that is said, whenever it is written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kapclinic.core import clock
from programs.models import Program
from sessions.booking.models import Allocation, Session
from sessions.booking.rules.days import day_of
from sessions.dosing.models import Discharge
from sessions.monitoring.models import Check, Reading
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys.steps import CALM, moment
from tests.sessions.giving import body_of, stock, witness

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
EARLY, LATE = 3 * HOUR, 12 * HOUR
WHY = {"override_reason": "Found while closing the month"}
STATED = dict.fromkeys(people.STATED, True)
Body = Callable[[Session, datetime], dict[str, Any]]


def _at(_: Session, at: datetime) -> dict[str, Any]:
    return {"at": moment(at)}


def _why(_: Session, at: datetime) -> dict[str, Any]:
    return {"at": moment(at), "reason": "Said so"}


def _staged(_: Session, at: datetime) -> dict[str, Any]:
    return {"at": moment(at), "stage": "roomed"}


def _measured(_: Session, at: datetime) -> dict[str, Any]:
    return CALM | {"measured_at": moment(at)}


def _given(session: Session, at: datetime) -> dict[str, Any]:
    return body_of(session, administered_at=moment(at))


def _home(_: Session, at: datetime) -> dict[str, Any]:
    return {"checklist": STATED, "escort_present": True, "discharged_at": moment(at)}


def _seen(_: Session, at: datetime) -> dict[str, Any]:
    return {"part": "setting", "content": {"eye_mask": True}, "at": moment(at)}


ROUTES: list[tuple[str, str, Body]] = [
    ("check-in/", "frontdesk", _at),
    ("start/", "np", _at),
    ("complete/", "np", _at),
    ("stage/", "frontdesk", _staged),
    ("not-dosed/", "np", _why),
    ("no-show/", "frontdesk", _why),
    ("readings/", "np", _measured),
    ("administrations/", "np", _given),
    ("discharge/", "np", _home),
    ("record/", "np", _seen),
]
NAMED = pytest.mark.parametrize(("route", "who", "body"), ROUTES, ids=[route[0] for route in ROUTES])


def _post(cast: Cast, who: str, session: Session | UUID, route: str, body: dict[str, Any]) -> Any:
    pk = session.pk if isinstance(session, Session) else session
    return cast.desk(who).post(f"sessions/{pk}/{route}", body)


def _refused(answer: Any, session: Session) -> None:
    """409 `not_today`, with the times of the session."""
    said = answer.json()
    assert (answer.status_code, said["code"]) == (409, "not_today"), answer.content
    assert (said["starts_at"], said["ends_at"]) == (moment(session.starts_at), moment(session.ends_at))


def _in_three_weeks(cast: Cast) -> Session:
    return people.booked(cast, people.cleared_program(cast), "dosing", MONDAY + 21 * DAY)


# --- another day ------------------------------------------------------------------------------------------------


@NAMED
def test_a_dose_of_another_day_is_not_lived_today(cast: Cast, route: str, who: str, body: Body) -> None:
    session = _in_three_weeks(cast)
    people.written_order(cast, session)
    _refused(_post(cast, who, session, route, body(session, MONDAY)), session)
    session.refresh_from_db()
    assert (session.status, session.outcome, session.checked_in_at) == ("scheduled", "", None)
    assert not Reading.objects.exists()


@NAMED
def test_when_nothing_is_said_it_is_now(cast: Cast, route: str, who: str, body: Body) -> None:
    session = _in_three_weeks(cast)
    said = body(session, MONDAY)
    if said.pop("at", None) is None:
        return  # a measurement always says when
    _refused(_post(cast, who, session, route, said), session)


@NAMED
def test_what_has_not_come_yet_is_said_to_be_so(cast: Cast, route: str, who: str, body: Body) -> None:
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY)
    answer = _post(cast, who, session, route, body(session, MONDAY + 2 * DAY))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "in_the_future"), answer.content


@NAMED
def test_the_moment_that_is_said_counts_and_not_the_clock(
    cast: Cast, route: str, who: str, body: Body
) -> None:
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY)
    people.written_order(cast, session)
    with clock.fixed(MONDAY + 5 * DAY):
        _refused(_post(cast, who, session, route, body(session, MONDAY + 5 * DAY)), session)
        answer = _post(cast, who, session, route, body(session, MONDAY + HOUR))
    assert answer.status_code in {200, 201} or answer.json()["code"] != "not_today", answer.content


@NAMED
def test_it_is_answered_before_state_and_gates(cast: Cast, route: str, who: str, body: Body) -> None:
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY + DAY)
    _post(cast, "frontdesk", session, "cancel/", {"reason": "Ill"})
    _refused(_post(cast, who, session, route, body(session, MONDAY)), session)


def test_a_check_is_let_go_on_its_own_day_only(cast: Cast) -> None:
    session = people.ready_dose(cast)
    people.give(cast, session)
    check = Check.objects.filter(session=session, state="due").first()
    assert check is not None
    route, reason = f"checks/{check.pk}/not-taken/", {"reason": "The client slept"}
    with clock.fixed(MONDAY + 2 * DAY):
        _refused(_post(cast, "np", session, route, reason), session)
        ahead = _post(cast, "np", session, route, reason | {"at": moment(MONDAY - 4 * HOUR)})
        _refused(ahead, session)
        answer = _post(cast, "np", session, route, reason | {"at": moment(MONDAY + HOUR)})
    assert (answer.status_code, answer.json()["state"]) == (200, "not_taken")


@pytest.mark.parametrize(
    ("from_start", "from_end", "held"),
    [
        (-EARLY, None, True),
        (-EARLY - SECOND, None, False),
        (None, LATE, True),
        (None, LATE + SECOND, False),
    ],
)
def test_the_day_is_three_hours_before_to_twelve_after(
    cast: Cast, from_start: timedelta | None, from_end: timedelta | None, held: bool
) -> None:
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY + DAY)
    at = session.starts_at + from_start if from_start is not None else session.ends_at + (from_end or HOUR)
    with clock.fixed(MONDAY + 3 * DAY):
        answer = _post(cast, "frontdesk", session, "check-in/", {"at": moment(at)})
    if held:
        assert (answer.status_code, answer.json()["checked_in_at"]) == (200, moment(at))
    else:
        _refused(answer, session)


def test_midnight_plays_no_part(cast: Cast) -> None:
    evening = MONDAY + timedelta(hours=10)  # 19:00 in Denver
    session = people.booked(cast, people.cleared_program(cast), "preparation", evening)
    with clock.fixed(evening):
        _post(cast, "frontdesk", session, "check-in/", {})
    with clock.fixed(evening + timedelta(hours=5, minutes=30)):
        assert _post(cast, "therapist", session, "complete/", {}).status_code == 200


def test_the_protocol_says_how_long_the_day_is(cast: Cast) -> None:
    limits = {"session_early_min": 30, "session_late_min": 60}
    protocol = people.approved_protocol(cast, name="Tight", min_preparations=0, limits=limits)
    assert (protocol.limits["session_early_min"], protocol.limits["session_late_min"]) == (30, 60)
    session = people.booked(cast, people.cleared_program(cast, protocol=protocol), "dosing", MONDAY + HOUR)
    _refused(_post(cast, "frontdesk", session, "check-in/", {}), session)
    with clock.fixed(MONDAY + timedelta(minutes=30)):
        assert _post(cast, "frontdesk", session, "check-in/", {}).status_code == 200


def test_an_edition_from_before_has_the_default_day(cast: Cast) -> None:
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY + timedelta(hours=4))
    protocol = session.program.protocol
    kept = {name: value for name, value in protocol.limits.items() if not name.startswith("session_")}
    session.program.protocol.limits = kept
    opens, closes = day_of(session)
    assert (session.starts_at - opens, closes - session.ends_at) == (EARLY, LATE)


# --- what was seen to go wrong ------------------------------------------------------------------------------------


def _booked_integration(cast: Cast, program: Program, start: datetime) -> tuple[Any, Session]:
    obligation = people.owed(cast, program)
    session = people.booked(cast, program, "integration", start, obligation=obligation)
    obligation.refresh_from_db()
    assert obligation.state == "booked"
    return obligation, session


def test_tomorrows_integration_meets_nothing_today(cast: Cast) -> None:
    obligation, session = _booked_integration(cast, people.cleared_program(cast), MONDAY + 30 * HOUR)
    for who, route in (("frontdesk", "check-in/"), ("therapist", "start/"), ("therapist", "complete/")):
        _refused(_post(cast, who, session, route, {}), session)
    obligation.refresh_from_db()
    assert obligation.state == "booked"


def test_next_weeks_preparation_is_not_counted_today(cast: Cast) -> None:
    program = people.opened_program(cast)
    session = people.booked(cast, program, "preparation", MONDAY + 7 * DAY)
    for who, route in (("frontdesk", "check-in/"), ("therapist", "complete/")):
        _refused(_post(cast, who, session, route, {}), session)
    shown = cast.desk("therapist").get(f"programs/{program.pk}/").json()
    assert shown["progress"]["preparation"]["done"] == 0


def test_nobody_stays_away_before_the_start(cast: Cast) -> None:
    session = people.booked(cast, people.opened_program(cast), "preparation", MONDAY + HOUR)
    missed = {"reason": "Did not come"}
    _refused(_post(cast, "frontdesk", session, "no-show/", missed), session)
    with clock.fixed(MONDAY + HOUR - SECOND):
        _refused(_post(cast, "frontdesk", session, "no-show/", missed), session)
    with clock.fixed(MONDAY + HOUR):
        answer = _post(cast, "frontdesk", session, "no-show/", missed)
    assert (answer.status_code, answer.json()["status"]) == (200, "no_show")


def test_what_prepares_a_session_is_free_of_its_day(cast: Cast) -> None:
    session = _in_three_weeks(cast)
    path = f"sessions/{session.pk}"
    order = {
        "drug": "ketamine",
        "route": "sublingual",
        "dose_mg": "100",
        "max_total_mg": "200",
        "valid_until": moment(session.ends_at + DAY),
    }
    cast.desk("prescriber").must(f"{path}/orders/", order)
    escort = {"escort": {"name": "Alex Example", "phone": "303-555-0177", "relationship": "friend"}}
    assert cast.desk("frontdesk").patch(f"{path}/", escort).status_code == 200
    overridden = cast.desk("prescriber").post(
        f"{path}/override/", {"gate": "fasting", "reason": "Told to fast"}
    )
    assert overridden.status_code in {200, 201}, overridden.content
    event = {
        "term": "nausea",
        "grade": 1,
        "serious": False,
        "onset_at": moment(MONDAY),
        "causality": "possible",
        "action": "none",
        "outcome": "recovered",
    }
    answer = cast.desk("np").post(f"{path}/adverse-events/", event)
    assert answer.status_code != 409 or answer.json()["code"] != "not_today"
    assert _post(cast, "frontdesk", session, "cancel/", {"reason": "Ill"}).status_code == 200


# --- written down afterwards ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 6])
def test_a_week_later_it_is_written_down_as_today(cast: Cast, days: int) -> None:
    session = people.booked(cast, people.opened_program(cast), "preparation", MONDAY)
    with clock.fixed(MONDAY + days * DAY + 2 * HOUR):
        assert _post(cast, "frontdesk", session, "check-in/", {"at": moment(MONDAY)}).status_code == 200
        done = _post(cast, "therapist", session, "complete/", {"at": moment(MONDAY + HOUR)})
    assert (done.status_code, done.json()["override_reason"]) == (200, "")


def test_after_a_week_only_the_director_writes_it_down_and_says_why(cast: Cast) -> None:
    session = people.booked(cast, people.opened_program(cast), "preparation", MONDAY)
    said = {"at": moment(MONDAY)}
    with clock.fixed(MONDAY + 8 * DAY):
        for who in ("frontdesk", "therapist"):
            refused = _post(cast, who, session, "check-in/", said)
            assert refused.status_code == 400
            assert refused.json()["errors"][0] == {
                "pointer": "/override_reason",
                "code": "required",
                "detail": refused.json()["errors"][0]["detail"],
            }
            refused = _post(cast, who, session, "check-in/", said | WHY)
            assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
        refused = _post(cast, "director", session, "check-in/", said)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "required")
        done = _post(cast, "director", session, "check-in/", said | WHY)
    assert (done.status_code, done.json()["checked_in_at"]) == (200, moment(MONDAY))
    assert done.json()["override_reason"] == WHY["override_reason"]


def test_the_director_writes_down_a_whole_dosing_day_long_afterwards(cast: Cast) -> None:
    program = people.cleared_program(cast)
    session = people.booked(cast, program, "dosing", MONDAY)
    people.written_order(cast, session)
    noted = {
        "attestations": dict.fromkeys(people.ASKED, True),
        "escort": {"name": "Alex Example", "phone": "303-555-0177", "relationship": "friend"},
        "fasting_since": MONDAY - timedelta(hours=8),
    }
    with clock.fixed(MONDAY + HOUR):
        session.refresh_from_db()
        visits.change(session=session, values=noted, by=cast.np, at=clock.now())  # type: ignore[arg-type]
    dosed_at = MONDAY + timedelta(minutes=20)
    acts: list[tuple[str, dict[str, Any]]] = [
        ("check-in/", _at(session, MONDAY)),
        ("start/", _at(session, MONDAY)),
        ("stage/", _staged(session, MONDAY)),
        ("record/", _seen(session, MONDAY)),
        ("readings/", _measured(session, MONDAY + timedelta(minutes=10))),
        ("administrations/", _given(session, dosed_at)),
        ("readings/", _measured(session, dosed_at + timedelta(minutes=119))),
        ("discharge/", _home(session, dosed_at + timedelta(minutes=125))),
        ("complete/", _at(session, dosed_at + timedelta(minutes=130))),
    ]
    with clock.fixed(MONDAY + 10 * DAY):
        for route, body in acts:
            assert _post(cast, "np", session, route, body).status_code == 400, route
            answer = _post(cast, "director", session, route, body | WHY)
            assert answer.status_code in {200, 201}, (route, answer.content)
            if route == "administrations/":
                check = Check.objects.filter(session=session, reading=None).last()
                assert check is not None
                skip = {"reason": "Nobody wrote it down", "at": moment(dosed_at + HOUR)}
                skipped = _post(cast, "director", session, f"checks/{check.pk}/not-taken/", skip | WHY)
                assert skipped.status_code == 200, skipped.content
    session.refresh_from_db()
    assert (session.status, session.outcome) == ("completed", "dosed")
    assert session.override_reason == WHY["override_reason"]


def test_a_dosed_client_whom_nobody_discharged_is_no_dead_end(cast: Cast) -> None:
    session = people.ready_dose(cast)
    people.give(cast, session)  # and nobody measured anything any more
    home = _home(session, MONDAY + 3 * HOUR)
    with clock.fixed(MONDAY + 10 * DAY):
        for who in ("np", "prescriber"):
            assert _post(cast, who, session, "discharge/", home | WHY).status_code == 403
        assert _post(cast, "director", session, "discharge/", home | WHY).status_code == 201
        answer = _post(cast, "director", session, "complete/", _at(session, MONDAY + 4 * HOUR) | WHY)
        assert (answer.status_code, answer.json()["status"]) == (200, "completed")


def test_on_its_day_the_director_lets_nobody_go_early(cast: Cast) -> None:
    session = people.ready_dose(cast)
    people.give(cast, session)
    with clock.fixed(MONDAY + 3 * HOUR):
        answer = _post(cast, "director", session, "discharge/", _home(session, MONDAY + 3 * HOUR) | WHY)
    assert answer.status_code == 403
    assert not Discharge.objects.exists()


@NAMED
def test_the_directors_reason_opens_no_other_day_and_no_present_one(
    cast: Cast, route: str, who: str, body: Body
) -> None:
    session = _in_three_weeks(cast)
    people.written_order(cast, session)
    answer = _post(cast, "director", session, route, body(session, MONDAY) | WHY)
    assert answer.json()["code"] in {"not_today", "not_permitted"}
    with clock.fixed(session.starts_at):
        answer = _post(cast, "director", session, route, body(session, session.starts_at) | WHY)
    if route in {"check-in/", "stage/", "no-show/"}:  # the director's on any day
        assert answer.status_code != 403
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_without_a_reason_the_director_stays_outside(cast: Cast) -> None:
    session = _in_three_weeks(cast)
    for route in ("start/", "readings/", "administrations/", "discharge/", "record/"):
        answer = _post(cast, "director", session, route, {})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


# --- a client who is here now ----------------------------------------------------------------------------------------


def _held(session: Session) -> list[tuple[str, datetime, datetime]]:
    rows = Allocation.objects.filter(session=session, released_at__isnull=True).order_by("kind", "resource")
    return list(rows.values_list("kind", "starts_at", "ends_at"))


def test_a_client_who_is_here_now_is_moved_to_now(cast: Cast) -> None:
    session = _in_three_weeks(cast)
    answer = _post(cast, "frontdesk", session, "check-in/", {"move_to_now": True})
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert (said["status"], said["checked_in_at"]) == ("checked_in", moment(MONDAY))
    assert (said["starts_at"], said["ends_at"]) == (moment(MONDAY), moment(MONDAY + 3 * HOUR))
    assert {row[1:] for row in _held(session)} == {(MONDAY, MONDAY + 3 * HOUR)}
    assert {row[0] for row in _held(session)} == {"client", "room", "staff"}
    held = Session.objects.get(for_dose=session, status="held")
    assert MONDAY + DAY <= held.starts_at < MONDAY + 6 * DAY


def test_what_is_taken_now_is_said_and_nothing_moves(cast: Cast) -> None:
    session = people.booked(cast, people.opened_program(cast), "preparation", MONDAY + 7 * DAY)
    other = people.client(cast.north, by=cast.frontdesk, first="Kim", phone="303-555-0199")
    people.booked(cast, people.opened_program(cast, who=other), "preparation", MONDAY)
    before = _held(session)
    answer = _post(cast, "frontdesk", session, "check-in/", {"move_to_now": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "resource_conflict")
    assert answer.json()["conflicts"]
    session.refresh_from_db()
    assert (session.status, session.starts_at) == ("scheduled", MONDAY + 7 * DAY)
    assert _held(session) == before


def test_nobody_is_moved_to_now_twice(cast: Cast) -> None:
    session = people.booked(cast, people.opened_program(cast), "preparation", MONDAY + 7 * DAY)
    assert _post(cast, "frontdesk", session, "check-in/", {"move_to_now": True}).status_code == 200
    again = _post(cast, "frontdesk", session, "check-in/", {"move_to_now": True})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


def test_rescheduling_opens_the_day_too(cast: Cast) -> None:
    session = people.booked(cast, people.opened_program(cast), "preparation", MONDAY + 7 * DAY)
    times = {"starts_at": moment(MONDAY), "ends_at": moment(MONDAY + HOUR), "reason": "Is here"}
    cast.desk("frontdesk").must(f"sessions/{session.pk}/reschedule/", times)
    assert _post(cast, "frontdesk", session, "check-in/", {}).status_code == 200


# --- left open -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [2, 10])
@pytest.mark.parametrize(
    ("state", "end", "done"),
    [
        ("scheduled", "no-show/", "no_show"),
        ("scheduled", "cancel/", "cancelled"),
        ("checked_in", "complete/", "completed"),
        ("checked_in", "cancel/", "cancelled"),
        ("in_progress", "complete/", "completed"),
        ("in_progress", "cancel/", "cancelled"),
    ],
)
def test_a_session_left_open_is_no_dead_end(cast: Cast, state: str, end: str, done: str, days: int) -> None:
    session = people.booked(cast, people.opened_program(cast), "preparation", MONDAY)
    if state != "scheduled":
        _post(cast, "frontdesk", session, "check-in/", {})
    if state == "in_progress":
        _post(cast, "therapist", session, "start/", {})
    session.refresh_from_db()
    assert session.status == state
    who = "director" if days > 7 else "therapist"
    body = {"at": moment(MONDAY + HOUR)} | (WHY if days > 7 else {})
    if end == "cancel/":
        who, body = "frontdesk", {}
    with clock.fixed(MONDAY + days * DAY):
        answer = _post(
            cast, who, session, end, body | ({} if end == "complete/" else {"reason": "Left open"})
        )
    assert (answer.status_code, answer.json().get("status")) == (200, done), answer.content


def test_a_dose_in_progress_that_was_given_is_not_cancelled(cast: Cast) -> None:
    session = people.ready_dose(cast)
    people.give(cast, session)
    answer = _post(cast, "frontdesk", session, "cancel/", {"reason": "Wrong"})
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


def test_what_left_the_safe_is_settled_before_a_session_is_cancelled(cast: Cast) -> None:
    session = people.weighed(cast, people.IV, most="40")
    drawn = body_of(session, dose_mg="40", drawn_mg="50", **stock(people.lot_of(cast)))
    dose = cast.desk("np").must(f"sessions/{session.pk}/administrations/", drawn)
    path = f"administrations/{dose['id']}"
    cast.desk("prescriber").must(f"sessions/{session.pk}/{path}/void/", {"reason": "Wrong client"})
    answer = _post(cast, "np", session, "cancel/", {"reason": "Wrong client"})
    assert (answer.status_code, answer.json()["code"]) == (409, "open_draw")
    settled = {"ended_at": moment(MONDAY), "given_mg": "0", "wasted_mg": "50", "witness": witness(cast)}
    cast.desk("np").must(f"sessions/{session.pk}/{path}/finish/", settled)
    answer = _post(cast, "np", session, "cancel/", {"reason": "Wrong client"})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


def test_who_began_after_the_booked_end_is_watched_to_the_end(cast: Cast) -> None:
    session = people.ready_dose(cast, starts_at=MONDAY - 13 * HOUR)  # it ended ten hours ago
    people.give(cast, session)
    for hours in (3, 14):
        with clock.fixed(MONDAY + hours * HOUR):
            answer = _post(cast, "np", session, "readings/", _measured(session, clock.now()))
        assert answer.status_code == 201, answer.content
    with clock.fixed(MONDAY + 16 * HOUR):
        _refused(_post(cast, "np", session, "readings/", _measured(session, clock.now())), session)


# --- an integration that began too early -----------------------------------------------------------------------------


def _integrate(cast: Cast, session: Session, began: datetime, *, start: bool = True) -> Any:
    with clock.fixed(began):
        cast.desk("frontdesk").must(f"sessions/{session.pk}/check-in/")
        if start:
            cast.desk("therapist").must(f"sessions/{session.pk}/start/")
    with clock.fixed(began + HOUR):
        return cast.desk("therapist").must(f"sessions/{session.pk}/complete/")


@pytest.mark.parametrize("start", [True, False])
@pytest.mark.parametrize(("began", "met"), [(23 * HOUR, False), (24 * HOUR, True), (25 * HOUR, True)])
def test_only_an_integration_that_began_in_its_window_meets_it(
    cast: Cast, began: timedelta, met: bool, start: bool
) -> None:
    obligation, session = _booked_integration(cast, people.cleared_program(cast), MONDAY + 25 * HOUR)
    done = _integrate(cast, session, MONDAY + began, start=start)
    assert done["status"] == "completed"
    obligation.refresh_from_db()
    tasks = cast.desk("therapist").get("tasks/", kind="integration_early", state="open").json()["results"]
    if met:
        assert (obligation.state, obligation.integration_session_id) == ("met", session.pk)
        assert tasks == []
    else:
        assert (obligation.state, obligation.integration_session) == ("due", None)
        assert [(row["subject_id"], row["assignee"]) for row in tasks] == [
            (str(obligation.pk), str(cast.therapist.pk))
        ]


def test_what_began_too_early_is_booked_again_and_its_row_goes_when_it_is_met(cast: Cast) -> None:
    program = people.cleared_program(cast)
    obligation, session = _booked_integration(cast, program, MONDAY + 25 * HOUR)
    _integrate(cast, session, MONDAY + 23 * HOUR)
    with clock.fixed(MONDAY + 24 * HOUR):
        again = people.booked(cast, program, "integration", MONDAY + 48 * HOUR, obligation=obligation)
    _integrate(cast, again, MONDAY + 48 * HOUR)
    obligation.refresh_from_db()
    assert (obligation.state, obligation.integration_session_id) == ("met", again.pk)
    assert cast.desk("therapist").get("tasks/", kind="integration_early", state="open").json()["count"] == 0


def test_the_protocol_lets_an_integration_begin_early(cast: Cast) -> None:
    window = {"from_hours": 24, "to_hours": 72, "early_hours": 2}
    protocol = people.approved_protocol(cast, name="Early", min_preparations=0, integration=window)
    program = people.cleared_program(cast, protocol=protocol)
    obligation, session = _booked_integration(cast, program, MONDAY + 25 * HOUR)
    _integrate(cast, session, MONDAY + 22 * HOUR)
    obligation.refresh_from_db()
    assert obligation.state == "met"


@pytest.mark.parametrize("early", [-1, 25, "2", True])
def test_early_hours_that_make_no_sense_are_refused(cast: Cast, early: object) -> None:
    window = {"from_hours": 24, "to_hours": 72, "early_hours": early}
    body = {"name": "Odd", "program_type": "kap", "route": "sublingual", "integration": window}
    answer = cast.desk("director").post("protocols/", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/integration/early_hours"
