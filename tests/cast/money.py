"""Service codes, and money for sessions that took place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing.codes import services as codes
from billing.ledger.services import charges
from billing.models import Charge
from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from sessions.booking.models import Session
from tests.cast.people import Cast
from tests.replay import played, taped

# A code that the clinic has added for any care by a therapist: no minutes, no most, so a session bears many lines of it.
PLAIN = "H0004"


def service_codes() -> None:
    """The codes that a new clinic has, and PLAIN; nothing else of the cast touches them."""
    played("service codes", _add_codes)


def _add_codes() -> None:
    codes.ensure_codes(by=SYSTEM, at=clock.now())
    plain = {"system": "HCPCS", "code": PLAIN, "label": "counselling, a quarter hour", "telehealth_ok": True}
    codes.save_code(row=None, values=plain, by=SYSTEM, at=clock.now())


@taped
def charged(cast: Cast, session: Session, amount: str, **more: Any) -> Charge:
    """A standing charge for a session that is written up."""
    values = {"session": session.pk, "code": PLAIN, "units": 1, "amount": Decimal(amount)} | more
    return charges.post_charge(values=values, by=cast.billing, at=clock.now())
