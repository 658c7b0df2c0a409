"""Two registrations were one person and are two people again: no package of one is kept with the other's money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from billing.ledger.services.allocations import lock_ledger
from billing.ledger.services.partings import ask_to_look
from billing.packages import rules, selectors
from billing.packages.services.purchases import cancel_purchase
from kapclinic.practice.models import User
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import open_task

REASON = "The two registrations are two people after all."


def part_packages(*, one: UUID, others: Sequence[UUID], by: User, at: datetime) -> None:
    """End each purchase of one that the other's money paid; what it did not use is credit of whoever paid.

    A session of one that was drawn from a package of the other stays drawn until its charge is reversed. Billing is
    asked to look at each of both.
    """
    lock_ledger(one)
    for purchase in selectors.bought_across(one, others):
        if (
            rules.status_of(rules.items_left(purchase.items, purchase.draws_made), cancelled=False)
            != rules.ACTIVE
        ):
            continue
        cancel_purchase(purchase=purchase, reason=REASON, by=by, at=at)
        open_task(
            kind=Kind.MONEY_PARTED,
            location=purchase.location_id,
            client=purchase.client_id,
            subject_type="package_purchase",
            subject_id=purchase.pk,
            due_at=at,
            by=by,
            at=at,
        )
    for draw in selectors.drawn_across(one, others):
        ask_to_look(draw.charge, by=by, at=at)
