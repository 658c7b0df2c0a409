"""Tables of the drug ledger. Amounts are milligrams with three decimals."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
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

    def holding(self) -> DrugLotQuerySet:
        """Lots that should hold something, with `balance_mg`."""
        return self.with_balance().filter(Q(balance_mg__gt=0))


class DrugLot(AuditedModel):
    """One lot of a controlled drug at one location, as its invoice names it (21 CFR 1304.22(c)).

    `container_mg` is what one full container (a vial, a troche) holds; without it the lot is one bulk amount.
    """

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    drug = models.CharField(max_length=80)
    form = models.CharField(max_length=60)
    concentration_mg_per_ml = _milligrams(null=True)
    lot_number = models.CharField(max_length=60)
    expires_on = models.DateField()
    quantity_mg = _milligrams()
    container_mg = _milligrams(null=True)
    ndc = models.CharField(max_length=13, blank=True)
    supplier = models.CharField(max_length=160)
    supplier_address = models.CharField(max_length=200, blank=True)
    supplier_dea_number = models.CharField(max_length=9, blank=True)
    invoice = models.CharField(max_length=80)
    voided_at = models.DateTimeField(null=True)  # entered in error (DrugLotVoid): its number is free again

    objects: ClassVar[Any] = DrugLotQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                "location",
                Lower("drug"),
                Lower("lot_number"),
                condition=Q(voided_at__isnull=True),
                name="drug_lot_once",
            ),
            models.CheckConstraint(name="drug_lot_quantity", condition=Q(quantity_mg__gt=0)),
            models.CheckConstraint(
                name="drug_lot_concentration",
                condition=Q(concentration_mg_per_ml__isnull=True) | Q(concentration_mg_per_ml__gt=0),
            ),
            models.CheckConstraint(
                name="drug_lot_container", condition=Q(container_mg__isnull=True) | Q(container_mg__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.drug} {self.lot_number}"


class DrugLotVoid(AppendOnlyModel):
    """A lot that was entered in error, why, and the second person who saw that nothing was drawn from it."""

    lot = models.OneToOneField(DrugLot, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=1000)
    witness = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    witness_verified_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="drug_lot_void_witness", condition=~Q(witness=F("created_by")))
        ]

    def __str__(self) -> str:
        return f"void of {self.lot_id}"


class DrugEntryQuerySet(AppendOnlyQuerySet["DrugEntry"]):
    def visible_to(self, user: Any) -> DrugEntryQuerySet:
        """Entries on lots of the user's own locations."""
        return self.filter(lot__location__in=list(user.locations))


