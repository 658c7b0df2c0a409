"""Pure rules of the statements: the account of a client, its age, and what a statement and a payment's receipt say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from billing.documents.rules import Series, billing_provider, patient, text
from billing.ledger.models import AdjustmentReason, Method, Payment
from kapclinic.core import money
from kapclinic.practice.models import Client, Location

STATEMENT = Series("statement", "S-", "statement.typ")
STATEMENT_NOTES = (
    "This statement lists what was charged, adjusted, paid and given back. It is neither a superbill for a health plan "
    "nor a receipt for a health account.",
)
PREPAYMENT = (
    "prepayment, not an itemized medical receipt"  # IRS Information Letter 2021-0013: nothing is rendered yet
)
PAYMENT_NOTES = (
    "This confirms a payment. A health plan takes the superbill, a health account the receipt for medical care.",
)
AGES = (("d0_30", 30), ("d31_60", 60), ("d61_90", 90))  # days, both ends inclusive
OLDEST = "d91"
WORDS = {
    AdjustmentReason.SLIDING_SCALE: "Sliding scale",
    AdjustmentReason.COURTESY: "Courtesy",
    AdjustmentReason.CONTRACTUAL: "Contractual adjustment",
    AdjustmentReason.WRITE_OFF: "Written off",
    AdjustmentReason.BAD_DEBT: "Written off",
    AdjustmentReason.PACKAGE_REPRICE: "Package priced anew",
    AdjustmentReason.CORRECTION: "Correction",
}
METHODS = {
    Method.CASH: "cash",
    Method.CHECK: "check",
    Method.CARD: "card",
    Method.HSA_CARD: "HSA card",
    Method.FSA_CARD: "FSA card",
    Method.ACH: "bank transfer",
    Method.OTHER: "another way",
}


class Kind(StrEnum):
    CHARGE = "charge"
    ADJUSTMENT = "adjustment"
    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True)
class Charged:
    """A charge as the account counts it; `age` is in days, by the clinic's own date.

    One above the fee waits (`in_review`) for the director, and is owed by nobody until then (R12). A `private` one is a
    self-pay line, which no HSA or FSA card may pay (IRC 213(d)).
    """

    amount: Decimal
    adjusted: Decimal
    balance: Decimal
    age: int
    paid: Decimal = money.ZERO
    in_review: bool = False
    private: bool = False


@dataclass(frozen=True)
class Paid:
    """A payment as the account counts it; `kept` is what a package holds of its unallocated money.

    Money `by_health_card` (HSA, FSA) pays medical care alone (IRC 213(d)).
    """

    amount: Decimal
    refunded: Decimal
    unallocated: Decimal
    kept: Decimal = money.ZERO
    by_health_card: bool = False


@dataclass(frozen=True)
class Account:
    """`balance` = charges + adjustments - payments + refunds = what is open, less the credit; of charges in review none
    of it, their sum is `in_review`. `ageing` sums what is open of each charge, by its age.

    `credit` is all money that pays nothing owed; `prepaid` the part of it that is spoken for, by a package or by a
    charge in review; `health_credit` the part that is nobody's yet, but came by an HSA or FSA card. `owes` is what the
    client is to pay now: what is open, less the credit that is nobody's yet and may pay it.
    """

    charges: Decimal
    adjustments: Decimal
    payments: Decimal
    refunds: Decimal
    balance: Decimal
    credit: Decimal
    prepaid: Decimal
    health_credit: Decimal
    owes: Decimal
    in_review: Decimal
    ageing: Mapping[str, Decimal]


@dataclass(frozen=True)
class Entry:
    """One row of the books on a statement: what it adds to what the client owes, or takes off it."""

    kind: Kind
    source: UUID
    on: date
    description: str
    amount: Decimal
    location: Location


def age_of(days: int) -> str:
    """The bucket of a charge of so many days."""
    return next((name for name, last in AGES if days <= last), OLDEST)


def owes(*, is_open: Decimal, private: Decimal, free: Decimal, health_credit: Decimal) -> Decimal:
    """What a client is to pay now of what `is_open`, `private` of it on self-pay lines; below zero nothing is owed.

    `free` is the credit that is nobody's yet: what a package keeps, or a charge in review holds, pays no other service.
    The `health_credit` in it came by HSA and FSA cards, and pays medical care alone (IRC 213(d)).
    """
    care = max(is_open - private - health_credit, money.ZERO)
    return max(private + care - (free - health_credit), money.ZERO)


def account_of(charges: Iterable[Charged], payments: Iterable[Paid]) -> Account:
    """What a client owes, and what is left of their money."""
    rows, came = list(charges), list(payments)
    owed, waiting = [r for r in rows if not r.in_review], [r for r in rows if r.in_review]
    ageing = dict.fromkeys([*(name for name, _ in AGES), OLDEST], money.ZERO)
    for row in owed:
        ageing[age_of(row.age)] += row.balance
    charged, adjusted = money.total(r.amount for r in owed), money.total(r.adjusted for r in owed)
    paid, back = money.total(r.amount for r in came), money.total(r.refunded for r in came)
    held = money.total(r.paid for r in waiting)
    credit = money.total(r.unallocated for r in came) + held
    prepaid = money.total(r.kept for r in came) + held
    health_credit = money.total(r.unallocated - r.kept for r in came if r.by_health_card)
    return Account(
        charges=charged,
        adjustments=adjusted,
        payments=paid,
        refunds=back,
        balance=charged + adjusted - paid + back,
        credit=credit,
        prepaid=prepaid,
        health_credit=health_credit,
        owes=owes(
            is_open=money.total(ageing.values()),
            private=money.total(r.balance for r in owed if r.private),
            free=credit - prepaid,
            health_credit=health_credit,
        ),
        in_review=money.total(r.amount + r.adjusted for r in waiting),
        ageing=ageing,
    )


@dataclass(frozen=True)
class Standing:
    """What is open of a client's charges, by its age, and what of their money pays nothing yet; see `Account`."""

    ageing: dict[str, Decimal]
    credit: Decimal
    prepaid: Decimal
    health_credit: Decimal
    owes: Decimal

    @property
    def balance(self) -> Decimal:
        return money.total(self.ageing.values()) - self.credit


