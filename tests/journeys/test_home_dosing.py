"""A dose at home on video: the same code path, where the protocol allows it (clinical policy 12)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from sessions.sweep.steps import sweep
from tests.cast import MONDAY, Cast
from tests.journeys import steps

HOME = {
    "state": "CO",
    "address": "1 Example Street, Denver",
    "emergency_department": "Example Hospital, 2 Example Street",
    "ems_phone": "303-555-0911",
}


def _cleared(cast: Cast, **more: Any) -> dict[str, Any]:
    protocol = steps.approve_protocol(cast, min_preparations=0, **more)
    program = steps.open_program(cast, steps.register(cast), protocol)
    steps.screen_and_clear(cast, program)
    steps.sign_consent(cast, program)
    return program


def _by_video(cast: Cast, program: dict[str, Any], **more: Any) -> dict[str, Any]:
    return steps.book(
        cast, program, "dosing", MONDAY, modality="video", room=None, client_location=HOME, **more
    )


def test_a_client_is_dosed_at_home_on_video(cast: Cast) -> None:
    program = _cleared(cast, home_dosing=True)
    session = _by_video(cast, program)
    assert (session["modality"], session["room"], session["client_location"]) == ("video", None, HOME)
    order = steps.dosing_day(cast, session, MONDAY - timedelta(minutes=5))
    steps.ask_before(cast, session, MONDAY, "chaperone_trained", "video_on")
    steps.screen_for_suicide(cast, program)
    ready = cast.desk("np").get(f"sessions/{session['id']}/readiness/").json()
    assert ready["ready"], ready
    assert {"home_address", "home_dosing", "home_risk", "suicide_screen"} <= {
        gate["code"] for gate in ready["gates"]
    }

    path = f"sessions/{session['id']}/administrations/"
    lot = steps.receive_lot(cast)
    from_stock = steps.dose(session, order, clock.now(), supply="clinic_stock", drug_lot=lot["id"])
    refused = cast.desk("np").post(path, from_stock)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "not_at_home")
    dose = cast.desk("np").must(path, steps.dose(session, order, clock.now()))
    assert (dose["given_by"], dose["supply"]) == ("self_observed", "client_prescription")
    assert dose["obligation"]["state"] == "due"

    steps.watch(cast, session, MONDAY, (15, 30, 45, 60, 90, 120))
    with clock.fixed(MONDAY + timedelta(minutes=121)):
        steps.go_home(cast, session, clock.now())
        cast.desk("np").must(f"sessions/{session['id']}/complete/")
        sweep(at=clock.now())
        owed = cast.desk("np").get(f"obligations/{dose['obligation']['id']}/").json()
        assert owed["state"] == "booked"


def test_without_the_protocols_word_nobody_is_dosed_at_home(cast: Cast) -> None:
    program = _cleared(cast)
    with pytest.raises(AssertionError, match="in_person_only"):
        _by_video(cast, program)
    assert cast.desk("np").get("sessions/").json()["count"] == 0


def test_an_injection_is_never_given_at_home(cast: Cast) -> None:
    program = _cleared(cast, home_dosing=True, route="intramuscular")
    session = _by_video(cast, program)
    cast.desk("frontdesk").must(f"sessions/{session['id']}/check-in/")
    steps.name_escort(cast, session)
    cast.desk("np").patch(f"sessions/{session['id']}/", {"weight_kg": "80"})
    order = steps.order(cast, session, route="intramuscular", dose_mg="40", max_total_mg="40")
    steps.read(cast, session, clock.now())
    path = f"sessions/{session['id']}/administrations/"
    refused = cast.desk("np").post(path, steps.dose(session, order, clock.now(), dose_mg="40"))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "not_at_home")
    assert cast.desk("np").get(path).json()["count"] == 0
