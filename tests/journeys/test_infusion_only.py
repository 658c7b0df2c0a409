"""A ketamine-only infusion: the medical model on the same code path, without therapist, preparation or integration."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kapclinic.core import clock
from sessions.sweep.steps import sweep
from tests.cast import MONDAY, PASSWORD, Cast
from tests.journeys import steps
from tests.journeys.steps import moment

MINUTES = (10, 20, 30, 40, 55, 70, 85, 100)


def _infuse(cast: Cast, session: dict[str, Any], lot: dict[str, Any]) -> None:
    """0.5 mg/kg over 40 minutes from a drawn 50 mg, and the rest wasted before a witness."""
    path = f"sessions/{session['id']}"
    cast.desk("frontdesk").must(f"{path}/check-in/")
    steps.name_escort(cast, session)
    steps.ask_before(cast, session, MONDAY)
    weight = cast.desk("np").patch(f"{path}/", {"weight_kg": "80.00"})
    assert weight.status_code == 200, weight.content
    order = steps.order(
        cast, session, route="intravenous", dose_mg=None, dose_mg_per_kg="0.5", max_total_mg="40"
    )
    assert order["dose_mg"] == "40.000"
    steps.read(cast, session, clock.now())
    body = steps.dose(
        session,
        order,
        clock.now(),
        dose_mg="40",
        supply="clinic_stock",
        drug_lot=lot["id"],
        drawn_mg="50",
        given_by="staff",
    )
    dose = cast.desk("np").must(f"{path}/administrations/", body)
    assert dose["obligation"] is None
    assert (dose["dose_mg_per_kg"], dose["volume_ml"], dose["given_mg"]) == ("0.500", "0.800", None)
    ended = MONDAY + timedelta(minutes=40)
    finish = {
        "ended_at": moment(ended),
        "given_mg": "40",
        "wasted_mg": "10",
        "witness": {"user": str(cast.prescriber.pk), "password": PASSWORD},
    }
    with clock.fixed(ended):
        cast.desk("np").must(f"{path}/administrations/{dose['id']}/finish/", finish)


def test_an_infusion_runs_without_therapy_and_owes_none(cast: Cast) -> None:
    client = steps.register(cast)
    protocol = steps.approve_protocol(
        cast, name="Infusion", program_type="infusion_only", route="intravenous", planned_doses=1
    )
    assert (protocol["min_preparations"], protocol["min_stay_min"]) == (0, 60)
    program = steps.open_program(cast, client, protocol, therapist=None, pathway_reason="Fastest relief")
    steps.screen_and_clear(cast, program)
    steps.sign_consent(cast, program)
    shown = cast.desk("np").get(f"programs/{program['id']}/").json()
    assert (shown["phase"], shown["therapist"]) == ("dosing", None)

    staff = [{"user": str(cast.np.pk), "role": "nurse_practitioner"}]
    session = steps.book(
        cast, program, "dosing", MONDAY, staff=staff, ends_at=moment(MONDAY + timedelta(minutes=150))
    )
    gates = cast.desk("np").get(f"sessions/{session['id']}/readiness/").json()["gates"]
    assert not {"preparation", "integration_done"} & {gate["code"] for gate in gates}
    lot = steps.receive_lot(cast)
    _infuse(cast, session, lot)
    steps.watch(cast, session, MONDAY, MINUTES)
    with clock.fixed(MONDAY + timedelta(minutes=101)):
        home = steps.go_home(cast, session, clock.now())
        assert home["checklist"]["integration_booked"] is True  # nothing is owed
        done = cast.desk("np").must(f"sessions/{session['id']}/complete/")
        assert (done["status"], done["outcome"]) == ("completed", "dosed")
        sweep(at=clock.now())
        assert cast.desk("np").get("obligations/").json()["count"] == 0
        assert cast.desk("np").get("sessions/", kind="integration").json()["count"] == 0
        assert cast.desk("np").get(f"drug-lots/{lot['id']}/").json()["balance_mg"] == "450.000"
        finished = cast.desk("prescriber").must(f"programs/{program['id']}/complete/")
        assert finished["status"] == "completed"
