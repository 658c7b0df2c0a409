"""Packages at the till: what is offered, who bought it, what is left of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sessions.booking.models import Session
from tests.asking import done
from tests.billing.till import SERVED, Till

THREE = [
    {"code": "90837", "quantity": 2, "unit_amount": "150.00"},
    {"code": "KAP-DOSE", "quantity": 1, "unit_amount": "399.99"},
]


def own_code(till: Till, **body: Any) -> str:
    """A code of the clinic's own, which says nothing about minutes or units."""
    shape = {
        "system": "INTERNAL",
        "code": "HOUSE-CALL",
        "label": "visit at home",
        "line_kind": "hsa_eligible",
    }
    return str(till.desk.must("service-codes/", shape | body, status=201)["code"])


def offer(till: Till, **body: Any) -> dict[str, Any]:
    """A package: two hours and a dose for 699.99, unless told."""
    shape = {"name": "Beginning", "items": THREE, "price": "699.99"}
    return till.desk.must("packages/", shape | body, status=201)


def try_to_buy(till: Till, package: dict[str, Any], payment: dict[str, Any], **body: Any) -> Any:
    return till.desk.post("package-purchases/", _wanted(till, package, payment) | body)


def _wanted(till: Till, package: dict[str, Any], payment: dict[str, Any]) -> dict[str, Any]:
    return {"client": str(till.client.pk), "package": package["id"], "payment": payment["id"]}


def bought(till: Till, package: dict[str, Any] | None = None, **paid: Any) -> dict[str, Any]:
    """A purchase of the package, paid to the cent."""
    package = package or offer(till)
    wanted = _wanted(till, package, till.pay(package["price"], **paid))
    return till.desk.must("package-purchases/", wanted, status=201)


def look(till: Till, purchase: dict[str, Any]) -> dict[str, Any]:
    return done(till.desk.get(f"package-purchases/{purchase['id']}/"), 200)


def left(till: Till, purchase: dict[str, Any]) -> list[int]:
    """What is left of each item."""
    return [item["left"] for item in look(till, purchase)["items"]]


def earlier(till: Till, days: int) -> Session:
    """An hour that took place some days before the till's own."""
    return till.session(starts_at=SERVED - timedelta(days=days))


def rendered(till: Till, nth: int = 0, **body: Any) -> dict[str, Any]:
    """The charge of the hour, or of one `nth` days before, as billing posts it: without an amount."""
    session = earlier(till, nth) if nth else till.hour
    shape = {"session": str(session.pk), "code": "90837", "units": 1}
    return till.desk.must("charges/", shape | body, status=201)


def take_back(till: Till, charge: dict[str, Any]) -> None:
    till.desk.must(f"charges/{charge['id']}/reverse/", {"reason": "wrong session"}, status=201)


def cancel(till: Till, purchase: dict[str, Any]) -> Any:
    return till.desk.post(f"package-purchases/{purchase['id']}/cancel/", {"reason": "The client stops"})
