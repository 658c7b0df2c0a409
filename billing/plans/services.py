"""Agree on a payment plan, end it, and tell billing of the ones that fall short."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from billing.ledger.services.allocations import lock_ledger
from billing.plans import rules, selectors
from billing.plans.models import PaymentPlan
from kapclinic.core import money, transitions
from kapclinic.core.errors import Invalid
from kapclinic.practice.models import SYSTEM, Client, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import Matter, keep_listed, settle_tasks


class PlanEntry(TypedDict):
    client: UUID
    total: Decimal
    count: int
    first_due: date
    interval_days: int
    location: NotRequired[UUID]


@transaction.atomic
def agree_on_plan(*, values: PlanEntry, by: User, at: datetime) -> PaymentPlan:
    """Write down in which parts a client means to pay a sum; no charge and no payment comes of it.

    A plan is for what is owed now and for what issued estimates still expect, as far as no other plan is for it. A
    package is sold for a payment that holds its whole price, so nothing of one is ever open.

    :raises Invalid: for a client or location that the actor can't see, a part below one cent, or more than is open
    """
    client: Client | None = Client.objects.visible_to(by).filter(pk=values["client"]).first()
    if client is None:
        raise Invalid.field("client", "There is no such client for you.", code="not_found")
    mine = [pk for pk in client.locations if pk in by.locations]
    location = values.get("location", mine[0])
    if location not in mine:
        raise Invalid.field("location", "There is no such location of this client for you.", code="not_found")
    if values["total"] < values["count"] * money.CENT:
        raise Invalid.field("total", "Every part is a cent at least.", code="too_small")
    lock_ledger(client.pk)
    is_open = selectors.is_open(client=client.pk, user=by, at=at)
    if values["total"] > is_open.left:
        raise Invalid.field("total", rules.above_balance(is_open), code="above_balance")
    return PaymentPlan(
        client=client,
        location_id=location,
        total=values["total"],
        count=values["count"],
        first_due=values["first_due"],
        interval_days=values["interval_days"],
    ).save_by(by, at=at)


@transaction.atomic
def cancel_plan(*, plan_id: UUID, reason: str, by: User, at: datetime) -> PaymentPlan:
    """End a plan; what is owed stays owed.

    :raises IllegalTransition: when it was cancelled before
    """
    plan: PaymentPlan = PaymentPlan.objects.select_for_update(no_key=True).get(pk=plan_id)
    transitions.apply(rules.PAYMENT_PLAN_MOVES, "cancel", instance=plan, by=by)
    plan.cancelled_at, plan.cancel_reason = at, reason
    plan.save_by(by, at=at)
    settle_tasks(kind=Kind.PLAN_OVERDUE, subject_id=plan.pk, by=by, at=at, outcome="cancelled")
    return plan


def sweep_plans(*, at: datetime) -> int:
    """Keep the plans on the worklist that fall short: less was paid since they were made than is due by now."""
    waiting: dict[UUID, Matter] = {
        plan.pk: {
            "location": plan.location_id,
            "client": plan.client_id,
            "assignee": None,
            "due_at": datetime.combine(
                part.due_on + timedelta(days=1), time.min, plan.location.zone
            ),  # the end of the day on which it was due
        }
        for plan, part in selectors.falling_short(at=at)
    }
    return keep_listed(kind=Kind.PLAN_OVERDUE, subject_type="payment_plan", waiting=waiting, by=SYSTEM, at=at)
