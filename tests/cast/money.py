"""Service codes, and money for sessions that took place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing.codes import services as codes
from billing.ledger.services import charges, payments
from billing.models import Charge, Payment
from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from sessions.booking.models import Session
from tests.cast.people import Cast
from tests.replay import played


def service_codes() -> None:
    """The codes that a new clinic has; nothing else of the cast touches them."""
    played("service codes", lambda: codes.ensure_codes(by=SYSTEM, at=clock.now()))


def charged(cast: Cast, session: Session, amount: str, **more: Any) -> Charge:
    """A standing charge for a session that is written up."""
    values = {"session": session.pk, "code": "90837", "units": 1, "amount": Decimal(amount)} | more
    return charges.post_charge(values=values, by=cast.billing, at=clock.now())


def paid(cast: Cast, session: Session, amount: str, *shares: tuple[Charge, str], **more: Any) -> Payment:
    """A payment of the session's client today; each share of it pays for a charge, the rest is credit."""
    values = {
        "client": session.client_id,
        "amount": Decimal(amount),
        "method": "card",
        "received_on": clock.now().date(),
        "allocations": [{"charge": charge.pk, "amount": Decimal(part)} for charge, part in shares],
    } | more
    return payments.take_payment(values=values, by=cast.billing, at=clock.now())
