"""Sell a package for a payment that came in; end a purchase, so that its unused credit may be given back."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from django.db import transaction

from billing.codes import selectors as codes
from billing.codes.models import LineKind, ServiceCode
from billing.ledger import selectors as ledger
from billing.ledger.models import Payment
from billing.ledger.rules import HEALTH_CARDS
from billing.ledger.services.allocations import lock_ledger
from billing.packages import rules, selectors
from billing.packages.models import Package, PackageCancellation, PackagePurchase
from billing.packages.rules import PurchaseState
from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, FieldError, Invalid, merge
from kapclinic.practice.models import Client, User
from kapclinic.practice.selectors import person


class PurchaseEntry(TypedDict):
    client: UUID
    package: UUID
    payment: UUID


class PaymentUsed(Conflict):
    code, title = "payment_used", "This payment serves another package"


class CreditShort(Conflict):
    code, title = "credit_short", "Less is left of this payment than the package costs"


@transaction.atomic
def buy_package(*, values: PurchaseEntry, by: User, at: datetime) -> PackagePurchase:
    """Keep a payment's money for a package; each rendered session then draws its unit amount from it.

    :raises Invalid: naming each field: a client or payment that the actor can't see, a payment of somebody else, a
        reversed one or one below the price, a package that is not offered or holds a code that is not in force, a
        self-pay item on an HSA or FSA card
    :raises PaymentUsed: when the payment serves a purchase that was not cancelled
    :raises CreditShort: when charges or refunds took too much of the payment
    """
    client: Client | None = Client.objects.visible_to(by).filter(pk=values["client"]).first()
    if client is None:
        raise Invalid.field("client", "There is no such client for you.", code="not_found")
    package: Package | None = Package.objects.filter(pk=values["package"]).first()
    if package is None or not package.active:
        raise Invalid.field("package", "There is no such package on offer.", code="not_found")
    lock_ledger(client.pk)
    mine = ledger.payments().visible_to(by).filter(client__in=person(client.pk), reverses__isnull=True)
    payment: Payment | None = mine.select_related("location").filter(pk=values["payment"]).first()
    if payment is None:
        raise Invalid.field("payment", "There is no such payment of this client for you.", code="not_found")
    on = at.astimezone(payment.location.zone).date()
    merge(_payment_errors(package, payment) + _item_errors(package, payment, on=on))
    if selectors.is_promised(payment.pk):
        raise PaymentUsed("Take a payment for each package, or cancel the other purchase first.")
    if payment.unallocated < package.price:
        left = str(payment.unallocated)
        raise CreditShort(f"{left} of this payment is left; the package costs {package.price}.", left=left)
    return PackagePurchase(
        client=client,
        location=payment.location,
        package=package,
        payment=payment,
        name=package.name,
        items=package.items,
        price=package.price,
    ).insert_by(by, at=at)


def _payment_errors(package: Package, payment: Payment) -> list[FieldError]:
    if payment.reversed_by is not None:
        return [FieldError("/payment", "payment_reversed", "This payment was reversed.")]
    if payment.amount < package.price:
        detail = f"The payment is {payment.amount}; the package costs {package.price}."
        return [FieldError("/payment", "payment_too_small", detail)]
    return []


def _item_errors(package: Package, payment: Payment, *, on: date) -> list[FieldError]:
    """Why the package can't be sold for this payment on that day: a code that went, or that the card may not pay."""
    found: list[ServiceCode] = []
    gone = []
    for name in sorted({item["code"] for item in package.items}):
        code, errors = codes.code_on(code=name, on=on)
        found += [code] if code is not None else []
        gone += [FieldError("/package", error.code, error.detail) for error in errors]
    private = [code.code for code in found if code.line_kind == LineKind.SELF_PAY]
    if payment.method in HEALTH_CARDS and private:
        detail = f"An HSA or FSA card may not pay {', '.join(private)}."
        gone.append(FieldError("/payment", "not_hsa_eligible", detail))
    return gone


@transaction.atomic
def cancel_purchase(*, purchase: PackagePurchase, reason: str, by: User, at: datetime) -> PackageCancellation:
    """End a purchase: nothing is drawn from it any more, and its unused credit may be refunded or used otherwise.

    What was drawn stays paid. A price above the package's for used sessions is an adjustment of its own.

    :raises IllegalTransition: when it is cancelled or used up already
    """
    lock_ledger(purchase.client_id)
    purchase = selectors.purchases().get(pk=purchase.pk)
    items = rules.items_left(purchase.items, purchase.draws_made)
    state = PurchaseState(rules.status_of(items, cancelled=purchase.cancelled_at is not None))
    transitions.apply(rules.PURCHASE_MOVES, "cancel", instance=state, by=by)
    return PackageCancellation(purchase=purchase, amount=purchase.unused, reason=reason).insert_by(by, at=at)
