"""Which payment pays which charge: sums that never pass either end, also when two desks act at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from django.db import connection

from billing.ledger import rules, selectors
from billing.ledger.models import Adjustment, Charge, Payment, PaymentAllocation, Refund
from kapclinic.core import money
from kapclinic.core.errors import Conflict, FieldError, merge
from kapclinic.practice.models import User
from kapclinic.practice.selectors import person, person_ids

AFTER = timedelta(microseconds=1)  # of one payment's shares: a refund takes them back from the last on


class Share(TypedDict):
    """How much of a payment pays a charge."""

    charge: UUID
    amount: Decimal


class OverAllocated(Conflict):
    code, title = "over_allocated", "More than the payment or the charge holds"


class AlreadyReversed(Conflict):
    code, title = "already_reversed", "This row is reversed already"


class NotReversible(Conflict):
    code, title = "not_reversible", "This row is itself a reversal"


def lock_ledger(client_id: UUID) -> None:
    """Make the writers of one person's ledger wait for each other until the end of the transaction.

    The guards in the database take the same locks, so that no order of locks can end in a deadlock.
    """
    with connection.cursor() as cursor:
        for pk in person_ids(client_id):
            cursor.execute("SELECT billing_lock(%s)", [pk])


def refuse_reversed(row: Adjustment | Charge | Payment | Refund) -> None:
    """:raises NotReversible: for a reversal; :raises AlreadyReversed: for a row that has one"""
    if row.reverses_id is not None:
        raise NotReversible("Enter the right row instead.")
    if row.reversed_by is not None:
        raise AlreadyReversed("Nothing is left to reverse.", reversed_by=str(row.reversed_by))


def allocate(
    *, payment: Payment, shares: Sequence[Share], by: User, at: datetime, prepaid: bool = False
) -> None:
    """Pay charges of the client out of `payment`; `shares` is [{charge, amount}]. Call under `lock_ledger`.

    A charge that waits for the director owes nothing yet; what is `prepaid` in a package goes to it all the same.

    :raises Invalid: for a charge that the actor can't see, is another client's, comes twice, or that a health card
        may not pay
    :raises OverAllocated: when a share passes the balance of its charge, or their sum what is left of the payment
    """
    visible = (
        selectors.charges().visible_to(by).filter(client__in=person(payment.client_id), reverses__isnull=True)
    )
    found: dict[UUID, Charge] = {row.pk: row for row in visible.filter(pk__in=[s["charge"] for s in shares])}
    merge(_share_errors(payment, shares, found))
    left = selectors.payments().get(pk=payment.pk).unallocated
    if money.total(share["amount"] for share in shares) > left:
        raise OverAllocated(f"{left} of this payment is left.", left=str(left))
    if over := _over(shares, found, prepaid=prepaid):
        raise OverAllocated(over[0].detail, errors=over)
    for index, share in enumerate(shares):
        row = PaymentAllocation(payment=payment, charge=found[share["charge"]], amount=share["amount"])
        row.insert_by(by, at=at + index * AFTER)


def _over(shares: Sequence[Share], found: Mapping[UUID, Charge], *, prepaid: bool) -> list[FieldError]:
    """One error for each share that passes what its charge owes."""
    errors = []
    for index, share in enumerate(shares):
        charge = found[share["charge"]]
        waits = charge.in_review and not prepaid
        if waits:
            detail = "This charge waits for the medical director: nothing is owed on it yet."
        else:
            detail = f"{left_of(charge)} is owed on this charge."
        if waits or share["amount"] > left_of(charge):
            errors.append(FieldError(f"/allocations/{index}/amount", "over_allocated", detail))
    return errors


def left_of(charge: Charge) -> Decimal:
    """What is left of a charge that was not reversed, also of one that waits for the director."""
    return money.ZERO if charge.reversed_by else charge.amount + charge.adjusted - charge.paid


def _share_errors(
    payment: Payment, shares: Sequence[Share], found: Mapping[UUID, Charge]
) -> list[FieldError]:
    errors = []
    for index, share in enumerate(shares):
        pointer, charge = f"/allocations/{index}/charge", found.get(share["charge"])
        if charge is None:
            errors.append(FieldError(pointer, "not_found", "There is no such charge of this client for you."))
        elif share["charge"] in [other["charge"] for other in shares[:index]]:
            errors.append(FieldError(pointer, "duplicate", "Name each charge once."))
        elif payment.method in rules.HEALTH_CARDS and charge.line_kind not in rules.HEALTH_KINDS:
            errors.append(
                FieldError(pointer, "not_hsa_eligible", "An HSA or FSA card may not pay a self-pay line.")
            )
    return errors


def free(allocations: Iterable[PaymentAllocation], *, by: User, at: datetime) -> None:
    """Take back allocations: their money is credit again. Call under `lock_ledger`."""
    for row in allocations:
        PaymentAllocation(
            payment_id=row.payment_id, charge_id=row.charge_id, amount=-row.amount, reverses=row
        ).insert_by(by, at=at)
