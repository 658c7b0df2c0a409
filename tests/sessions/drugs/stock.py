"""Stock for the tests of the drug ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from kapclinic.practice.models import User
from sessions.booking.models import Session
from sessions.drugs import services
from sessions.drugs.models import DrugEntry, DrugLot
from tests.cast import MONDAY, Cast, lot_of

D = Decimal


def lot_with(cast: Cast, mg: str = "1000", **more: Any) -> DrugLot:
    """A lot of so many milligrams in North's safe."""
    return lot_of(cast, quantity_mg=D(mg), **more)


def dose(
    cast: Cast,
    session: Session,
    lot: DrugLot,
    drawn: str,
    given: str | None = None,
    wasted: str | None = None,
    *,
    witness: User | None = None,
    administration: UUID | None = None,
    **more: Any,
) -> DrugEntry:
    values = {
        "lot_id": lot.pk,
        "location_id": cast.north.pk,
        "drug": "ketamine",
        "drawn_mg": D(drawn),
        "given_mg": None if given is None else D(given),
        "wasted_mg": None if wasted is None else D(wasted),
        "witness": witness,
        "administration_id": administration or uuid4(),
        "session_id": session.pk,
        "client_id": session.client_id,
        "by": cast.np,
        "at": MONDAY,
        "on": MONDAY.date(),
    } | more
    return services.draw(**values)


def lines(lot: DrugLot) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    """The ledger of a lot: kind, amount, effect, balance."""
    rows = lot.entries.order_by("sequence")
    return [(row.kind, row.amount_mg, row.delta_mg, row.balance_mg) for row in rows]
