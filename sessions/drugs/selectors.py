"""Questions to the drug ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, Max, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from kapclinic.core.asking import AtOnce
from kapclinic.core.postgresql.scoped import Asks
from kapclinic.practice.models import User
from kapclinic.trail.chains import Heads
from sessions.drugs import rules
from sessions.drugs.models import DrugCount, DrugEntry, DrugLot
from sessions.drugs.rules.deadlines import end_of_day

DAY = timedelta(days=1)


_lot = AtOnce(lambda lot_id: (DrugLot.objects.filter(pk=lot_id),))


def lot_of(lot_id: UUID) -> DrugLot | None:
    """The lot, as it is on the shelf of whichever location."""
    return next(iter(_lot(lot_id=lot_id)[0]), None)


def asks_lot(lot_id: UUID) -> Asks:
    """The statement of `lot_of`, to be sent ahead."""
    return _lot.asks(lot_id=lot_id)


def open_draws(*, session_id: UUID) -> QuerySet[DrugEntry]:
    """Draws of this session of which nobody has said yet how much was given and how much wasted."""
    settled = DrugEntry.objects.filter(administration=OuterRef("administration"), kind=DrugEntry.Kind.SETTLE)
    found: QuerySet[DrugEntry] = DrugEntry.objects.filter(
        ~Exists(settled), session_id=session_id, kind=DrugEntry.Kind.ADMINISTER, given_mg__isnull=True
    )
    return found.order_by("created_at", "pk")


def ledger_problem() -> str | None:
    """What is wrong with the first bad entry of any lot; None when every chain holds (for `verify_audit`)."""
    empty = (
        DrugLot.objects.filter(~Exists(DrugEntry.objects.filter(lot=OuterRef("pk")))).order_by("pk").first()
    )
    if empty is not None:
        return f"lot {empty.pk} has lost its entries."
    entries = DrugEntry.objects.order_by("lot_id", "sequence").iterator(chunk_size=2000)
    broken = rules.first_broken(entries)
    return None if broken is None else str(broken)


# --- counts -----------------------------------------------------------------------------------------------------


def last_entries(lots: Iterable[UUID]) -> dict[UUID, DrugEntry]:
    """The last entry of each of these lots: its balance is what the lot holds."""
    rows = DrugEntry.objects.filter(lot__in=list(lots)).order_by("lot_id", "-sequence").distinct("lot_id")
    return {row.lot_id: row for row in rows}


def to_count(*, user: User, location_id: UUID | None = None) -> QuerySet[DrugLot]:
    """The lots that somebody counts: those that should hold something; how much, the counter is not told."""
    found: QuerySet[DrugLot] = DrugLot.objects.visible_to(user).holding()
    return found if location_id is None else found.filter(location=location_id)


def last_moved_at(*, location_id: UUID, day: date, zone: ZoneInfo) -> datetime | None:
    """When drug of this location last moved on its local `day`, counts aside."""
    begins, ends = end_of_day(day - DAY, zone=zone), end_of_day(day, zone=zone)
    moved = DrugEntry.objects.filter(
        lot__location=location_id, created_at__gte=begins, created_at__lt=ends
    ).exclude(kind=DrugEntry.Kind.COUNT)
    found: datetime | None = moved.aggregate(last=Max("created_at"))["last"]
    return found


def was_counted_since(moment: datetime, *, location_id: UUID) -> bool:
    """Was the whole safe counted at the close of business, at `moment` or later?"""
    counts = DrugCount.objects.filter(
        location=location_id,
        business=DrugCount.Business.CLOSE,
        complete=True,
        counted_at__gte=moment,
    )
    return bool(counts.exists())


def inventories() -> Iterator[tuple[UUID, datetime | None, datetime]]:
    """Each location that ever held drug: when its last inventory was taken, and its first lot received."""
    taken = DrugCount.objects.filter(kind=DrugCount.Kind.INVENTORY).order_by()
    last = dict(
        taken.values("location_id").annotate(last=Max("counted_at")).values_list("location_id", "last")
    )
    lots = DrugLot.objects.order_by().values("location_id").annotate(first=Min("created_at"))
    for location_id, first in lots.values_list("location_id", "first"):
        yield location_id, last.get(location_id), first


# --- register ---------------------------------------------------------------------------------------------------


def register(
    *, user: User, location_id: UUID, since: datetime, until: datetime, drug: str | None = None
) -> QuerySet[DrugEntry]:
    """The entries of one location from `since` to before `until`, by when they happened; lot by lot, in their order.

    Each with lot, client, witness, discrepancy, and the name and credentials of whoever wrote it, in one query.
    """
    author = User.objects.filter(pk=OuterRef("created_by"))
    found: QuerySet[DrugEntry] = (
        DrugEntry.objects.visible_to(user)
        .annotate(
            moment=Coalesce("occurred_at", "created_at"),
            by_name=Subquery(author.values("name")[:1]),
            by_credentials=Subquery(author.values("credentials")[:1]),
        )
        .filter(lot__location=location_id, moment__gte=since, moment__lt=until)
        .select_related("lot", "client", "witness", "discrepancy")
        .order_by("lot__drug", "lot__lot_number", "lot_id", "sequence")
    )
    return found if drug is None else found.filter(lot__drug__iexact=drug)


# --- the chain's head -------------------------------------------------------------------------------------------


class Head(TypedDict):
    sequence: int
    hash: str


def ledger_heads() -> dict[str, Head]:
    """The last entry of every lot: what an anchor keeps elsewhere."""
    rows = DrugEntry.objects.order_by("lot_id", "-sequence").distinct("lot_id")
    return {str(row.lot_id): {"sequence": row.sequence, "hash": row.hash} for row in rows}


def beside_anchor(heads: Heads) -> str | None:
    """What is wrong with the first lot whose ledger lacks the entry that an anchor names; None when all have it."""
    for lot, head in sorted(heads.items()):
        entries = DrugEntry.objects.filter(lot_id=UUID(lot))
        found = entries.filter(sequence=head["sequence"]).first()
        if found is None:
            last = entries.aggregate(last=Max("sequence"))["last"] or 0
            return f"lot {lot}, entry {last + 1} is missing: the anchor holds {head['sequence']} entries."
        if found.hash != head["hash"]:
            return f"lot {lot}, entry {head['sequence']} is not the one that the anchor holds."
    return None
