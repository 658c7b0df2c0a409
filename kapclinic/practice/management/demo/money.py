"""What the demo clinic's billing agreed on, sold and charged beside the sessions."""

from __future__ import annotations

from collections.abc import Mapping

from kapclinic.practice.management.demo import places
from kapclinic.practice.management.demo.desk import LocalDesk, post


def open_books(billing: LocalDesk, *, where: str, today: str, clients: Mapping[str, str]) -> None:
    """`agreed` pays by the scale, `buyer` bought a package, `missed` did not come and owes the fee for it."""
    scale = post(billing, "sliding-scales/", places.SCALE)
    agreement = {"client": clients["agreed"], "scale": scale["id"], "from_date": today}
    post(billing, "fee-agreements/", places.AGREED | agreement)
    package = post(billing, "packages/", places.PACKAGE)
    paid = {"client": clients["buyer"], "amount": package["price"], "method": "card", "received_on": today}
    payment = post(billing, "payments/", paid | {"location": where})
    sold = {"client": clients["buyer"], "package": package["id"], "payment": payment["id"]}
    post(billing, "package-purchases/", sold)
    fee = {"client": clients["missed"], "location": where, "date_of_service": today}
    post(billing, "charges/", fee | {"code": "KAP-NO-SHOW", "units": 1})
