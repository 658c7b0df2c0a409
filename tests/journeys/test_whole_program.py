"""One client's whole program over the REST API, by the roles that do it, with a short protocol of two doses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.management import call_command

from kapclinic.core import clock
from sessions.sweep.steps import sweep
from tests.cast import MONDAY, Cast
from tests.journeys import steps
from tests.journeys.steps import moment


def _one_dose(cast: Cast, program: dict[str, Any], start: datetime) -> dict[str, Any]:
    """A dosing day from check-in to the signed note; returns its obligation, still due."""
    with clock.fixed(start - timedelta(days=1)):
        session = steps.book(cast, program, "dosing", start)
    dosed_at = start + timedelta(minutes=15)
    with clock.fixed(start + timedelta(minutes=10)):
        order = steps.dosing_day(cast, session, start)
        ready = cast.desk("np").get(f"sessions/{session['id']}/readiness/").json()
        assert ready["ready"], ready
    with clock.fixed(dosed_at + timedelta(minutes=1)):
        given = cast.desk("np").must(
            f"sessions/{session['id']}/administrations/", steps.dose(session, order, dosed_at)
        )
        assert given["obligation"]["state"] == "due"
        assert given["obligation"]["window_start"] == moment(dosed_at + timedelta(hours=24))
        assert given["obligation"]["window_end"] == moment(dosed_at + timedelta(hours=72))
    for minute in (15, 30, 45, 60, 90, 120):
        with clock.fixed(dosed_at + timedelta(minutes=minute, seconds=30)):
            reading = steps.read(cast, session, dosed_at + timedelta(minutes=minute))
            assert reading["check"]
    with clock.fixed(dosed_at + timedelta(minutes=125)):
        steps.go_home(cast, session, clock.now())
        done = cast.desk("np").must(f"sessions/{session['id']}/complete/")
        assert (done["status"], done["outcome"]) == ("completed", "dosed")
        steps.write_note(cast, session)
        sweep(at=clock.now())
    return given["obligation"] | {"session": session}  # type: ignore[no-any-return]


def _integrate(cast: Cast, obligation: dict[str, Any]) -> dict[str, Any]:
    """Hold the integration session that was booked, write and sign its note."""
    booked = cast.desk("therapist").get(f"obligations/{obligation['id']}/").json()["integration_session"]
    session = cast.desk("therapist").get(f"sessions/{booked['id']}/").json()
    with clock.fixed(datetime.fromisoformat(session["starts_at"]) + timedelta(minutes=61)):
        steps.hold_session(cast, session, late=True)
        steps.write_note(cast, session)
    return session  # type: ignore[no-any-return]


def test_a_client_goes_from_first_call_to_superbill(cast: Cast) -> None:
    client = steps.register(cast)
    protocol = steps.approve_protocol(cast, planned_doses=2)
    program = steps.open_program(cast, client, protocol)
    assert (program["status"], program["phase"]) == ("active", "screening")

    preparations = [steps.book(cast, program, "preparation", MONDAY + timedelta(days=n)) for n in (1, 2)]
    steps.screen_and_clear(cast, program)
    steps.sign_consent(cast, program)
    for session in preparations:
        with clock.fixed(datetime.fromisoformat(session["starts_at"]) + timedelta(hours=2)):
            steps.hold_session(cast, session, late=True)
    shown = cast.desk("therapist").get(f"programs/{program['id']}/").json()
    assert shown["phase"] == "dosing"
    assert shown["progress"]["preparation"] == {"done": 2, "required": 2}

    sessions = []
    for day in (3, 8):
        obligation = _one_dose(cast, program, MONDAY + timedelta(days=day))
        with clock.fixed(MONDAY + timedelta(days=day, hours=4)):
            owed = cast.desk("frontdesk").get(f"obligations/{obligation['id']}/").json()
            assert owed["state"] == "booked"
            booked = owed["integration_session"]
            assert booked["source"] == "scheduler"
            assert owed["window_start"] <= booked["starts_at"] < owed["window_end"]
        sessions.append(_integrate(cast, obligation))
        assert cast.desk("frontdesk").get(f"obligations/{obligation['id']}/").json()["state"] == "met"

    with clock.fixed(MONDAY + timedelta(days=14)):
        shown = cast.desk("therapist").get(f"programs/{program['id']}/").json()
        assert shown["phase"] == "integration"
        assert shown["progress"]["integration"] == {"open": 0, "met": 2, "missed": 0, "waived": 0}
        done = cast.desk("therapist").must(f"programs/{program['id']}/complete/")
        assert done["status"] == "completed"
        _bill(cast, client, sessions[0])
        course = cast.desk("therapist").get(f"programs/{program['id']}/timeline/").json()
        assert [span["phase"] for span in course["phases"]] == [
            "screening",
            "preparation",
            "dosing",
            "integration",
        ]
        assert all(span["ended_at"] for span in course["phases"])
        assert len(course["doses"]) == 2


def _bill(cast: Cast, client: dict[str, Any], session: dict[str, Any]) -> None:
    call_command("load_service_codes", verbosity=0)
    charge = {
        "session": session["id"],
        "code": "90837",
        "units": 1,
        "amount": "180.00",
        "diagnoses": ["F33.2"],
        "modifiers": [],
        "line_kind": "insurance",
    }
    line = cast.desk("billing").must("charges/", charge)
    payment = {
        "client": client["id"],
        "amount": "180.00",
        "method": "card",
        "received_on": clock.now().date().isoformat(),
        "allocations": [{"charge": line["id"], "amount": "180.00"}],
    }
    cast.desk("billing").must("payments/", payment)
    period = {"client": client["id"], "from_date": "2026-05-01", "to_date": "2026-05-31"}
    superbill = cast.desk("billing").must("superbills/", period)
    assert superbill["totals"]["charges"] == "180.00"
    assert superbill["totals"]["balance"] == "0.00"
    pdf = cast.desk("billing").get(f"superbills/{superbill['id']}/pdf/")
    assert pdf.content.startswith(b"%PDF")
