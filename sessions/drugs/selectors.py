"""Questions to the drug ledger."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from sessions.drugs import rules
from sessions.drugs.models import DrugEntry, DrugLot


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
