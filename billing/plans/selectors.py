"""Questions to the payment plans. What is paid follows from the ledger, never from the plan."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from billing.estimates.selectors import still_expected
from billing.plans import rules
from billing.plans.models import PaymentPlan, PlanQuerySet
from billing.plans.rules import Agreed, Money, Open, Part
from billing.plans.sql import agreed_and_paid
from billing.statements.selectors import account
from kapclinic.core import money
from kapclinic.practice.models import User
from kapclinic.practice.selectors import person


def plans() -> PlanQuerySet:
    found: PlanQuerySet = PaymentPlan.objects.select_related("location")
    return found


def with_paid(found: Iterable[PaymentPlan]) -> list[PaymentPlan]:
    """The plans, each with `paid`: what its person paid since it was made, in one statement for all of them."""
    listed = list(found)
    paid: dict[UUID, Decimal] = {}
    for _, rows in groupby(agreed_and_paid([plan.pk for plan in listed]) if listed else [], itemgetter(0)):
        agreed, payments = [], []
        for _, key, amount, at, until in rows:
            if key is None:
                payments.append(Money(max(amount, money.ZERO), at))
            else:
                agreed.append(Agreed(key, amount, at, until))
        paid |= rules.shared_out(agreed, payments)
    for plan in listed:
        plan.paid = paid[plan.pk]
    return listed


def parts(plan: PaymentPlan) -> list[Part]:
    """The parts of a plan that came from `with_paid`."""
    return rules.parts_of(
        total=plan.total,
        count=plan.count,
        first_due=plan.first_due,
        interval_days=plan.interval_days,
        paid=plan.paid,
    )


def late_parts(plan: PaymentPlan, *, at: datetime) -> list[Part]:
    """The parts of a plan from `with_paid` that are overdue on the day at its location; of a cancelled one, none."""
    if plan.status != PaymentPlan.Status.ACTIVE:
        return []
    return rules.overdue(parts(plan), on=at.astimezone(plan.location.zone).date())


def is_open(*, client: UUID, user: User, at: datetime) -> Open:
    """What a person may still agree to pay in parts, at the user's locations."""
    standing = plans().filter(client__in=person(client), status=PaymentPlan.Status.ACTIVE)
    return Open(
        owes=account(client=client, locations=user.locations, at=at).owes,
        expected=still_expected(client=client, user=user, at=at),
        planned=money.total(plan.total - plan.paid for plan in with_paid(standing)),
    )


def falling_short(*, at: datetime) -> list[tuple[PaymentPlan, Part]]:
    """The active plans with a part that is over and not paid whole, each with the first such part."""
    begun = plans().filter(status=PaymentPlan.Status.ACTIVE, first_due__lte=at.date())
    return [(plan, late[0]) for plan in with_paid(begun) if (late := late_parts(plan, at=at))]
