"""Stock for the tests of the drug ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from kapclinic.practice.models import User
from sessions.drugs import services
from sessions.drugs.models import DrugEntry, DrugLot
from tests.sessions.rooms import AT, Clinic

D = Decimal


def lot_of(clinic: Clinic, mg: str = "1000", **more: Any) -> DrugLot:
    values = {
        "location_id": clinic.here.pk,
        "drug": "ketamine",
        "form": "vial 50 mg/mL",
        "concentration_mg_per_ml": D("50"),
        "lot_number": "A-1",
        "expires_on": date(2027, 6, 30),
        "quantity_mg": D(mg),
        "supplier": "Supply Co",
        "invoice": "INV-7",
    } | more
    return services.receive_lot(values=values, by=clinic["np"], at=AT)


def dose(
    clinic: Clinic,
    lot: DrugLot,
    drawn: str,
    given: str | None = None,
    wasted: str | None = None,
    *,
    witness: User | None = None,
    administration: UUID | None = None,
    **more: Any,
) -> DrugEntry:
    session = clinic.sessions["dosing"]
    values = {
        "lot_id": lot.pk,
        "location_id": clinic.here.pk,
        "drug": "ketamine",
        "drawn_mg": D(drawn),
        "given_mg": None if given is None else D(given),
        "wasted_mg": None if wasted is None else D(wasted),
        "witness": witness,
        "administration_id": administration or uuid4(),
        "session_id": session.pk,
        "client_id": session.client_id,
        "by": clinic["np"],
        "at": AT,
        "on": AT.date(),
    } | more
    return services.draw(**values)


def lines(lot: DrugLot) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    """The ledger of a lot: kind, amount, effect, balance."""
    rows = lot.entries.order_by("sequence")
    return [(row.kind, row.amount_mg, row.delta_mg, row.balance_mg) for row in rows]
