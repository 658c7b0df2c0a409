"""Pure rules of the drug ledger: who may, what an entry does to the balance, how the chain is hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from kapclinic.core.errors import FieldError
from kapclinic.practice.rules import CLINICIANS, DIRECTOR, NURSES
from sessions.drugs.models import DrugEntry, DrugLot

KEEPERS = NURSES  # who may draw, receive and enter drug (rule R8)
READERS = NURSES | DIRECTOR
# Federal law asks for no second person at a waste; the clinic's policy does (DEA letter of October 2014).
WITNESSES = CLINICIANS
GENESIS = "0" * 64
ZERO = Decimal("0.000")
MOST_MG = Decimal("999999.999")

K = DrugEntry.Kind
BY_HAND = (K.WASTE, K.TRANSFER, K.RETURN, K.LOSS, K.COUNT, K.CORRECT)
BY_HAND_CHOICES = [(kind.value, kind.label) for kind in BY_HAND]
OUTGOING = frozenset({K.ADMINISTER, K.WASTE, K.TRANSFER, K.RETURN, K.LOSS})


def amount_errors(*, kind: str, amount_mg: Decimal) -> list[FieldError]:
    """A correction is signed and not zero, a count may be zero, any other amount is more than zero."""
    if kind == K.CORRECT:
        return (
            []
            if amount_mg
            else [FieldError("/amount_mg", "invalid", "A correction adds or takes away something.")]
        )
    if amount_mg < 0 or (amount_mg == 0 and kind != K.COUNT):
        return [FieldError("/amount_mg", "min_value", "The amount must be more than 0 mg.")]
    return []


def lot_errors(lot: DrugLot, *, location_id: UUID, drug: str, on: date) -> list[FieldError]:
    """Why this lot can't serve this dose: another location, another drug, or past its expiry date."""
    if lot.location_id != location_id:
        return [FieldError("/drug_lot", "not_found", "There is no such lot at this location.")]
    errors = []
    if lot.drug.strip().casefold() != drug.strip().casefold():
        errors.append(FieldError("/drug_lot", "wrong_drug", "This lot holds another drug than the order."))
    if lot.expires_on < on:
        errors.append(
            FieldError("/drug_lot", "expired", f"This lot expired on {lot.expires_on.isoformat()}.")
        )
    return errors


def split_errors(
    *, drawn_mg: Decimal, given_mg: Decimal | None, wasted_mg: Decimal | None
) -> list[FieldError]:
    """What was drawn is given or wasted, to the microgram; both are known, or neither is yet."""
    if drawn_mg <= 0:
        return [FieldError("/drawn_mg", "min_value", "The amount drawn must be more than 0 mg.")]
    if given_mg is None and wasted_mg is None:
        return []
    if given_mg is None or wasted_mg is None:
        missing = "given_mg" if given_mg is None else "wasted_mg"
        return [FieldError(f"/{missing}", "required", "Say given and wasted together, or neither yet.")]
    if given_mg < 0 or wasted_mg < 0 or given_mg + wasted_mg != drawn_mg:
        detail = f"Given and wasted together must be the {drawn_mg:.3f} mg that were drawn."
        return [FieldError("/wasted_mg", "unbalanced", detail)]
    return []


def effect(*, kind: str, amount_mg: Decimal, balance_mg: Decimal, of_draw: bool) -> Decimal:
    """The signed effect of an entry on a balance of `balance_mg`.

    A settlement, and the waste that is left of a draw, move nothing: the draw took it out of the lot already.
    """
    if kind == K.COUNT:
        return amount_mg - balance_mg
    if kind == K.SETTLE or (kind == K.WASTE and of_draw):
        return ZERO
    return -amount_mg if kind in OUTGOING else amount_mg


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.3f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, UUID) else value


HASHED = (
    *("id", "created_at", "created_by", "lot_id", "sequence", "kind", "amount_mg", "delta_mg", "balance_mg"),
    *("given_mg", "wasted_mg", "administration", "session_id", "client_id", "reason", "witness_id"),
    "witness_verified_at",
)


def link(entry: DrugEntry) -> str:
    """The hash of one entry: SHA-256 over the previous hash and every other column, as two programs would write it."""
    content = {name: _plain(getattr(entry, name)) for name in HASHED}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{entry.previous_hash}|{text}".encode()).hexdigest()


@dataclass(frozen=True)
class Broken:
    """The first bad entry and what is wrong with it."""

    lot: UUID
    sequence: int
    why: str

    def __str__(self) -> str:
        return f"lot {self.lot}, entry {self.sequence} {self.why}."


def first_broken(entries: Iterable[DrugEntry]) -> Broken | None:
    """Walk every lot's chain (entries by lot and sequence); None when all links hold and all balances add up."""
    for lot_id, rows in groupby(entries, key=lambda entry: entry.lot_id):
        expected, previous, balance = 1, GENESIS, ZERO
        for entry in rows:
            if (why := _fault(entry, expected=expected, previous=previous, balance=balance)) is not None:
                return Broken(lot_id, expected, why)
            expected, previous, balance = expected + 1, entry.hash, entry.balance_mg
    return None


def _fault(entry: DrugEntry, *, expected: int, previous: str, balance: Decimal) -> str | None:
    if entry.sequence != expected:
        return "is missing"
    if entry.previous_hash != previous:
        return "does not follow the entry before it"
    if link(entry) != entry.hash:
        return "was changed after it was written"
    if balance + entry.delta_mg != entry.balance_mg:
        return "has a balance that does not add up"
    return None