class DrugEntry(AppendOnlyModel):
    """One line of a lot's ledger: what happened, what it did to the balance, and the hash that chains it.

    A dose is one `administer` row (delta: minus the amount drawn). Given and wasted stand on it when they are known
    at once; else it is an open draw, and one `settle` row (delta 0) says them later. Whatever was wasted is one
    further `waste` row (delta 0: it left the lot with the draw) that names the witness. A transfer is two rows of one
    amount, `transfer` here and `transfer_in` in the other location's lot; each names the other as its `counterpart`.
    `occurred_at` is when it happened, where that is not the moment of writing.
    """

    class Kind(models.TextChoices):
        RECEIVE = "receive"
        ADMINISTER = "administer"
        SETTLE = "settle"
        WASTE = "waste"
        TRANSFER = "transfer"
        TRANSFER_IN = "transfer_in"
        RETURN = "return"
        LOSS = "loss"
        COUNT = "count"
        CORRECT = "correct"
        VOID = "void"

    rides: ClassVar[bool] = True
    lot = models.ForeignKey(DrugLot, on_delete=models.PROTECT, related_name="entries", db_index=False)
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    amount_mg = _milligrams()
    delta_mg = _milligrams()
    balance_mg = _milligrams()
    given_mg = _milligrams(null=True)
    wasted_mg = _milligrams(null=True)
    administration = models.UUIDField(null=True)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, related_name="+")
    occurred_at = models.DateTimeField(null=True)
    counterpart = models.UUIDField(null=True)
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
                condition=Q(sequence=1, kind__in=["receive", "transfer_in"])
                | Q(sequence__gt=1) & ~Q(kind="receive"),
            ),
            models.CheckConstraint(
                name="drug_entry_effect",
                condition=Q(kind__in=["receive", "transfer_in"], amount_mg__gt=0, delta_mg=F("amount_mg"))
                | Q(kind__in=["administer", "transfer", "return", "loss", "void"], amount_mg__gt=0)
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
                name="drug_entry_counterpart",
                condition=Q(kind="transfer_in", counterpart__isnull=False)
                | Q(kind="transfer")
                | ~Q(kind__in=["transfer", "transfer_in"]) & Q(counterpart__isnull=True),
            ),
            models.CheckConstraint(
                name="drug_entry_witness",
                condition=Q(witness__isnull=True, witness_verified_at__isnull=True)
                & ~Q(kind__in=["waste", "void"])
                | Q(witness__isnull=False, witness_verified_at__isnull=False) & ~Q(witness=F("created_by")),
            ),
            models.CheckConstraint(
                name="drug_entry_hash",
                condition=Q(hash__regex=r"^[0-9a-f]{64}$", previous_hash__regex=r"^[0-9a-f]{64}$"),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["lot", "created_at"], name="drug_entry_written")
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind} {self.amount_mg}"


class DrugCountQuerySet(AppendOnlyQuerySet["DrugCount"]):
    def visible_to(self, user: Any) -> DrugCountQuerySet:
        """Counts at the user's own locations."""
        return self.filter(location__in=list(user.locations))


class DrugCount(AppendOnlyModel):
    """What two people found in the safe: at opening, at closing, or the inventory of 21 CFR 1304.11.

    `complete` says that every lot that should have held something was counted.
    """

    class Kind(models.TextChoices):
        OPENING = "opening"
        CLOSING = "closing"
        INVENTORY = "inventory"

    class Business(models.TextChoices):
        OPEN = "open"
        CLOSE = "close"

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    business = models.CharField(max_length=5, choices=Business.choices)
    counted_at = models.DateTimeField()
    complete = models.BooleanField()
    witness = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    witness_verified_at = models.DateTimeField()

    objects: ClassVar[Any] = DrugCountQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="drug_count_kind",
                condition=Q(kind="opening", business="open")
                | Q(kind="closing", business="close")
                | Q(kind="inventory", business__in=["open", "close"], complete=True),
            ),
            models.CheckConstraint(name="drug_count_two_people", condition=~Q(witness=F("created_by"))),
            models.CheckConstraint(
                name="drug_count_time",
                condition=Q(counted_at__lte=F("created_at") + Value(timedelta(minutes=1))),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["location", "kind", "counted_at"], name="drug_count_last")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.counted_at}"


