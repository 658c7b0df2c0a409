"""Doses by weight, from the clinic's own stock, and at home on video."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.drugs import services as drugs
from sessions.drugs.models import DrugLot
from sessions.visits import services as visits
from tests.cast.dosing import ready_dose, written_order
from tests.cast.people import Cast
from tests.cast.programs import approved_protocol
from tests.cast.screening import cleared_program, cssrs
from tests.replay import taped

IM = {"route": "intramuscular", "min_preparations": 0}
IV = {"route": "intravenous", "min_preparations": 0}
HOME = {
    "state": "CO",
    "address": "1 Example Street",
    "emergency_department": "Example Hospital",
    "ems_phone": "303-555-0911",
}
SEEN = {"date": date(2026, 4, 1), "place": "North"}  # in person, by the practice
AT_HOME = ("chaperone_trained", "video_on")


@taped
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


@taped
def attest(cast: Cast, session: Session, *codes: str, value: bool = True, by: str = "np") -> Session:
    """A clinician's word on each of these."""
    session.refresh_from_db()
    said: dict[str, Any] = {"attestations": dict.fromkeys(codes, value)}
    if value and "in_person_visit" in codes:
        said["attestations"]["in_person_visit"] = SEEN
    return visits.change(session=session, values=said, by=cast.people[by], at=clock.now())


@taped
def at_home(cast: Cast, *, place: dict[str, str] | None = HOME, **more: Any) -> Session:
    """A ready session at home on video, under a protocol that allows it; the screener of today shows no risk."""
    edition = approved_protocol(cast, name="At home", min_preparations=0, home_dosing=True)
    program = cleared_program(cast, protocol=edition)
    cssrs(cast, program)
    session = ready_dose(cast, program, modality="video", room=None, client_location=place, **more)
    return attest(cast, session, *AT_HOME)


@taped
def weighed(
    cast: Cast,
    protocol: dict[str, Any],
    *,
    kg: str = "80",
    dose_mg: str = "40",
    most: str = "80",
    **more: Any,
) -> Session:
    """A ready session under a protocol by weight: injected or infused."""
    edition = approved_protocol(cast, name=f"By weight {protocol['route']}", **protocol)
    session = ready_dose(cast, cleared_program(cast, protocol=edition), without=("order",), **more)
    visits.change(session=session, values={"weight_kg": Decimal(kg)}, by=cast.np, at=clock.now())
    written_order(cast, session, dose_mg=Decimal(dose_mg), max_total_mg=Decimal(most))
    return session
