"""A dose over HTTP, as the nurse sends it."""

from __future__ import annotations

from typing import Any

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.services import dose_checks
from sessions.drugs.models import DrugLot
from tests.cast import PASSWORD, Cast


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


def stock(lot: DrugLot, **more: Any) -> dict[str, Any]:
    """What a dose from the safe says more than another."""
    return {"supply": "clinic_stock", "drug_lot": str(lot.pk), "given_by": "staff"} | more


def witness(cast: Cast, who: str = "prescriber") -> dict[str, Any]:
    return {"user": str(cast.people[who].pk), "password": PASSWORD}
