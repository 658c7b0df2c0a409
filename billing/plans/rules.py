"""Pure rules of payment plans: the parts, what is due on a day, and which plan a payment counts towards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from billing.plans.models import PaymentPlan
from kapclinic.core import money
from kapclinic.core.transitions import Move
from kapclinic.practice.rules import BILLERS

Status = PaymentPlan.Status
PAYMENT_PLAN_MOVES = {"cancel": Move.of({Status.ACTIVE}, Status.CANCELLED, BILLERS)}


@dataclass(frozen=True)
class Part:
    """One part of a plan: its day, its amount, and how much of it is paid."""

    number: int
    due_on: date
    amount: Decimal
    paid: Decimal

    @property
    def open(self) -> Decimal:
        return self.amount - self.paid


@dataclass(frozen=True)
class Agreed:
    """A plan as payments look at it: open for them from `since` to `until` (None: still)."""

    plan: UUID
    total: Decimal
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Money:
    """What is left of a payment after refunds and packages, and when it was entered."""

    amount: Decimal
    at: datetime


@dataclass(frozen=True)
class Open:
    """What a plan may be for: what a client owes now, what estimates still expect, what standing plans are for."""

    owes: Decimal
    expected: Decimal
    planned: Decimal

    @property
    def left(self) -> Decimal:
        return max(self.owes + self.expected - self.planned, money.ZERO)


def above_balance(found: Open) -> str:
    """Why a total is too much, in words."""
    return (
        f"{found.left} may be planned: {found.owes} is owed now, estimates expect {found.expected} more, and other "
        f"plans stand for {found.planned}."
    )


def parts_of(
    *, total: Decimal, count: int, first_due: date, interval_days: int, paid: Decimal = money.ZERO
) -> list[Part]:
    """The parts: they sum to `total` exactly, the first ones carry the odd cents, and what is paid fills the first."""
    parts = []
    for index, amount in enumerate(money.split(total, count)):
        share = min(amount, paid)
        paid -= share
        day = first_due + timedelta(days=index * interval_days)
        parts.append(Part(index + 1, day, amount, share))
    return parts


def overdue(parts: Iterable[Part], *, on: date) -> list[Part]:
    """The parts whose day is over on the day `on` and that are not paid whole."""
    return [part for part in parts if part.due_on < on and part.open > 0]


def shared_out(plans: Sequence[Agreed], payments: Iterable[Money]) -> dict[UUID, Decimal]:
    """What each plan of one person got: a payment counts once, for the oldest plan that was open and is not full."""
    paid = dict.fromkeys((plan.plan for plan in plans), money.ZERO)
    oldest = sorted(plans, key=lambda plan: (plan.since, plan.plan))
    for payment in payments:
        left = payment.amount
        for plan in oldest:
            open_then = plan.since <= payment.at and (plan.until is None or payment.at <= plan.until)
            share = min(left, plan.total - paid[plan.plan]) if open_then else money.ZERO
            paid[plan.plan] += share
            left -= share
    return paid