class DrugCountLine(AppendOnlyModel):
    """One lot of a count, in mg. What differs wrote a `count` entry into the ledger."""

    count = models.ForeignKey(DrugCount, on_delete=models.PROTECT, related_name="lines", db_index=False)
    lot = models.ForeignKey(DrugLot, on_delete=models.PROTECT, related_name="+")
    expected_mg = _milligrams()
    counted_mg = _milligrams()
    difference_mg = _milligrams()
    entry = models.OneToOneField(DrugEntry, on_delete=models.PROTECT, null=True, related_name="count_line")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["count", "lot"], name="drug_count_lot_once"),
            models.CheckConstraint(
                name="drug_count_line_amounts",
                condition=Q(expected_mg__gte=0, counted_mg__gte=0)
                & Q(difference_mg=F("counted_mg") - F("expected_mg")),
            ),
            models.CheckConstraint(
                name="drug_count_line_entry",
                condition=Q(difference_mg=0, entry__isnull=True)
                | ~Q(difference_mg=0) & Q(entry__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lot_id} {self.counted_mg}"


class DrugDiscrepancyQuerySet(AuditedQuerySet["DrugDiscrepancy"]):
    def visible_to(self, user: Any) -> DrugDiscrepancyQuerySet:
        """Discrepancies at the user's own locations."""
        return self.filter(location__in=list(user.locations))


class DrugDiscrepancy(AuditedModel):
    """Drug that is not there, or too much of it, in mg: until it is explained or reported, and closed.

    Its clocks are 21 CFR 1301.76(b): a theft or significant loss is told to the DEA field office in writing within one
    business day of discovery, and DEA Form 106 follows online within 45 days (88 FR 40707).
    """

    class State(models.TextChoices):
        OPEN = "open"
        EXPLAINED = "explained"
        REPORTED = "reported"
        CLOSED = "closed"

    class Cause(models.TextChoices):
        LOSS = "loss"
        VARIANCE = "variance"

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(DrugLot, on_delete=models.PROTECT, related_name="+")
    entry = models.OneToOneField(DrugEntry, on_delete=models.PROTECT, related_name="discrepancy")
    cause = models.CharField(max_length=10, choices=Cause.choices)
    expected_mg = _milligrams()
    counted_mg = _milligrams()
    difference_mg = _milligrams()
    discovered_at = models.DateTimeField()
    notice_due_at = models.DateTimeField()
    form_106_due_on = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    explanation = models.CharField(max_length=1000, blank=True)
    explained_at = models.DateTimeField(null=True)
    notice_reference = models.CharField(max_length=200, blank=True)
    notified_at = models.DateTimeField(null=True)
    form_106_number = models.CharField(max_length=60, blank=True)
    filed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=1000, blank=True)
    closed_at = models.DateTimeField(null=True)
    notice_overdue_at = models.DateTimeField(null=True)  # when the sweep found each clock run out
    form_106_overdue_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = DrugDiscrepancyQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="drug_discrepancy_state",
                condition=Q(state="open", explained_at__isnull=True, notified_at__isnull=True)
                & Q(filed_at__isnull=True)
                | Q(state="explained", explained_at__isnull=False)
                | Q(state="reported") & (Q(notified_at__isnull=False) | Q(filed_at__isnull=False))
                | Q(state="closed"),
            ),
            models.CheckConstraint(
                name="drug_discrepancy_closed",
                condition=Q(state="closed", closed_at__isnull=False) & ~Q(close_reason="")
                | ~Q(state="closed") & Q(closed_at__isnull=True, close_reason=""),
            ),
            models.CheckConstraint(
                name="drug_discrepancy_words",
                condition=(Q(explained_at__isnull=True, explanation="") | Q(explained_at__isnull=False))
                & (Q(notified_at__isnull=True, notice_reference="") | ~Q(notice_reference=""))
                & (Q(filed_at__isnull=True, form_106_number="") | ~Q(form_106_number="")),
            ),
            models.CheckConstraint(
                name="drug_discrepancy_cause", condition=Q(cause__in=["loss", "variance"])
            ),
            models.CheckConstraint(
                name="drug_discrepancy_amounts",
                condition=Q(difference_mg=F("counted_mg") - F("expected_mg")) & ~Q(difference_mg=0),
            ),
            models.CheckConstraint(
                name="drug_discrepancy_clock", condition=Q(notice_due_at__gt=F("discovered_at"))
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["notice_due_at"],
                name="drug_discrepancy_running",
                condition=Q(state__in=["open", "reported"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.difference_mg}"


class WitnessLock(models.Model):
    """Wrong passwords that somebody typed as this witness, newest last; `locked_until` closes the door for a while."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.PROTECT, related_name="+")
    failed_at = ArrayField(models.DateTimeField(), default=list)
    locked_until = models.DateTimeField(null=True)
    asked = models.JSONField(default=list)  # requests of some minutes: [print, when, was it right]

    def __str__(self) -> str:
        return str(self.user_id)
