"""Tables of dosing. What happened is append-only; finishing, voiding and overriding are new rows."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet
from kapclinic.practice.models import User
from programs.models import Route
from sessions.booking.models import Session

MG: dict[str, Any] = {"max_digits": 9, "decimal_places": 3}


class Order(AppendOnlyModel):
    """A prescriber's order for one session, in mg. A change is a new order; the latest valid one counts."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="orders")
    prescriber = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    drug = models.CharField(max_length=80)
    route = models.CharField(max_length=20, choices=Route.choices)
    dose_mg = models.DecimalField(**MG)
    dose_mg_per_kg = models.DecimalField(**MG, null=True)
    max_total_mg = models.DecimalField(**MG)
    valid_until = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="order_amounts", condition=Q(dose_mg__gt=0) & Q(max_total_mg__gte=F("dose_mg"))
            )
        ]

    def __str__(self) -> str:
        return f"order {self.pk}"


class AdministrationQuerySet(AppendOnlyQuerySet["Administration"]):
    def standing(self) -> AdministrationQuerySet:
        """Doses that were not voided."""
        return self.filter(void__isnull=True)


class Administration(AppendOnlyModel):
    """One dose given or self-administered, in mg; boosters are further rows of the same session."""

    class Supply(models.TextChoices):
        CLINIC_STOCK = "clinic_stock"
        CLIENT_PRESCRIPTION = "client_prescription"

    class GivenBy(models.TextChoices):
        STAFF = "staff"
        SELF_OBSERVED = "self_observed"

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="administrations")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="administrations")
    is_first = models.BooleanField()
    drug = models.CharField(max_length=80)
    route = models.CharField(max_length=20, choices=Route.choices)
    dose_mg = models.DecimalField(**MG)
    dose_mg_per_kg = models.DecimalField(**MG, null=True)
    weight_kg = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    volume_ml = models.DecimalField(**MG, null=True)
    supply = models.CharField(max_length=20, choices=Supply.choices)
    drug_lot = models.UUIDField(null=True)
    given_by = models.CharField(max_length=15, choices=GivenBy.choices)
    staff = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")  # gave or observed it
    drawn_mg = models.DecimalField(**MG, null=True)
    given_mg = models.DecimalField(**MG, null=True)
    wasted_mg = models.DecimalField(**MG, null=True)
    administered_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    gates = models.JSONField()  # the readiness that it was recorded on

    objects: ClassVar[Any] = AdministrationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="administration_dose", condition=Q(dose_mg__gt=0)),
            models.CheckConstraint(
                name="administration_stock_has_lot",
                condition=~Q(supply="clinic_stock") | Q(drug_lot__isnull=False),
            ),
            models.CheckConstraint(
                name="administration_settled",
                condition=Q(given_mg__isnull=True)
                | Q(wasted_mg__isnull=True)
                | Q(drawn_mg__isnull=True)
                | Q(drawn_mg=F("given_mg") + F("wasted_mg")),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["session", "administered_at"], name="administration_session")
        ]

    def __str__(self) -> str:
        return f"dose {self.pk}"


class AdministrationFinish(AppendOnlyModel):
    """The end of a dose that ran on: what was given and what was wasted, in mg."""

    administration = models.OneToOneField(Administration, on_delete=models.PROTECT, related_name="finish")
    ended_at = models.DateTimeField()
    given_mg = models.DecimalField(**MG)
    wasted_mg = models.DecimalField(**MG)

    def __str__(self) -> str:
        return f"end of {self.administration_id}"


class AdministrationVoid(AppendOnlyModel):
    """A dose that was recorded in error, and why."""

    administration = models.OneToOneField(Administration, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"void of {self.administration_id}"


class GateOverride(AppendOnlyModel):
    """One open gate passed on somebody's responsibility, for one session."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="overrides")
    gate = models.CharField(max_length=30)
    reason = models.CharField(max_length=1000)
    role = models.CharField(max_length=30)

    def __str__(self) -> str:
        return f"override of {self.gate}"


class AdverseEvent(AppendOnlyModel):
    """Something untoward, graded by a clinician 1-5 (CTCAE v5); seriousness is its own statement."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="adverse_events")
    term = models.CharField(max_length=120)
    grade = models.PositiveSmallIntegerField()
    serious = models.BooleanField()
    onset_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    causality = models.CharField(max_length=40)
    action = models.CharField(max_length=200)
    outcome = models.CharField(max_length=200)
    note = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="adverse_event_grade", condition=Q(grade__range=(1, 5))),
            models.CheckConstraint(
                name="adverse_event_order",
                condition=Q(resolved_at__isnull=True) | Q(resolved_at__gte=F("onset_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.term} grade {self.grade}"


class Discharge(AppendOnlyModel):
    """The client left: what was checked, what the record said, and until when they may not drive."""

    session = models.OneToOneField(Session, on_delete=models.PROTECT, related_name="discharge")
    checklist = models.JSONField()
    escort_present = models.BooleanField()
    discharged_at = models.DateTimeField()
    no_drive_until = models.DateTimeField()
    override_reason = models.CharField(max_length=1000, blank=True)

    def __str__(self) -> str:
        return f"discharge of {self.session_id}"
