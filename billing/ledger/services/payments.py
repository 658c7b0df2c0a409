"""Take payments, give money back, reverse what was entered wrongly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from billing.ledger import rules, selectors
from billing.ledger.models import Charge, Payment, PaymentAllocation, Refund
from billing.ledger.services import allocations
from billing.ledger.services.allocations import OverAllocated, Share
from billing.ledger.services.prepaid import sparing_kept_money
from kapclinic.core import money
from kapclinic.core.cards import holds_card_number
from kapclinic.core.errors import Conflict, FieldError, Invalid, NotPermitted, merge
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import Client, Location, User
from kapclinic.practice.rules import DIRECTOR
from kapclinic.practice.selectors import person, person_ids


class PaymentEntry(TypedDict):
    client: UUID
    amount: Decimal
    method: str
    received_on: date
    reference: NotRequired[str]
    allocations: NotRequired[Sequence[Share]]
    location: NotRequired[UUID]


class RefundOrder(TypedDict):
    payment: UUID
    amount: Decimal
    method: NotRequired[str]
    reason: str
    override_reason: NotRequired[str]


class OverRefunded(Conflict):
    code, title = "over_refunded", "More than is left of this payment"


class Refunded(Conflict):
    code, title = "refunded", "Money of this payment was refunded: reverse the refund first"


@transaction.atomic
def take_payment(*, values: PaymentEntry, by: User, at: datetime) -> Payment:
    """Enter money that came in, and pay charges with it; what is not allocated is the client's credit.

    :raises Invalid: naming each field: a client, location or charge that the actor can't see, a day in the future, a
        card number as reference, shares above the amount, a self-pay line on an HSA or FSA card
    :raises NotPermitted: for the front desk, where the location does not let it
    :raises OverAllocated: when a share passes the balance of its charge
    """
    client: Client | None = Client.objects.visible_to(by).filter(pk=values["client"]).first()
    if client is None:
        raise Invalid.field("client", "There is no such client for you.", code="not_found")
    location = _location(client, values, by)
    shares = values.get("allocations", [])
    errors = []
    if values["received_on"] > at.astimezone(location.zone).date():
        errors.append(
            FieldError("/received_on", "in_future", "Enter a payment on the day it was received, or later.")
        )
    if holds_card_number(values.get("reference", "")):
        errors.append(
            FieldError("/reference", "card_number", "Never enter a card number: its last 4 digits will do.")
        )
    if money.total(share["amount"] for share in shares) > values["amount"]:
        errors.append(
            FieldError("/allocations", "over_allocated", "The shares come to more than the payment.")
        )
    merge(errors)
    allocations.lock_ledger(client.pk)
    payment = Payment(
        client=client,
        location=location,
        amount=values["amount"],
        method=values["method"],
        received_on=values["received_on"],
        reference=values.get("reference", ""),
    ).insert_by(by, at=at)
    allocations.allocate(payment=payment, shares=shares, by=by, at=at)
    return payment


def _location(client: Client, values: PaymentEntry, by: User) -> Location:
    """Where the money was taken: as named, else where the first paid charge was made, else the client's first."""
    mine = [pk for pk in client.locations if pk in by.locations]
    places = selectors.payment_places(by)
    named = values.get("location")
    if named is not None and named not in mine:
        raise Invalid.field("location", "There is no such location of this client for you.", code="not_found")
    if named is None and values.get("allocations"):
        first = (
            Charge.objects.visible_to(by)
            .filter(pk=values["allocations"][0]["charge"], client__in=person(client.pk))
            .first()
        )
        named = first.location_id if first else None
    where = named or next((pk for pk in mine if pk in places), None)
    if where not in places:
        raise NotPermitted("The front desk of this location takes no payments.")
    found: Location = Location.objects.get(pk=where)
    return found


def _behind_lock(payment: Payment, as_read: Callable[[Payment], None] | None) -> Payment:
    """The payment as it stands once the client's ledger is locked."""
    allocations.lock_ledger(payment.client_id)
    found: Payment = selectors.payments().get(pk=payment.pk)
    if as_read is not None:
        as_read(found)
    return found


@sparing_kept_money
@transaction.atomic
def allocate_payment(
    *,
    payment: Payment,
    shares: Sequence[Share],
    by: User,
    at: datetime,
    as_read: Callable[[Payment], None] | None = None,
) -> Payment:
    """Pay further charges out of the credit that is left of a payment.

    `as_read` refuses the payment, behind the lock, when it is no longer what the caller saw.

    :raises Invalid: as `take_payment`
    :raises OverAllocated: when less is left, or less is owed
    """
    _behind_lock(payment, as_read)
    if payment.reverses_id is not None:
        raise OverAllocated("A reversal holds no money.", left=str(money.ZERO))
    allocations.allocate(payment=payment, shares=shares, by=by, at=at)
    return payment


