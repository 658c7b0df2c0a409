"""A lot that was entered in error leaves the books whole, while nothing was ever taken from it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core.errors import AlreadyVoid, Conflict
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import User
from sessions.drugs import rules
from sessions.drugs.models import DrugLot, DrugLotVoid
from sessions.drugs.services.ledger import append_entry, locked_lot
from sessions.drugs.services.witness import WitnessInvalid, require_witness


class LotInUse(Conflict):
    code, title = "lot_in_use", "Something was taken from this lot"


@transaction.atomic
def void_lot(*, lot_id: UUID, reason: str, witness: User | None, by: User, at: datetime) -> DrugLot:
    """Say that a lot was entered in error: one witnessed entry takes its balance out, and its number is free again.

    :raises NotPermitted: unless `by` may receive drug
    :raises WitnessInvalid: without a second person
    :raises AlreadyVoid: the second time
    :raises LotInUse: once drug was drawn, wasted, lost or sent on, or came from another location: then a witnessed
        `correct` of `drug-entries/` says what is really there
    """
    require_role(by, rules.KEEPERS, what="Voiding a lot")
    lot = locked_lot(lot_id)
    assert lot is not None
    if lot.voided_at is not None:
        raise AlreadyVoid
    if witness is None:
        raise WitnessInvalid.because("A void names a witness who signs with their password.")
    require_witness(wasted_mg=None, witness=witness, by=by)
    if lot.entries.exclude(kind__in=rules.UNTOUCHED).exists():
        raise LotInUse(
            "Enter a witnessed correct in drug-entries/ with the difference to what is really there."
        )
    last = lot.entries.order_by("-sequence").first()
    if last is not None and last.balance_mg:
        append_entry(
            lot=lot,
            kind=rules.K.VOID,
            amount_mg=last.balance_mg,
            reason=reason,
            witness=witness,
            by=by,
            at=at,
        )
    DrugLotVoid(lot=lot, reason=reason, witness=witness, witness_verified_at=at).insert_by(by, at=at)
    lot.voided_at = at
    return lot.save_by(by, at=at)
