"""Two registrations were one person and are two people again: no money of one pays the other any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from billing.ledger import selectors
from billing.ledger.models import Charge
from billing.ledger.services import allocations
from kapclinic.practice.models import User
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import open_task


def part_money(*, one: UUID, others: Sequence[UUID], by: User, at: datetime) -> None:
    """Free each share by which a payment of one pays a charge of the other: it is credit of whoever paid, and the
    charge is owed again. Billing is asked to look at each such charge, and at each that a fee agreement of the other
    made cheaper: its adjustment stays until somebody takes it back.
    """
    allocations.lock_ledger(one)
    shares = list(selectors.shares_across(one, others).select_related("charge").order_by("created_at", "pk"))
    allocations.free(shares, by=by, at=at)
    reduced = selectors.reduced_across(one, others).select_related("charge").order_by("created_at", "pk")
    for charge in [*(share.charge for share in shares), *(row.charge for row in reduced)]:
        ask_to_look(charge, by=by, at=at)


def ask_to_look(charge: Charge, *, by: User, at: datetime) -> None:
    """Put a charge on billing's worklist that the other's money, package or fee agreement stood behind."""
    open_task(
        kind=Kind.MONEY_PARTED,
        location=charge.location_id,
        client=charge.client_id,
        subject_type="charge",
        subject_id=charge.pk,
        due_at=at,
        by=by,
        at=at,
    )
