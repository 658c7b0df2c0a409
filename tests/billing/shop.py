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
    return str(done(till.desk.post("service-codes/", shape | body), 201)["code"])


def offer(till: Till, **body: Any) -> dict[str, Any]:
    """A package: two hours and a dose for 699.99, unless told."""
    shape = {"name": "Beginning", "items": THREE, "price": "699.99"}
    return done(till.desk.post("packages/", shape | body), 201)


def try_to_buy(till: Till, package: dict[str, Any], payment: dict[str, Any], **body: Any) -> Any:
    shape = {"client": str(till.client.pk), "package": package["id"], "payment": payment["id"]}
    return till.desk.post("package-purchases/", shape | body)


def bought(till: Till, package: dict[str, Any] | None = None, **paid: Any) -> dict[str, Any]:
    """A purchase of the package, paid to the cent."""
    package = package or offer(till)
    return done(try_to_buy(till, package, till.pay(package["price"], **paid)), 201)


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
    return done(till.desk.post("charges/", shape | body), 201)


def take_back(till: Till, charge: dict[str, Any]) -> None:
    done(till.desk.post(f"charges/{charge['id']}/reverse/", {"reason": "wrong session"}), 201)


def cancel(till: Till, purchase: dict[str, Any]) -> Any:
    return till.desk.post(f"package-purchases/{purchase['id']}/cancel/", {"reason": "The client stops"})
