"""Make the amount of a charge another one after it was made: by hand, or by the client's fee agreement."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from billing.ledger import selectors
from billing.ledger.models import REDUCING, Adjustment, AdjustmentReason, Charge
from billing.ledger.services import allocations, watch
from billing.ledger.services.allocations import AlreadyReversed
from billing.ledger.services.prepaid import Prepaid
from billing.scales import selectors as scales
from billing.scales.rules import stays_due
from kapclinic.core.errors import Conflict, FieldError, Invalid, NotPermitted
from kapclinic.practice.models import Role, User


class AdjustmentEntry(TypedDict):
    """`amount` is less than zero for what is taken off."""

    charge: UUID
    amount: Decimal
    reason: str
    note: NotRequired[str]


class OverAdjusted(Conflict):
    code, title = "over_adjusted", "More than is still owed on this charge"


@transaction.atomic
def adjust_charge(*, values: AdjustmentEntry, by: User, at: datetime) -> Adjustment:
    """Take off a part of a charge, or put something on; the charge itself stays as it was made.

    :raises Invalid: for a charge that the actor can't see, or a reason that only takes off with an amount that puts on
    :raises AlreadyReversed: when nothing is owed on it any more
    :raises OverAdjusted: below what is paid on it, or below zero
    :raises NotPermitted: above the fee, by anybody but the medical director
    :raises EstimateExceeded: as for a charge, unless the medical director says why in `note`
    """
    rows = selectors.charges().visible_to(by).filter(reverses__isnull=True)
    found: Charge | None = rows.filter(pk=values["charge"]).first()
    if found is None:
        raise Invalid.field("charge", "There is no such charge for you.", code="not_found")
    if values["amount"] > 0 and values["reason"] in REDUCING:
        detail = f"{values['reason']} takes off: send an amount below zero."
        raise Invalid.field("amount", detail, code="must_reduce")
    allocations.lock_ledger(found.client_id)
    charge: Charge = selectors.charges().get(pk=found.pk)
    if charge.reversed_by is not None:
        raise AlreadyReversed("Nothing is owed on this charge.", reversed_by=str(charge.reversed_by))
    _refuse_beyond(charge, values["amount"])
    _refuse_above_fee(charge, values["amount"], by)
    note = values.get("note", "")
    made = Adjustment(charge=charge, amount=values["amount"], reason=values["reason"], note=note)
    made.insert_by(by, at=at)
    _look_again(made, word=note, by=by)
    return made


def _look_again(made: Adjustment, *, word: str, by: User) -> None:
    """A charge that comes to more than before is looked at as when it was posted; `word` is why the director passes it.

    :raises ClinicError: whatever a room above refuses it for
    """
    if made.amount > 0:
        watch.look_at(selectors.charges().get(pk=made.charge_id), override_reason=word, by=by)


def _refuse_beyond(charge: Charge, amount: Decimal) -> None:
    """:raises OverAdjusted: when less than that is left of it, also of one that waits for the director"""
    left = allocations.left_of(charge)
    if -amount > left:
        detail = f"{left} is owed on this charge: free or refund what is paid on it first."
        error = FieldError("/amount", "over_adjusted", detail)
        raise OverAdjusted(detail, errors=[error], left=str(left))


def _refuse_above_fee(charge: Charge, amount: Decimal, by: User) -> None:
    """An amount above the fee is the director's word, also when it comes by an adjustment.

    :raises NotPermitted: by anybody else
    """
    if amount <= 0 or charge.unit_amount is None or Role.MEDICAL_DIRECTOR in by.role_set:
        return
    most = max(charge.amount, charge.unit_amount * charge.units)
    if charge.amount + charge.adjusted + amount > most:
        raise NotPermitted(f"Above {most} only the medical director adjusts this charge.")


@transaction.atomic
def reverse_adjustment(*, adjustment: Adjustment, reason: str, by: User, at: datetime) -> Adjustment:
    """Take back an adjustment by a row of the opposite amount.

    :raises NotReversible: for a reversal
    :raises AlreadyReversed: when it has one
    :raises OverAdjusted: when the charge would then come to less than is paid on it
    :raises NotPermitted: / EstimateExceeded: as `adjust_charge`, where it puts on what was taken off
    """
    allocations.lock_ledger(adjustment.charge.client_id)
    adjustment = selectors.adjustments().get(pk=adjustment.pk)
    allocations.refuse_reversed(adjustment)
    charge: Charge = selectors.charges().get(pk=adjustment.charge_id)
    _refuse_beyond(charge, -adjustment.amount)
    _refuse_above_fee(charge, -adjustment.amount, by)
    made = _reverse(adjustment, reason=reason, by=by, at=at)
    _look_again(made, word=reason, by=by)
    return made


def _reverse(adjustment: Adjustment, *, reason: str, by: User, at: datetime) -> Adjustment:
    return Adjustment(
        charge_id=adjustment.charge_id,
        amount=-adjustment.amount,
        reason=adjustment.reason,
        note=reason,
        agreement_id=adjustment.agreement_id,
        percent=adjustment.percent,
        reverses=adjustment,
    ).insert_by(by, at=at)


def undo_adjustments(*, charge: Charge, reason: str, by: User, at: datetime) -> None:
    """Take back all adjustments of a charge that is about to be reversed; call under `lock_ledger`.

    Reductions go first, so that the charge never comes to less than zero on the way.
    """
    for adjustment in selectors.standing_adjustments(charge):
        _reverse(adjustment, reason=reason, by=by, at=at)


def apply_agreement(*, charge: Charge, prepaid: Prepaid, by: User, at: datetime) -> None:
    """Take off a charge that was just made what the client's fee agreement of that day does not leave due.

    A charge without a session, such as the fee for a missed one, is no service, and stays whole. So does what is
    `prepaid` of it: that was agreed when it was bought.
    """
    if not charge.session_id:
        return
    agreement = scales.agreement_on(client=charge.client_id, on=charge.date_of_service)
    if agreement is None:
        return
    asked = charge.amount - prepaid.amount
    fee = None if charge.unit_amount is None else charge.unit_amount * (charge.units - prepaid.units)
    due = stays_due(amount=asked, fee=fee, percent=agreement.percent)
    if due < asked:
        Adjustment(
            charge=charge,
            amount=due - asked,
            reason=AdjustmentReason.SLIDING_SCALE,
            note=f"{agreement.tier}: {agreement.percent} % of the fee",
            agreement=agreement,
            percent=agreement.percent,
        ).insert_by(by, at=at)
