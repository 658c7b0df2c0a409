"""Tables of the drug ledger. Amounts are milligrams with three decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Lower

from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet, AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Client, Location, User
from sessions.booking.models import Session


def _milligrams(**options: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(max_digits=9, decimal_places=3, **options)


class DrugLotQuerySet(AuditedQuerySet["DrugLot"]):
    def visible_to(self, user: Any) -> DrugLotQuerySet:
        """Stock of the user's own locations."""
        return self.filter(location__in=list(user.locations))

    def with_balance(self) -> DrugLotQuerySet:
        """Each lot with `balance_mg`, the balance of its last entry, in the same query."""
        last = DrugEntry.objects.filter(lot=OuterRef("pk")).order_by("-sequence").values("balance_mg")[:1]
        return self.annotate(
            balance_mg=Coalesce(Subquery(last), Value(Decimal(0)), output_field=_milligrams())
        )


class DrugLot(AuditedModel):
    """One lot of a controlled drug at one location, as its invoice names it (21 CFR 1304.22(c))."""

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    drug = models.CharField(max_length=80)
    form = models.CharField(max_length=60)
    concentration_mg_per_ml = _milligrams(null=True)
    lot_number = models.CharField(max_length=60)
    expires_on = models.DateField()
    quantity_mg = _milligrams()
    supplier = models.CharField(max_length=160)
    invoice = models.CharField(max_length=80)

    objects: ClassVar[Any] = DrugLotQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("location", Lower("drug"), Lower("lot_number"), name="drug_lot_once"),
            models.CheckConstraint(name="drug_lot_quantity", condition=Q(quantity_mg__gt=0)),
            models.CheckConstraint(
                name="drug_lot_concentration",
                condition=Q(concentration_mg_per_ml__isnull=True) | Q(concentration_mg_per_ml__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.drug} {self.lot_number}"


class DrugEntryQuerySet(AppendOnlyQuerySet["DrugEntry"]):
    def visible_to(self, user: Any) -> DrugEntryQuerySet:
        """Entries on lots of the user's own locations."""
        return self.filter(lot__location__in=list(user.locations))


class DrugEntry(AppendOnlyModel):
    """One line of a lot's ledger: what happened, what it did to the balance, and the hash that chains it.

    A dose is one `administer` row (delta: minus the amount drawn). Given and wasted stand on it when they are known
    at once; else it is an open draw, and one `settle` row (delta 0) says them later. Whatever was wasted is one
    further `waste` row (delta 0: it left the lot with the draw) that names the witness.
    """

    class Kind(models.TextChoices):
        RECEIVE = "receive"
        ADMINISTER = "administer"
        SETTLE = "settle"
        WASTE = "waste"
        TRANSFER = "transfer"
        RETURN = "return"
        LOSS = "loss"
        COUNT = "count"
        CORRECT = "correct"

    lot = models.ForeignKey(DrugLot, on_delete=models.PROTECT, related_name="entries")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount_mg = _milligrams()
    delta_mg = _milligrams()
    balance_mg = _milligrams()
    given_mg = _milligrams(null=True)
    wasted_mg = _milligrams(null=True)
    administration = models.UUIDField(null=True)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=1000, blank=True)
    witness = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    witness_verified_at = models.DateTimeField(null=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects: ClassVar[Any] = DrugEntryQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["lot", "sequence"], name="drug_entry_once"),
            models.UniqueConstraint(
                fields=["administration"], condition=Q(kind="administer"), name="drug_draw_once"
            ),
            models.UniqueConstraint(
                fields=["administration"], condition=Q(kind="settle"), name="drug_settle_once"
            ),
            models.UniqueConstraint(
                fields=["administration"], condition=Q(kind="waste"), name="drug_draw_waste_once"
            ),
            models.CheckConstraint(name="drug_entry_balance", condition=Q(balance_mg__gte=0)),
            models.CheckConstraint(
                name="drug_entry_first",
                condition=Q(sequence=1, kind="receive") | Q(sequence__gt=1) & ~Q(kind="receive"),
            ),
            models.CheckConstraint(
                name="drug_entry_effect",
                condition=Q(kind="receive", amount_mg__gt=0, delta_mg=F("amount_mg"))
                | Q(kind__in=["administer", "transfer", "return", "loss"], amount_mg__gt=0)
                & Q(delta_mg=F("amount_mg") * -1)
                | Q(kind="waste", administration__isnull=True, amount_mg__gt=0, delta_mg=F("amount_mg") * -1)
                | Q(kind="waste", administration__isnull=False, amount_mg__gt=0, delta_mg=0)
                | Q(kind="settle", amount_mg__gt=0, delta_mg=0)
                | Q(kind="count", amount_mg__gte=0, balance_mg=F("amount_mg"))
                | Q(kind="correct", delta_mg=F("amount_mg")) & ~Q(amount_mg=0),
            ),
            models.CheckConstraint(
                name="drug_entry_given_and_wasted",
                condition=Q(given_mg__isnull=True, wasted_mg__isnull=True) & ~Q(kind="settle")
                | Q(kind__in=["administer", "settle"], given_mg__gte=0, wasted_mg__gte=0)
                & Q(amount_mg=F("given_mg") + F("wasted_mg")),
            ),
            models.CheckConstraint(
                name="drug_entry_whose",
                condition=~Q(kind__in=["administer", "settle"])
                | Q(administration__isnull=False, session__isnull=False, client__isnull=False),
            ),
            models.CheckConstraint(
                name="drug_entry_witness",
                condition=Q(witness__isnull=True, witness_verified_at__isnull=True) & ~Q(kind="waste")
                | Q(witness__isnull=False, witness_verified_at__isnull=False) & ~Q(witness=F("created_by")),
            ),
            models.CheckConstraint(
                name="drug_entry_hash",
                condition=Q(hash__regex=r"^[0-9a-f]{64}$", previous_hash__regex=r"^[0-9a-f]{64}$"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind} {self.amount_mg}"
