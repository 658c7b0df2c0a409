"""Pure rules of the drug ledger: who may, what an entry does to the balance, how the chain is hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from kapclinic.core.errors import FieldError
from kapclinic.core.transitions import Move, allowed
from kapclinic.practice.models import User
from kapclinic.practice.rules import CLINICIANS, DIRECTOR, NURSES, StoredHours, closing_time
from sessions.drugs.models import DrugCount, DrugDiscrepancy, DrugEntry, DrugLot
from sessions.drugs.rules import names
from sessions.drugs.rules.deadlines import end_of_day

KEEPERS = NURSES  # who may draw, receive and enter drug (R8)
READERS = NURSES | DIRECTOR
# Federal law asks for no second person at a waste; the clinic's policy does (DEA letter of October 2014).
WITNESSES = CLINICIANS
GENESIS = "0" * 64
ZERO = Decimal("0.000")
MOST_MG = Decimal("999999.999")

K = DrugEntry.Kind
S = DrugDiscrepancy.State
# What turns out to be an error of the books ends explained; what does not is reported. Filing may come before the
# notice, whose clock then still runs. A report that proves wrong is closed with a reason.
DISCREPANCY_MOVES = {
    "explain": Move.of({S.OPEN}, S.EXPLAINED, DIRECTOR),
    "notify": Move.of({S.OPEN, S.EXPLAINED, S.REPORTED}, S.REPORTED, DIRECTOR),
    "file": Move.of({S.OPEN, S.EXPLAINED, S.REPORTED}, S.REPORTED, DIRECTOR),
    "close": Move.of({S.EXPLAINED, S.REPORTED}, S.CLOSED, DIRECTOR),
}
BY_ANOTHER = frozenset(
    {"explain", "close"}
)  # moves that nobody makes for what they wrote or witnessed themselves
COUNT_WITHIN = timedelta(hours=24)  # how far back a count may be written up
BY_HAND = (K.WASTE, K.TRANSFER, K.RETURN, K.LOSS, K.COUNT, K.CORRECT)
BY_HAND_CHOICES = [(kind.value, kind.label) for kind in BY_HAND]
OUTGOING = frozenset({K.ADMINISTER, K.WASTE, K.TRANSFER, K.RETURN, K.LOSS, K.VOID})


UNTOUCHED = frozenset({K.RECEIVE, K.COUNT, K.CORRECT})  # entries of a lot from which nothing was ever taken


class Containers(TypedDict):
    """Full containers, and the mg in the open one."""

    whole: int
    open_mg: Decimal


class CountLine(TypedDict):
    lot: UUID
    counted_mg: Decimal


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


def destination_errors(*, kind: str, to_location: UUID | None) -> list[FieldError]:
    """A transfer may name another location of the practice; without one it leaves for another registrant."""
    if kind != K.TRANSFER and to_location is not None:
        return [FieldError("/to_location", "not_a_transfer", "Only a transfer goes to another location.")]
    return []


def same_lot_errors(here: DrugLot, there: DrugLot) -> list[FieldError]:
    """Two lots of one number are one lot only when strength and expiry agree as well."""
    if (here.concentration_mg_per_ml, here.expires_on) == (there.concentration_mg_per_ml, there.expires_on):
        return []
    detail = "The lot of this number there has another strength or expiry."
    return [FieldError("/to_location", "other_lot", detail)]


def is_missing(kind: str, delta_mg: Decimal, *, most_added: Decimal) -> bool:
    """Must somebody answer for this entry: a loss, a count that differs, a correction that takes drug away?

    Or one that adds more than `most_added`, the location's limit: whoever corrects upwards first can take the rest.
    """
    corrected = kind == K.CORRECT and (delta_mg < 0 or delta_mg > most_added)
    return kind == K.LOSS or (kind == K.COUNT and delta_mg != 0) or corrected


def is_unseen(kind: str, delta_mg: Decimal, *, to_location: UUID | None, witnessed: bool) -> bool:
    """Did one person alone send drug out, or make the books hold more than they did? Then the director looks at it.

    A transfer inside the practice is seen by whoever receives it; what goes missing is answered for (`is_missing`).
    """
    left = kind == K.RETURN or (kind == K.TRANSFER and to_location is None)
    return not witnessed and (left or (kind == K.CORRECT and delta_mg > 0))


def is_own(entry: DrugEntry, *, by: User) -> bool:
    """Did `by` write or witness this entry?"""
    return by.pk in {entry.created_by, entry.witness_id}


def discrepancy_moves(row: DrugDiscrepancy, *, by: User) -> list[str]:
    """What `by` may do with it now."""
    own = BY_ANOTHER if is_own(row.entry, by=by) else frozenset()
    return [name for name in allowed(DISCREPANCY_MOVES, state=row.state, by=by) if name not in own]


def last_closed_day(
    hours: Sequence[StoredHours], *, closed_dates: Iterable[date], zone: ZoneInfo, at: datetime
) -> tuple[date, datetime]:
    """The latest local day whose closing time has come, and that time; a day without hours ends at midnight."""
    today, closed = at.astimezone(zone).date(), set(closed_dates)
    for day in (today, today - timedelta(days=1)):
        ends = [closing_time(row["to"]) for row in hours if row["weekday"] == day.weekday()]
        ends = ends if day not in closed else []
        closing = datetime.combine(day, max(ends), tzinfo=zone) if ends else end_of_day(day, zone=zone)
        if closing <= at:
            return day, closing
    return today - timedelta(days=1), end_of_day(today - timedelta(days=1), zone=zone)


def containers(*, balance_mg: Decimal, container_mg: Decimal | None) -> Containers | None:
    """Full containers, and the mg in the open one; None for a lot that says nothing of its containers."""
    if container_mg is None:
        return None
    return {"whole": int(balance_mg // container_mg), "open_mg": balance_mg % container_mg}


def volume_ml(amount_mg: Decimal | None, *, concentration: Decimal | None) -> Decimal | None:
    """mg as mL, to the microliter; None for what is not a liquid."""
    if amount_mg is None or concentration is None:
        return None
    return (amount_mg / concentration).quantize(ZERO)


def business_of(*, kind: str, given: str | None) -> str | None:
    """Whether a count was taken at the open or at the close of business; an inventory must say so (1304.11(a))."""
    said = {DrugCount.Kind.OPENING: DrugCount.Business.OPEN, DrugCount.Kind.CLOSING: DrugCount.Business.CLOSE}
    return str(said.get(DrugCount.Kind(kind), given or "")) or None


def line_errors(lines: Sequence[CountLine], *, here: Iterable[UUID]) -> list[FieldError]:
    """Lots that are not at this location, or that are counted twice, by line."""
    known, seen, errors = set(here), set(), []
    for index, line in enumerate(lines):
        if line["lot"] not in known:
            errors.append(
                FieldError(f"/lines/{index}/lot", "not_found", "There is no such lot at this location.")
            )
        elif line["lot"] in seen:
            errors.append(FieldError(f"/lines/{index}/lot", "repeated", "This lot is counted twice."))
        seen.add(line["lot"])
    return errors


def after_wrong_password(
    failed_at: Sequence[datetime], *, at: datetime, attempts: int, window: timedelta, lock: timedelta
) -> tuple[list[datetime], datetime | None]:
    """The wrong passwords to remember, and until when the witness is locked; `attempts` within `window` lock."""
    recent = [*(moment for moment in failed_at if moment > at - window), at]
    return ([], at + lock) if len(recent) >= attempts else (recent, None)


def lot_errors(lot: DrugLot, *, location_id: UUID, drug: str, on: date) -> list[FieldError]:
    """Why this lot can't serve this dose: another location, another drug, or past its expiry date."""
    if lot.location_id != location_id:
        return [FieldError("/drug_lot", "not_found", "There is no such lot at this location.")]
    errors = []
    if not names.same_drug(lot.drug, drug):
        errors.append(FieldError("/drug_lot", "wrong_drug", "This lot holds another drug than the order."))
    if lot.voided_at is not None:
        errors.append(FieldError("/drug_lot", "voided", "This lot was entered in error."))
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


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:.3f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, UUID) else value


LATER = ("occurred_at", "counterpart")  # columns that were added later: hashed only when they are not empty
HASHED = (
    *("id", "created_at", "created_by", "lot_id", "sequence", "kind", "amount_mg", "delta_mg", "balance_mg"),
    *("given_mg", "wasted_mg", "administration", "session_id", "client_id", "reason", "witness_id"),
    "witness_verified_at",
)


def link(entry: DrugEntry) -> str:
    """The hash of one entry: SHA-256 over the previous hash and every other column, as two programs would write it."""
    said = [name for name in LATER if getattr(entry, name) is not None]
    content = {name: _plain(getattr(entry, name)) for name in (*HASHED, *said)}
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
