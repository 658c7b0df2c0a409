"""A dose that began yesterday is entered today; the worker books its integration in what is left of the window."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from sessions.sweep.steps import sweep
from tests.cast import MONDAY, Cast
from tests.journeys import steps
from tests.journeys.steps import moment

LATE = {"override_reason": "The network was down"}


@pytest.fixture
def program(cast: Cast) -> dict[str, Any]:
    """Cleared today, prepared and dosed in the days before; the clinic writes it all up now."""
    protocol = steps.approve_protocol(cast, planned_doses=4)
    found = steps.open_program(cast, steps.register(cast), protocol)
    steps.screen_and_clear(cast, found)
    steps.sign_consent(cast, found)
    for day in (5, 3):
        session = steps.book(cast, found, "preparation", MONDAY - timedelta(days=day), **LATE)
        done = steps.hold_session(cast, session, late=True)
        assert done["completed_at"] == moment(MONDAY - timedelta(days=day) + timedelta(hours=1))
    assert cast.desk("np").get(f"programs/{found['id']}/").json()["phase"] == "dosing"
    return found


def _enter_dose(cast: Cast, program: dict[str, Any], start: datetime) -> dict[str, Any]:
    """The whole dosing day of `start`, written now."""
    session = steps.book(cast, program, "dosing", start, **LATE)
    order = steps.dosing_day(cast, session, start)
    dosed_at = start + timedelta(minutes=15)
    path = f"sessions/{session['id']}"
    given = cast.desk("np").must(f"{path}/administrations/", steps.dose(session, order, dosed_at))
    assert (given["administered_at"], given["recorded_at"]) == (moment(dosed_at), moment(clock.now()))
    for minute in (15, 30, 45, 60, 90, 120):
        reading = steps.read(cast, session, dosed_at + timedelta(minutes=minute))
        assert (reading["measured_at"], reading["recorded_at"]) == (
            moment(dosed_at + timedelta(minutes=minute)),
            moment(clock.now()),
        )
    steps.go_home(cast, session, dosed_at + timedelta(minutes=125))
    done = cast.desk("np").must(f"{path}/complete/", {"at": moment(dosed_at + timedelta(minutes=130))})
    assert (done["status"], done["outcome"], done["started_at"]) == ("completed", "dosed", moment(dosed_at))
    return given["obligation"]  # type: ignore[no-any-return]


def test_yesterdays_dose_is_integrated_in_what_is_left_of_its_window(
    cast: Cast, program: dict[str, Any]
) -> None:
    start = MONDAY - timedelta(hours=30)
    owed = _enter_dose(cast, program, start)
    dosed_at = start + timedelta(minutes=15)
    assert owed["window_start"] == moment(dosed_at + timedelta(hours=24))  # six hours ago
    sweep(at=clock.now())
    shown = cast.desk("frontdesk").get(f"obligations/{owed['id']}/").json()
    assert shown["state"] == "booked"
    booked = shown["integration_session"]
    assert moment(MONDAY + timedelta(hours=2)) <= booked["starts_at"] < owed["window_end"]
    assert cast.desk("np").get("alarms/").json()["count"] == 0


def test_a_dose_of_four_days_ago_is_missed_at_once_and_somebody_follows_up(
    cast: Cast, program: dict[str, Any]
) -> None:
    owed = _enter_dose(cast, program, MONDAY - timedelta(days=4))
    sweep(at=clock.now())
    assert cast.desk("np").get(f"obligations/{owed['id']}/").json()["state"] == "missed"
    tasks = cast.desk("therapist").get("tasks/", kind="integration_missed", state="open").json()["results"]
    assert [task["subject_id"] for task in tasks] == [owed["id"]]


@pytest.mark.parametrize(
    ("back", "reason", "code"),
    [
        (timedelta(days=7), "The network was down", None),
        (timedelta(days=7, seconds=1), "The network was down", "too_old"),
        (timedelta(hours=1), "", "required"),
    ],
)
def test_a_late_entry_goes_back_seven_days_and_says_why(
    cast: Cast, program: dict[str, Any], back: timedelta, reason: str, code: str | None
) -> None:
    start = MONDAY - back
    staff = [{"user": str(cast.other_therapist.pk), "role": "therapist"}]
    body = {
        "program": program["id"],
        "kind": "preparation",
        "modality": "video",
        "starts_at": moment(start),
        "ends_at": moment(start + timedelta(hours=1)),
        "staff": staff,
        "override_reason": reason,
    }
    answer = cast.desk("frontdesk").post("sessions/", body)
    if code is None:
        assert answer.status_code == 201, answer.content
        assert answer.json()["override_reason"] == reason
    else:
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == code


def test_what_is_entered_late_keeps_its_order(cast: Cast, program: dict[str, Any]) -> None:
    start = MONDAY - timedelta(days=1)
    session = steps.book(cast, program, "dosing", start, **LATE)
    path = f"sessions/{session['id']}"
    for body, code in (
        ({"at": moment(MONDAY + timedelta(minutes=2))}, "in_the_future"),
        ({"at": "2026-05-03T09:00:00"}, "offset_required"),
    ):
        refused = cast.desk("frontdesk").post(f"{path}/check-in/", body)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, code)
    cast.desk("frontdesk").must(f"{path}/check-in/", {"at": moment(start)})
    refused = cast.desk("np").post(f"{path}/start/", {"at": moment(start - timedelta(minutes=1))})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "too_early")