def statement_lines(entries: Sequence[Entry], *, opening: Decimal) -> list[dict[str, str]]:
    """The rows of a statement with the balance after each."""
    lines, balance = [], opening
    for entry in entries:
        balance += entry.amount
        lines.append(
            {
                "kind": entry.kind.value,
                "entry": str(entry.source),
                "date": entry.on.isoformat(),
                "description": entry.description,
                "amount": text(entry.amount),
                "balance": text(balance),
            }
        )
    return lines


def statement_totals(entries: Sequence[Entry], *, opening: Decimal) -> dict[str, str]:
    """opening + charges + adjustments - payments + refunds = balance."""
    sums = {kind: money.total(entry.amount for entry in entries if entry.kind == kind) for kind in Kind}
    came, back = -sums[Kind.PAYMENT], sums[Kind.REFUND]
    return {
        "opening": text(opening),
        "charges": text(sums[Kind.CHARGE]),
        "adjustments": text(sums[Kind.ADJUSTMENT]),
        "payments": text(came),
        "refunds": text(back),
        "paid": text(came - back),
        "balance": text(opening + money.total(sums.values())),
    }


def statement_content(
    *, location: Location, client: Client, entries: Sequence[Entry], opening: Decimal, to_pay: Decimal
) -> dict[str, Any]:
    """All that a statement says but its own number and dates; `to_pay` is what the client owes on its own day."""
    return {
        "billing_provider": billing_provider(location),
        "client": patient(client) | {"date_of_birth": ""},
        "lines": statement_lines(entries, opening=opening),
        "totals": statement_totals(entries, opening=opening),
        "owes": text(to_pay),
        "payments": [],
        "notes": list(STATEMENT_NOTES),
    }


def payment_receipt(payment: Payment, *, lines: Sequence[Mapping[str, str]], on: date) -> dict[str, Any]:
    """What a payment was for, as the books say now; money that pays none of `lines` is a prepayment and says so.

    `lines` are services that stand: the record bears them out, and none waits for the medical director.
    """
    left = payment.amount - payment.refunded - money.total(Decimal(line["amount"]) for line in lines)
    return {
        "payment": str(payment.pk),
        "issued_on": on.isoformat(),
        "billing_provider": billing_provider(payment.location),
        "client": patient(payment.client) | {"date_of_birth": ""},
        "received_on": payment.received_on.isoformat(),
        "method": payment.method,
        "reference": payment.reference,
        "amount": text(payment.amount),
        "refunded": text(payment.refunded),
        "lines": [dict(line) for line in lines],
        "unallocated": text(left),
        "notice": PREPAYMENT if left > 0 else "",
        "notes": list(PAYMENT_NOTES),
    }