@sparing_kept_money
@transaction.atomic
def reverse_payment(
    *,
    payment: Payment,
    reason: str,
    by: User,
    at: datetime,
    as_read: Callable[[Payment], None] | None = None,
) -> Payment:
    """Take back a payment that was entered wrongly or bounced: its charges are owed again. `as_read`: see
    `allocate_payment`.

    :raises NotReversible: for a reversal
    :raises AlreadyReversed: when it has one
    :raises Refunded: while money of it is refunded
    """
    payment = _behind_lock(payment, as_read)
    allocations.refuse_reversed(payment)
    if payment.refunded:
        raise Refunded
    allocations.free(selectors.standing_allocations().filter(payment=payment), by=by, at=at)
    return Payment(
        client_id=payment.client_id,
        location=payment.location,
        amount=-payment.amount,
        method=payment.method,
        received_on=at.astimezone(payment.location.zone).date(),
        reference=payment.reference,
        reverses=payment,
        reason=reason,
    ).insert_by(by, at=at)


@sparing_kept_money
@transaction.atomic
def refund_payment(
    *, values: RefundOrder, by: User, at: datetime, as_read: Callable[[Payment], None] | None = None
) -> Refund:
    """Give money of a payment back: the client's credit first, then what it paid last, which is owed again. `as_read`:
    see `allocate_payment`.

    :raises Invalid: for a payment that the actor can't see, another way than the HSA or FSA card that paid
        (IRS Publication 969: such money returns to its account), or any other way than it came without a reason
    :raises NotPermitted: for that reason by anybody but the medical director
    :raises OverRefunded: when less is left of the payment
    """
    payment: Payment | None = selectors.payments().visible_to(by).filter(pk=values["payment"]).first()
    if payment is None or payment.reverses_id is not None:
        raise Invalid.field("payment", "There is no such payment for you.", code="not_found")
    method = values.get("method") or payment.method
    if payment.method in rules.HEALTH_CARDS and method != payment.method:
        raise Invalid.field(
            "method", "Money of an HSA or FSA card goes back to that card.", code="same_card_only"
        )
    elsewhere = _reason_for(method, payment, values, by)
    payment = _behind_lock(payment, as_read)
    left = money.ZERO if payment.reversed_by else payment.amount - payment.refunded
    if values["amount"] > left:
        detail = f"{left} of this payment is left."
        raise OverRefunded(detail, errors=[FieldError("/amount", "over_refunded", detail)], left=str(left))
    _free_up(payment, values["amount"] - payment.unallocated, by=by, at=at)
    refund = Refund(
        payment=payment,
        amount=values["amount"],
        method=method,
        reason=values["reason"],
        override_reason=elsewhere,
    )
    return refund.insert_by(by, at=at)


def _reason_for(method: str, payment: Payment, values: RefundOrder, by: User) -> str:
    """The director's reason for giving money back another way than it came; empty where it goes the same way.

    :raises Invalid: when there is none
    :raises NotPermitted: when it is not the director's
    """
    reason = values.get("override_reason", "")
    if reason:
        require_role(by, DIRECTOR, what="override_reason")
    if method == payment.method:
        return ""
    if not reason:
        detail = f"It was paid by {payment.method}: the medical director says why it goes back by {method}."
        raise Invalid.field("override_reason", detail, code="required")
    return reason


def _free_up(payment: Payment, needed: Decimal, *, by: User, at: datetime) -> None:
    """Free `needed` of what the payment paid, the latest share first; the last one is freed in part, but whole where it
    paid somebody who turned out not to be its client.
    """
    mine = person_ids(payment.client_id)
    shares = selectors.standing_allocations().filter(payment=payment).select_related("charge")
    for row in shares.order_by("-created_at", "-pk"):
        if needed <= 0:
            return
        allocations.free([row], by=by, at=at)
        if row.amount > needed and row.charge.client_id in mine:
            kept = PaymentAllocation(payment=payment, charge_id=row.charge_id, amount=row.amount - needed)
            kept.insert_by(by, at=at)
        needed -= row.amount


@transaction.atomic
def reverse_refund(*, refund: Refund, by: User, at: datetime, reason: str) -> Refund:
    """Take back a refund that was entered wrongly or never reached the client: the money is credit again.

    :raises NotReversible: for a reversal
    :raises AlreadyReversed: when it has one
    """
    allocations.lock_ledger(refund.payment.client_id)
    refund = selectors.refunds().get(pk=refund.pk)
    allocations.refuse_reversed(refund)
    return Refund(
        payment=refund.payment,
        amount=-refund.amount,
        method=refund.method,
        override_reason=refund.override_reason,
        reason=reason,
        reverses=refund,
    ).insert_by(by, at=at)
