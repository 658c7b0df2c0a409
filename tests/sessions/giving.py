"""A dose over HTTP, as the nurse sends it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from kapclinic.core import clock
from programs.models import Program
from screening import services as screening
from screening.models import Measure
from sessions.booking.models import Session
from sessions.dosing.services import dose_checks
from sessions.drugs import services as drugs
from sessions.drugs.models import DrugLot
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import PASSWORD, Cast

IM = {"route": "intramuscular", "min_preparations": 0}
IV = {"route": "intravenous", "min_preparations": 0}


def body_of(session: Session, **more: Any) -> dict[str, Any]:
    """A dose of 100 mg of the client's own, now, on the latest order of the session."""
    order = session.orders.order_by("created_at").last()
    injected = order is not None and order.route in dose_checks.INJECTED
    return {
        "order": str(order.pk if order else session.pk),
        "dose_mg": "100",
        "supply": "client_prescription",
        "administered_at": clock.now().isoformat(),
        "given_by": "staff" if injected else "self_observed",
    } | more


def attempt(cast: Cast, session: Session, who: str = "np", *, key: str | None = "", **more: Any) -> Any:
    """The answer to a dose."""
    path = f"sessions/{session.pk}/administrations/"
    return cast.desk(who).post(path, body_of(session, **more), key=key)


def lot_of(cast: Cast, **more: Any) -> DrugLot:
    """A vial of 500 mg in North's safe."""
    values = {
        "location_id": cast.north.pk,
        "drug": "ketamine",
        "form": "vial",
        "concentration_mg_per_ml": Decimal(50),
        "lot_number": "A-1",
        "expires_on": date(2027, 6, 30),
        "quantity_mg": Decimal(500),
        "supplier": "Supply Co",
        "invoice": "INV-7",
    }
    return drugs.receive_lot(values=values | more, by=cast.np, at=clock.now())


def stock(lot: DrugLot, **more: Any) -> dict[str, Any]:
    """What a dose from the safe says more than another."""
    return {"supply": "clinic_stock", "drug_lot": str(lot.pk), "given_by": "staff"} | more


def witness(cast: Cast, who: str = "prescriber") -> dict[str, Any]:
    return {"user": str(cast.people[who].pk), "password": PASSWORD}


HOME = {
    "state": "CO",
    "address": "1 Example Street",
    "emergency_department": "Example Hospital",
    "ems_phone": "303-555-0911",
}
AT_HOME = ("chaperone_trained", "video_on")


def cssrs(cast: Cast, program: Program, *yes: int) -> Measure:
    """The C-SSRS screener since the last contact, at the clock's moment; `yes` are the questions answered so."""
    values = {
        "program": program.pk,
        "instrument": "cssrs",
        "form": "since_last_contact",
        "answers": [int(number in yes) for number in range(1, 7)],
        "language": "en",
        "administered_by": "nurse practitioner",
        "taken_at": clock.now(),
    }
    return screening.record_measure(values=values, by=cast.np, at=clock.now())


def attest(cast: Cast, session: Session, *codes: str, value: bool = True, by: str = "np") -> Session:
    """A clinician's word on each of these."""
    session.refresh_from_db()
    said = {"attestations": dict.fromkeys(codes, value)}
    return visits.change(session=session, values=said, by=cast.people[by], at=clock.now())


def at_home(cast: Cast, *, place: dict[str, str] | None = HOME, **more: Any) -> Session:
    """A ready session at home on video, under a protocol that allows it; the screener of today shows no risk."""
    edition = people.approved_protocol(cast, name="At home", min_preparations=0, home_dosing=True)
    program = people.cleared_program(cast, protocol=edition)
    cssrs(cast, program)
    session = people.ready_dose(cast, program, modality="video", room=None, client_location=place, **more)
    return attest(cast, session, *AT_HOME)


def weighed(
    cast: Cast, protocol: dict[str, Any], *, kg: str = "80", dose_mg: str = "40", most: str = "80"
) -> Session:
    """A ready session under a protocol by weight: injected or infused."""
    edition = people.approved_protocol(cast, name=f"By weight {protocol['route']}", **protocol)
    program: Program = people.cleared_program(cast, protocol=edition)
    session = people.ready_dose(cast, program, without=("order",))
    session.weight_kg, session.weighed_at = Decimal(kg), clock.now()
    session.save_by(cast.np, at=clock.now())
    people.written_order(cast, session, dose_mg=Decimal(dose_mg), max_total_mg=Decimal(most))
    return session
