"""Tables of the coverages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q, UUIDField, Value
from django.db.models.functions import Coalesce, Lower

from billing.codes.models import NOWHERE, DateRange, InForceQuerySet
from kapclinic.core.audited import AuditedModel
from kapclinic.practice.models import Client

LONGEST_LIMIT = 3650  # days


class Payer(AuditedModel):
    """A plan or insurer; `payer_id` is its number for claims, `filing_limit_days` counts from the service."""

    name = models.CharField(max_length=120)
    payer_id = models.CharField(max_length=30, blank=True)
    filing_limit_days = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(Lower("name"), name="payer_name_once"),
            models.CheckConstraint(
                name="payer_filing_limit",
                condition=Q(filing_limit_days__isnull=True) | Q(filing_limit_days__range=(1, LONGEST_LIMIT)),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CoverageQuerySet(InForceQuerySet):
    def visible_to(self, user: Any) -> CoverageQuerySet:
        """Coverages of the clients of the user's own locations."""
        return self.filter(client__locations__overlap=list(user.locations))


class Coverage(AuditedModel):
    """What a client has from a day to a day, and what they mean to do with it. Voided, it never was theirs.

    `subscriber` is {"name", "date_of_birth", "address"} of whoever holds the policy, empty when that is the client.
    Without a payer the client said that there is none.
    """

    class Relationship(models.TextChoices):
        """What the client is to the subscriber (CMS-1500 box 6)."""

        SELF = "self"
        SPOUSE = "spouse"
        CHILD = "child"
        OTHER = "other"

    class Intent(models.TextChoices):
        SELF_PAY = "self_pay"
        WILL_CLAIM = "will_claim"
        UNINSURED = "uninsured"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="coverages")
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True, related_name="coverages")
    member_id = models.CharField(max_length=40, blank=True)
    group_number = models.CharField(max_length=40, blank=True)
    relationship = models.CharField(max_length=6, choices=Relationship.choices, default=Relationship.SELF)
    subscriber = models.JSONField(default=dict)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    intent = models.CharField(max_length=10, choices=Intent.choices)
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=1000, blank=True)

    objects: ClassVar[Any] = CoverageQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="coverage_relationship",
                condition=Q(relationship="self", subscriber={})
                | Q(relationship__in=["spouse", "child", "other"]) & ~Q(subscriber={}),
            ),
            models.CheckConstraint(
                name="coverage_insured",
                condition=Q(intent="uninsured", payer__isnull=True, member_id="", relationship="self")
                | Q(intent__in=["self_pay", "will_claim"], payer__isnull=False) & ~Q(member_id=""),
            ),
            models.CheckConstraint(
                name="coverage_validity",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
            models.CheckConstraint(
                name="coverage_voided",
                condition=Q(voided_at__isnull=True, void_reason="")
                | Q(voided_at__isnull=False) & ~Q(void_reason=""),
            ),
            ExclusionConstraint(
                name="coverage_one_at_a_time",
                expressions=[
                    ("client", RangeOperators.EQUAL),
                    (Coalesce("payer", Value(NOWHERE, output_field=UUIDField())), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[]")), RangeOperators.OVERLAPS),
                ],
                condition=Q(voided_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"coverage {self.pk}"

    @property
    def status(self) -> str:
        return "standing" if self.voided_at is None else "voided"

    @property
    def holder(self) -> dict[str, Any] | None:
        """Who holds the policy, when that is not the client."""
        return self.subscriber or None
