"""Draw a rendered session from a package: its charge costs the unit amount, and the kept credit pays it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import cast
from uuid import UUID

from django.db import transaction

from billing.codes import selectors as codes
from billing.codes.models import ServiceCode
from billing.ledger import rules as ledger_rules
from billing.ledger import selectors as ledger
from billing.ledger.models import Charge
from billing.ledger.services import allocations
from billing.ledger.services.allocations import Share
from billing.ledger.services.prepaid import Prepaid
from billing.packages import rules, selectors
from billing.packages.models import PackageDraw, PackagePurchase
from billing.packages.rules import Pick
from kapclinic.practice.models import User
from sessions.booking.models import Session

WHY = "Prepaid in a package."


def post_drawn(post: Callable[..., Charge], asked: Mapping[str, object]) -> Charge:
    """Post the charge that `post` is asked for (`values`, `by`, `at`), out of what the client has left of its code.

    What a package holds costs its unit amount, whatever the fee is now; units beyond it cost the fee, or what the
    client's fee agreement leaves due of it. A charge whose biller gave another amount with a reason is posted as it is,
    and so is one without a session.

    :raises Invalid: as the verb itself
    """
    values = cast("Mapping[str, object]", asked["values"])
    by, at = cast("User", asked["by"]), cast("datetime", asked["at"])
    code = str(values["code"]).strip().upper()
    session = selectors.session_with_package(values.get("session"), code=code, user=by)
    if session is None:
        return post(**asked)  # nearly every charge: one question, and no lock before its own checks
    return _drawn(post, values, code=ServiceCode.objects.get(code=code), session=session, by=by, at=at)


@transaction.atomic
def _drawn(
    post: Callable[..., Charge],
    values: Mapping[str, object],
    *,
    code: ServiceCode,
    session: Session,
    by: User,
    at: datetime,
) -> Charge:
    allocations.lock_ledger(session.client_id)
    kind = str(values.get("line_kind") or code.line_kind)
    units = cast("int", values["units"])
    lots = selectors.lots_of(client=session.client_id, code=code.code, line_kind=kind)
    picks = rules.picked(lots, units)
    amount = _amount(picks, units=units, code=code, session=session)
    if not picks or amount is None or rules.own_price(values, prepaid=amount):
        return post(values=values, by=by, at=at)
    priced = {
        **values,
        "amount": amount,
        "amount_reason": values.get("amount_reason") or WHY,
        "prepaid": Prepaid(sum(pick.quantity for pick in picks), rules.worth(picks)),
    }
    charge = post(values=priced, by=by, at=at)
    _draw(charge, picks, by=by, at=at)
    return charge


def _amount(picks: list[Pick], *, units: int, code: ServiceCode, session: Session) -> Decimal | None:
    """What the line costs; None when units beyond the packages have no fee on the day."""
    beyond = units - sum(pick.quantity for pick in picks)
    if not beyond:
        return rules.worth(picks)
    on: date = ledger_rules.date_of_service(
        starts_at=session.starts_at, completed_at=session.completed_at, zone=session.location.zone
    )
    fee = codes.fee_on(code=code, location=session.location_id, on=on)
    return None if fee is None else rules.worth(picks) + fee.amount * beyond


def _draw(charge: Charge, picks: list[Pick], *, by: User, at: datetime) -> None:
    """Note what was taken, then pay with it: the guard of the kept money looks at the draws first.

    An adjustment made with the charge may leave less to pay than the unit amounts: the rest is plain credit. Of a
    session that was taken back after its money was refunded, what was refunded is owed.
    """
    bought = PackagePurchase.objects.select_related("payment").in_bulk({pick.lot.purchase for pick in picks})
    pays: dict[UUID, Decimal] = {}
    for pick in picks:
        PackageDraw(
            purchase=bought[pick.lot.purchase],
            position=pick.lot.position,
            charge=charge,
            quantity=pick.quantity,
            amount=pick.amount,
        ).insert_by(by, at=at)
        pays[pick.lot.purchase] = pays.get(pick.lot.purchase, Decimal(0)) + pick.amount
    owed = allocations.left_of(ledger.charges().get(pk=charge.pk))
    for purchase_id, amount in pays.items():
        payment = bought[purchase_id].payment
        kept = selectors.purchases().get(pk=purchase_id).unused  # of what is still to be drawn
        left = ledger.payments().get(pk=payment.pk).unallocated - kept
        share = min(amount, owed, left)
        if share > 0:
            shares: list[Share] = [{"charge": charge.pk, "amount": share}]
            allocations.allocate(payment=payment, shares=shares, by=by, at=at, prepaid=True)
            owed -= share
