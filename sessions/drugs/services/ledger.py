"""The ledger itself: every entry is written under the lock of its lot, so a balance can't go below zero."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NotRequired, TypedDict, Unpack
from uuid import UUID

from django.db import transaction

from kapclinic.core.asking import AtOnce
from kapclinic.core.errors import AlreadyVoid, Conflict, IllegalTransition, Invalid, merge
from kapclinic.core.postgresql.scoped import Asks
from kapclinic.core.transitions import require_role
from kapclinic.core.writing import joining
from kapclinic.practice.models import User
from sessions.drugs import rules
from sessions.drugs.models import DrugEntry, DrugLot
from sessions.drugs.services.witness import require_witness

LEFT_OVER = "Left of the draw."


class InsufficientStock(Conflict):
    code, title = "insufficient_stock", "The lot does not hold that much"


class LotVoided(AlreadyVoid):
    title = "This lot was entered in error"


class NoOpenDraw(IllegalTransition):
    title = "There is no open draw to settle"


class EntryFacts(TypedDict, total=False):
    """What an entry may say beside its kind and amount."""

    id: UUID
    given_mg: Decimal | None
    wasted_mg: Decimal | None
    administration: UUID | None
    session_id: UUID | None
    client_id: UUID | None
    occurred_at: datetime | None
    counterpart: UUID | None
    reason: str


class DoseAmounts(TypedDict):
    amount_mg: Decimal
    given_mg: Decimal | None
    wasted_mg: Decimal | None


class DoseOf(TypedDict):
    """Whose dose a line is about, and when it was given."""

    administration: UUID
    session_id: UUID | None
    client_id: UUID | None
    occurred_at: datetime | None


class LotFields(TypedDict):
    """A delivery as its invoice names it."""

    location_id: UUID
    drug: str
    form: str
    concentration_mg_per_ml: NotRequired[Decimal | None]
    lot_number: str
    expires_on: date
    quantity_mg: Decimal
    container_mg: NotRequired[Decimal | None]
    ndc: NotRequired[str]
    supplier: str
    supplier_address: NotRequired[str]
    supplier_dea_number: NotRequired[str]
    invoice: str


_locked = AtOnce(lambda lot_id: (DrugLot.objects.select_for_update().filter(pk=lot_id),))
_last = AtOnce(lambda lot_id: (DrugEntry.objects.filter(lot=lot_id).order_by("-sequence")[:1],))


def asks_draw(lot_id: UUID) -> list[Asks]:
    """The statements with which `draw` begins, to be sent ahead: it locks the lot, and reads its last entry."""
    return [_locked.asks(lot_id=lot_id), _last.asks(lot_id=lot_id)]


def locked_lot(lot_id: UUID, *, locations: Sequence[UUID] | None = None) -> DrugLot | None:
    if locations is None:
        return next(iter(_locked(lot_id=lot_id)[0]), None)
    rows = DrugLot.objects.select_for_update().filter(pk=lot_id, location__in=list(locations))
    found: DrugLot | None = rows.first()
    return found


def append_entry(
    *,
    lot: DrugLot,
    kind: str,
    amount_mg: Decimal,
    by: User,
    at: datetime,
    witness: User | None = None,
    **facts: Unpack[EntryFacts],
) -> DrugEntry:
    """The next entry of a locked lot.

    :raises LotVoided: on a lot that was entered in error
    :raises InsufficientStock: when the balance would fall below zero
    :raises Invalid: when it would pass what the ledger can hold
    """
    if lot.voided_at is not None:
        raise LotVoided("Nothing more is entered on it: receive the lot again.")
    last: DrugEntry | None = next(iter(_last(lot_id=lot.pk)[0]), None)
    balance = last.balance_mg if last else rules.ZERO
    of_draw = facts.get("administration") is not None
    delta = rules.effect(kind=kind, amount_mg=amount_mg, balance_mg=balance, of_draw=of_draw)
    if balance + delta < 0:
        raise InsufficientStock(f"The lot holds {balance:.3f} mg.", balance_mg=f"{balance:.3f}")
    if balance + delta > rules.MOST_MG:
        raise Invalid.field("amount_mg", f"A lot holds {rules.MOST_MG} mg at most.", code="max_value")
    entry = DrugEntry(
        lot=lot,
        sequence=last.sequence + 1 if last else 1,
        kind=kind,
        amount_mg=amount_mg,
        delta_mg=delta,
        balance_mg=balance + delta,
        witness=witness,
        witness_verified_at=at if witness else None,
        previous_hash=last.hash if last else rules.GENESIS,
        created_at=at,
        created_by=by.pk,
        **facts,
    )
    entry.hash = rules.link(entry)
    return entry.insert_by(by, at=at)


@transaction.atomic
def receive_lot(*, values: LotFields, by: User, at: datetime) -> DrugLot:
    """Take a delivery into stock: the lot, and the first entry of its ledger.

    :raises NotPermitted: unless `by` may keep drug
    :raises Invalid: for a location that is not the actor's, or a lot that is in the books already
    """
    require_role(by, rules.KEEPERS, what="Receiving drug")
    lot = DrugLot(**values)
    if lot.location_id not in by.locations:
        raise Invalid.field("location", "There is no such location for you.", code="not_found")
    same = {"location": lot.location_id, "drug__iexact": lot.drug, "lot_number__iexact": lot.lot_number}
    if DrugLot.objects.filter(**same, voided_at__isnull=True).exists():
        raise Invalid.field("lot_number", "This lot is in the books of this location already.", code="taken")
    lot.save_by(by, at=at)
    append_entry(
        lot=lot,
        kind=rules.K.RECEIVE,
        amount_mg=lot.quantity_mg,
        reason=f"Invoice {lot.invoice}",
        by=by,
        at=at,
    )
    return lot


@joining
def draw(  # noqa: PLR0913
    *,
    lot_id: UUID,
    location_id: UUID,
    drug: str,
    drawn_mg: Decimal,
    given_mg: Decimal | None,
    wasted_mg: Decimal | None,
    witness: User | None,
    administration_id: UUID,
    session_id: UUID,
    client_id: UUID,
    by: User,
    at: datetime,
    on: date,
    occurred_at: datetime | None = None,
) -> DrugEntry:
    """Draw a dose from a lot on the location's date `on`; without given and wasted it stays open until settled.

    `witness` has been verified (`verify_witness`); whatever is wasted needs one.

    :raises NotPermitted: unless `by` may keep drug
    :raises Invalid: for a lot of another location or drug, or past its date; given and wasted that don't add up
    :raises WitnessInvalid: for a waste without a second person
    :raises InsufficientStock: when the lot holds less
    """
    require_role(by, rules.KEEPERS, what="Drawing drug")
    merge(rules.split_errors(drawn_mg=drawn_mg, given_mg=given_mg, wasted_mg=wasted_mg))
    require_witness(wasted_mg=wasted_mg, witness=witness, by=by)
    lot = locked_lot(lot_id)
    if lot is None:
        raise Invalid.field("drug_lot", "There is no such lot at this location.", code="not_found")
    merge(rules.lot_errors(lot, location_id=location_id, drug=drug, on=on))
    whose: DoseOf = {
        "administration": administration_id,
        "session_id": session_id,
        "client_id": client_id,
        "occurred_at": occurred_at,
    }
    amounts: DoseAmounts = {"amount_mg": drawn_mg, "given_mg": given_mg, "wasted_mg": wasted_mg}
    return _book_dose(
        lot=lot, kind=rules.K.ADMINISTER, amounts=amounts, whose=whose, witness=witness, by=by, at=at
    )


def _book_dose(
    *,
    lot: DrugLot,
    kind: str,
    amounts: DoseAmounts,
    whose: DoseOf,
    witness: User | None,
    by: User,
    at: datetime,
) -> DrugEntry:
    """The draw or its settlement, and when something was wasted one more line that names the witness."""
    entry = append_entry(lot=lot, kind=kind, by=by, at=at, **amounts, **whose)
    if amounts["wasted_mg"]:
        append_entry(
            lot=lot,
            kind=rules.K.WASTE,
            amount_mg=amounts["wasted_mg"],
            witness=witness,
            reason=LEFT_OVER,
            by=by,
            at=at,
            **whose,
        )
    return entry


@transaction.atomic
def settle_draw(
    *,
    administration_id: UUID,
    given_mg: Decimal,
    wasted_mg: Decimal,
    witness: User | None,
    by: User,
    at: datetime,
    occurred_at: datetime | None = None,
) -> DrugEntry:
    """Say of an open draw what was given and what was wasted; returns the settlement.

    :raises NotPermitted: unless `by` may keep drug
    :raises NoOpenDraw: when this administration drew nothing from stock, or is settled
    :raises Invalid: when given and wasted are not what was drawn
    :raises WitnessInvalid: for a waste without a second person
    """
    require_role(by, rules.KEEPERS, what="Settling a draw")
    drawn = DrugEntry.objects.filter(administration=administration_id, kind=rules.K.ADMINISTER).first()
    lot = None if drawn is None else locked_lot(drawn.lot_id)
    settled = DrugEntry.objects.filter(administration=administration_id, kind=rules.K.SETTLE).exists()
    if drawn is None or lot is None or drawn.given_mg is not None or settled:
        raise NoOpenDraw("This administration has no open draw.")
    merge(rules.split_errors(drawn_mg=drawn.amount_mg, given_mg=given_mg, wasted_mg=wasted_mg))
    require_witness(wasted_mg=wasted_mg, witness=witness, by=by)
    whose: DoseOf = {
        "administration": administration_id,
        "session_id": drawn.session_id,
        "client_id": drawn.client_id,
        "occurred_at": occurred_at,
    }
    amounts: DoseAmounts = {"amount_mg": drawn.amount_mg, "given_mg": given_mg, "wasted_mg": wasted_mg}
    return _book_dose(
        lot=lot, kind=rules.K.SETTLE, amounts=amounts, whose=whose, witness=witness, by=by, at=at
    )
