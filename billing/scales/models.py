"""Tables of the scales."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q, Value

from billing.codes.models import DateRange
from kapclinic.core.audited import AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Client


class SlidingScale(AuditedModel):
    """A written policy of reduced fees, the same for all: tiers, each with the part of the fee that stays due.

    `tiers` is [{"name": "A", "percent": "60.00"}]. A scale of another year is another row of the same name.
    """

    name = models.CharField(max_length=80)
    valid_from = models.DateField()
    tiers = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["name", "valid_from"], name="sliding_scale_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.valid_from}"


class FeeAgreementQuerySet(AuditedQuerySet[Any]):
    def visible_to(self, user: Any) -> FeeAgreementQuerySet:
        """Agreements with clients of the user's own locations."""
        return self.filter(client__locations__overlap=list(user.locations))

    def in_force(self, on: date) -> FeeAgreementQuerySet:
        """Agreements that hold the day `on`, both ends inclusive, and were not voided."""
        open_ended = Q(to_date__isnull=True) | Q(to_date__gte=on)
        return self.filter(open_ended, voided_at__isnull=True, from_date__lte=on)


class FeeAgreement(AuditedModel):
    """A client pays `percent` of the fees from–to. The percent is the tier's of the day on which it was agreed:
    a tier that changes later changes no agreement, and neither changes a charge that was made.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    scale = models.ForeignKey(SlidingScale, on_delete=models.PROTECT, related_name="agreements")
    tier = models.CharField(max_length=40)
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    from_date = models.DateField()
    to_date = models.DateField(null=True)
    basis = models.CharField(max_length=1000)
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=1000, blank=True)

    objects: ClassVar[Any] = FeeAgreementQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="fee_agreement_percent", condition=Q(percent__range=(0, 100))),
            models.CheckConstraint(
                name="fee_agreement_period",
                condition=Q(to_date__isnull=True) | Q(to_date__gte=F("from_date")),
            ),
            models.CheckConstraint(
                name="fee_agreement_voided", condition=Q(void_reason="") | Q(voided_at__isnull=False)
            ),
            ExclusionConstraint(
                name="fee_agreement_one_at_a_time",
                expressions=[
                    ("client", RangeOperators.EQUAL),
                    (DateRange("from_date", "to_date", Value("[]")), RangeOperators.OVERLAPS),
                ],
                condition=Q(voided_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tier} {self.percent}"
