"""Tables of the payment plans."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from kapclinic.core.audited import AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Client, Location

MOST_PARTS = (
    4  # a written agreement payable in more makes the clinic a creditor: 12 CFR 1026.2(a)(17) (Regulation Z)
)
LONGEST = 366  # days between two parts


class PlanQuerySet(AuditedQuerySet[Any]):
    def visible_to(self, user: Any) -> PlanQuerySet:
        """Plans of the user's own locations."""
        return self.filter(location__in=list(user.locations))


class PaymentPlan(AuditedModel):
    """A sum in at most four parts, without interest. The parts and their days follow from the columns."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        CANCELLED = "cancelled"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+", db_index=False)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    count = models.PositiveSmallIntegerField()
    first_due = models.DateField()
    interval_days = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.ACTIVE)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=1000, blank=True)

    paid: Decimal  # no column: `selectors.with_paid` adds it

    objects: ClassVar[Any] = PlanQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="payment_plan_parts", condition=Q(count__gte=1, count__lte=MOST_PARTS)
            ),
            models.CheckConstraint(  # every part is a cent at least
                name="payment_plan_total", condition=Q(total__gte=F("count") * Decimal("0.01"))
            ),
            models.CheckConstraint(
                name="payment_plan_interval", condition=Q(interval_days__gte=1, interval_days__lte=LONGEST)
            ),
            models.CheckConstraint(
                name="payment_plan_status",
                condition=Q(status="active", cancelled_at__isnull=True)
                | Q(status="cancelled", cancelled_at__isnull=False),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "created_at"], name="payment_plan_client"),
            models.Index(fields=["location", "-created_at"], name="payment_plan_location"),
            models.Index(fields=["first_due"], name="payment_plan_due", condition=Q(status="active")),
        ]

    def __str__(self) -> str:
        return f"payment plan {self.pk}"
