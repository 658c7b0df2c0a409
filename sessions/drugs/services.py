"""Verbs of the drug ledger. Every entry is written under the lock of its lot, so a balance can't go below zero."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from kapclinic.core.errors import Conflict, IllegalTransition, Invalid, merge
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import Location, Role, User
from kapclinic.practice.services import confirm_password
from kapclinic.trail.services import log_act, open_task
from sessions.drugs import rules
from sessions.drugs.models import DrugEntry, DrugLot

# Theft or a significant loss is written to the DEA field office within one business day (21 CFR 1301.76(b)).
EXPLAIN_WITHIN = timedelta(hours=24)
LEFT_OVER = "Left of the draw."


class InsufficientStock(Conflict):
    code, title = "insufficient_stock", "The lot does not hold that much"


class WitnessInvalid(Invalid):
    code, title = "witness_invalid", "This witness can't be accepted"

    @classmethod
    def because(cls, detail: str) -> WitnessInvalid:
        return cls.field("witness", detail, code=cls.code)  # type: ignore[return-value]


class NoOpenDraw(IllegalTransition):
    title = "There is no open draw to settle"


# --- witness ----------------------------------------------------------------------------------------------------


def verify_witness(*, witness: Mapping[str, Any], giver: Any, location_id: UUID, at: datetime) -> User:
    """The staff member that `witness` {user, password} names, when they may witness and the password is theirs.

    Call it before the transaction of the request begins (`sessions.drugs.api.witness`): a wrong password counts
    towards the lock of the witness's login, and leaves an audit event, although the request is refused.

    :raises WitnessInvalid: for the giver themselves, an unknown or inactive person, one of another location or of a
        role that may not witness, a wrong password, or a login that is locked
    """
    if witness["user"] == giver.pk:
        raise WitnessInvalid.because("The witness must be a second person.")
    user = User.objects.filter(pk=witness["user"], is_active=True).first()
    if user is None or location_id not in user.locations:
        raise WitnessInvalid.because("There is no such staff member at this location.")
    named = Location.objects.values_list("witness_roles", flat=True).get(pk=location_id)
    if not user.role_set & (frozenset(named) or rules.WITNESSES):
        raise WitnessInvalid.because("This person's role may not witness a waste here.")
    if not confirm_password(user=user, password=witness["password"], at=at):
        log_act(
            by=giver.pk,
            roles=giver.role_set,
            action="witness.verify",
            object_type="staff",
            object_id=user.pk,
            outcome="refused",
            at=at,
        )
        raise WitnessInvalid.because("The witness's password is wrong, or their login is locked.")
    return user


def _require_witness(*, wasted_mg: Decimal | None, witness: User | None, by: Any) -> None:
    if wasted_mg and witness is None:
        raise WitnessInvalid.because("A waste names a witness who signs with their password.")
    if witness is not None and witness.pk == by.pk:
        raise WitnessInvalid.because("The witness must be a second person.")


# --- entries ----------------------------------------------------------------------------------------------------


def _locked(lot_id: UUID, **where: Any) -> DrugLot | None:
    found: DrugLot | None = DrugLot.objects.select_for_update().filter(pk=lot_id, **where).first()
    return found


def _append(
    *,
    lot: DrugLot,
    kind: str,
    amount_mg: Decimal,
    by: Any,
    at: datetime,
    witness: User | None = None,
    **facts: Any,
) -> DrugEntry:
    """The next entry of a locked lot.

    :raises InsufficientStock: when the balance would fall below zero
    :raises Invalid: when it would pass what the ledger can hold
    """
    last = lot.entries.order_by("-sequence").first()
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
def receive_lot(*, values: Mapping[str, Any], by: Any, at: datetime) -> DrugLot:
    """Take a delivery into stock: the lot, and the first entry of its ledger.

    :raises NotPermitted: unless `by` may keep drug
    :raises Invalid: for a location that is not the actor's, or a lot that is in the books already
    """
    require_role(by, rules.KEEPERS, what="Receiving drug")
    lot = DrugLot(**values)
    if lot.location_id not in by.locations:
        raise Invalid.field("location", "There is no such location for you.", code="not_found")
    same = {"location": lot.location_id, "drug__iexact": lot.drug, "lot_number__iexact": lot.lot_number}
    if DrugLot.objects.filter(**same).exists():
        raise Invalid.field("lot_number", "This lot is in the books of this location already.", code="taken")
    lot.save_by(by, at=at)
    _append(
        lot=lot,
        kind=rules.K.RECEIVE,
        amount_mg=lot.quantity_mg,
        reason=f"Invoice {lot.invoice}",
        by=by,
        at=at,
    )
    return lot


@transaction.atomic
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
    by: Any,
    at: datetime,
    on: date,
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
    _require_witness(wasted_mg=wasted_mg, witness=witness, by=by)
    lot = _locked(lot_id)
    if lot is None:
        raise Invalid.field("drug_lot", "There is no such lot at this location.", code="not_found")
    merge(rules.lot_errors(lot, location_id=location_id, drug=drug, on=on))
    whose = {"administration": administration_id, "session_id": session_id, "client_id": client_id}
    amounts = {"amount_mg": drawn_mg, "given_mg": given_mg, "wasted_mg": wasted_mg}
    return _book_dose(
        lot=lot, kind=rules.K.ADMINISTER, amounts=amounts, whose=whose, witness=witness, by=by, at=at
    )


def _book_dose(
    *,
    lot: DrugLot,
    kind: str,
    amounts: Mapping[str, Any],
    whose: Mapping[str, Any],
    witness: User | None,
    by: Any,
    at: datetime,
) -> DrugEntry:
    """The draw or its settlement, and when something was wasted one more line that names the witness."""
    entry = _append(lot=lot, kind=kind, by=by, at=at, **amounts, **whose)
    if amounts["wasted_mg"]:
        _append(
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
    by: Any,
    at: datetime,
) -> DrugEntry:
    """Say of an open draw what was given and what was wasted; returns the settlement.

    :raises NotPermitted: unless `by` may keep drug
    :raises NoOpenDraw: when this administration drew nothing from stock, or is settled
    :raises Invalid: when given and wasted are not what was drawn
    :raises WitnessInvalid: for a waste without a second person
    """
    require_role(by, rules.KEEPERS, what="Settling a draw")
    drawn = DrugEntry.objects.filter(administration=administration_id, kind=rules.K.ADMINISTER).first()
    lot = None if drawn is None else _locked(drawn.lot_id)
    settled = DrugEntry.objects.filter(administration=administration_id, kind=rules.K.SETTLE).exists()
    if drawn is None or lot is None or drawn.given_mg is not None or settled:
        raise NoOpenDraw("This administration has no open draw.")
    merge(rules.split_errors(drawn_mg=drawn.amount_mg, given_mg=given_mg, wasted_mg=wasted_mg))
    _require_witness(wasted_mg=wasted_mg, witness=witness, by=by)
    whose = {
        "administration": administration_id,
        "session_id": drawn.session_id,
        "client_id": drawn.client_id,
    }
    amounts = {"amount_mg": drawn.amount_mg, "given_mg": given_mg, "wasted_mg": wasted_mg}
    return _book_dose(
        lot=lot, kind=rules.K.SETTLE, amounts=amounts, whose=whose, witness=witness, by=by, at=at
    )


@transaction.atomic
def record_entry(
    *, lot_id: UUID, kind: str, amount_mg: Decimal, reason: str, witness: User | None, by: Any, at: datetime
) -> DrugEntry:
    """Enter by hand what happened to a lot outside a dose.

    `waste`, `transfer` (to another location, which receives it as its own lot), `return` (to the supplier) and `loss`
    take the amount out; `correct` adds the signed amount; `count` says what is there. A loss, and a count that differs
    from the balance, open a row on the medical director's worklist.

    :raises NotPermitted: unless `by` may keep drug
    :raises Invalid: for a lot that is not at the actor's locations, or an amount that the kind can't have
    :raises WitnessInvalid: for a waste without a second person
    :raises InsufficientStock: when more would leave than there is
    """
    require_role(by, rules.KEEPERS, what="Entering drug")
    merge(rules.amount_errors(kind=kind, amount_mg=amount_mg))
    _require_witness(wasted_mg=amount_mg if kind == rules.K.WASTE else None, witness=witness, by=by)
    lot = _locked(lot_id, location__in=list(by.locations))
    if lot is None:
        raise Invalid.field("lot", "There is no such lot for you.", code="not_found")
    entry = _append(lot=lot, kind=kind, amount_mg=amount_mg, reason=reason, witness=witness, by=by, at=at)
    if kind == rules.K.LOSS or (kind == rules.K.COUNT and entry.delta_mg):
        open_task(
            kind="drug_loss" if kind == rules.K.LOSS else "drug_variance",
            roles={Role.MEDICAL_DIRECTOR},
            location=lot.location_id,
            subject_type="drug_entry",
            subject_id=entry.pk,
            due_at=at + EXPLAIN_WITHIN,
            by=by,
            at=at,
        )
    return entry
