"""What happens to a lot outside a dose, entered by hand; a transfer is two entries."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from django.db import IntegrityError, transaction

from kapclinic.core import scope
from kapclinic.core.errors import Invalid, merge
from kapclinic.core.ids import uuid7
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import Location, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import open_task
from sessions.drugs import rules
from sessions.drugs.models import DrugEntry, DrugLot
from sessions.drugs.rules import deadlines
from sessions.drugs.services.discrepancies import open_discrepancy
from sessions.drugs.services.ledger import append_entry, locked_lot
from sessions.drugs.services.witness import require_witness

NO_LOT = "There is no such lot for you."


class _ByHand(TypedDict):
    """What both lines of a transfer say alike, and any other entry by hand."""

    amount_mg: Decimal
    reason: str
    witness: User | None
    by: User
    at: datetime


@transaction.atomic
def record_entry(
    *,
    lot_id: UUID,
    kind: str,
    amount_mg: Decimal,
    reason: str,
    witness: User | None,
    by: User,
    at: datetime,
    to_location: UUID | None = None,
) -> DrugEntry:
    """Enter by hand what happened to a lot outside a dose.

    `waste`, `transfer` (to the lot of the same number at `to_location`, made when it is not there; without one to
    another registrant, named in the reason), `return` (to the supplier) and `loss` take the amount out; `correct` adds
    the signed amount; `count` says what is there. A loss, a count that differs from the balance, and a correction that
    takes drug away, or adds more than the location's limit, open a discrepancy, which the medical director answers
    for. Drug that leaves the practice, and a correction that adds less, come before the medical director unless a
    second person signed.

    :raises NotPermitted: unless `by` may keep drug
    :raises Invalid: for a lot that is not at the actor's locations, an amount that the kind can't have, or a
        destination that it can't have
    :raises WitnessInvalid: for a waste without a second person
    :raises InsufficientStock: when more would leave than there is
    """
    require_role(by, rules.KEEPERS, what="Entering drug")
    merge(rules.amount_errors(kind=kind, amount_mg=amount_mg))
    merge(rules.destination_errors(kind=kind, to_location=to_location))
    if not DrugLot.objects.filter(pk=lot_id, location__in=list(by.locations)).exists():
        # before the witness: who may be one depends on the lot's location
        raise Invalid.field("lot", NO_LOT, code="not_found")
    require_witness(wasted_mg=amount_mg if kind == rules.K.WASTE else None, witness=witness, by=by)
    facts: _ByHand = {"amount_mg": amount_mg, "reason": reason, "witness": witness, "by": by, "at": at}
    if to_location is not None:
        return _transfer(lot_id, to_location, facts)
    lot = locked_lot(lot_id, locations=by.locations)
    if lot is None:
        raise Invalid.field("lot", NO_LOT, code="not_found")
    entry = append_entry(lot=lot, kind=kind, **facts)
    if rules.is_missing(kind, entry.delta_mg, most_added=lot.location.correction_limit_mg):
        expected = entry.balance_mg - entry.delta_mg
        open_discrepancy(entry=entry, expected_mg=expected, discovered_at=at, by=by, at=at)
    elif rules.is_unseen(kind, entry.delta_mg, to_location=to_location, witnessed=witness is not None):
        _put(Kind.DRUG_ENTRY_REVIEW, entry, where=lot.location, by=by, at=at)
    return entry


def _put(kind: Kind, entry: DrugEntry, *, where: Location, by: User, at: datetime) -> None:
    open_task(
        kind=kind,
        location=where.pk,
        subject_type="drug_entry",
        subject_id=entry.pk,
        due_at=deadlines.one_business_day_after(at, zone=where.zone),
        by=by,
        at=at,
    )


@scope.crossing()
def _transfer(lot_id: UUID, to_location: UUID, facts: _ByHand) -> DrugEntry:
    """Write the line out of this lot and the line into the other one, or neither. Those who keep drug there are asked
    to see that it came. Returns the line out.
    """
    by, at = facts["by"], facts["at"]
    here: DrugLot | None = DrugLot.objects.filter(pk=lot_id, location__in=list(by.locations)).first()
    there = Location.objects.filter(pk=to_location).first()
    if here is None:
        raise Invalid.field("lot", NO_LOT, code="not_found")
    if there is None or there.pk == here.location_id:
        raise Invalid.field("to_location", "There is no such other location.", code="not_found")
    here, theirs = _both_locked(here, there, facts)
    going, coming = uuid7(), uuid7()
    left = append_entry(lot=here, kind=rules.K.TRANSFER, id=going, counterpart=coming, **facts)
    came = append_entry(lot=theirs, kind=rules.K.TRANSFER_IN, id=coming, counterpart=going, **facts)
    _put(Kind.DRUG_TRANSFER, came, where=there, by=by, at=at)
    return left


def _both_locked(here: DrugLot, there: Location, facts: _ByHand) -> tuple[DrugLot, DrugLot]:
    """Both lots under their locks, taken in the order of their keys, so that two transfers never wait for each other.

    :raises Invalid: when the other location's lot of this number is not the same drug
    """
    theirs = _lot_at(there, here)
    if theirs is None:
        theirs = _new_lot(here, there, facts)
    rows = DrugLot.objects.select_for_update().filter(pk__in=[here.pk, theirs.pk]).order_by("pk")
    lots = {lot.pk: lot for lot in rows}
    merge(rules.same_lot_errors(lots[here.pk], lots[theirs.pk]))
    return lots[here.pk], lots[theirs.pk]


def _lot_at(there: Location, like: DrugLot) -> DrugLot | None:
    same = {"drug__iexact": like.drug, "lot_number__iexact": like.lot_number}
    found: DrugLot | None = DrugLot.objects.filter(location=there, voided_at__isnull=True, **same).first()
    return found


def _new_lot(like: DrugLot, there: Location, facts: _ByHand) -> DrugLot:
    """The lot at the receiving location, whose supplier is the sending one (21 CFR 1304.22(c))."""
    sender = like.location
    address = sender.address
    lot = DrugLot(
        location=there,
        drug=like.drug,
        form=like.form,
        concentration_mg_per_ml=like.concentration_mg_per_ml,
        lot_number=like.lot_number,
        expires_on=like.expires_on,
        quantity_mg=facts["amount_mg"],
        container_mg=like.container_mg,
        ndc=like.ndc,
        supplier=(sender.legal_name or sender.name)[:160],
        supplier_address=", ".join(filter(None, map(str, address.values())))[:200],
        supplier_dea_number=sender.dea_number,
        invoice=f"Transfer of {facts['at'].astimezone(sender.zone):%Y-%m-%d}",
    )
    try:
        with transaction.atomic():
            return lot.save_by(facts["by"], at=facts["at"])
    except IntegrityError:  # somebody else made it just now
        found = _lot_at(there, like)
        assert found is not None
        return found
