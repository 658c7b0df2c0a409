"""Tables of the estimates: facts beside each other. An estimate is asked for, then issued as a paper, or voided."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from billing.codes.models import ServiceCode
from billing.ledger.models import MOST_DIAGNOSES
from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet
from kapclinic.practice.models import Client, Location, User
from programs.models import Program


class EstimateQuerySet(AppendOnlyQuerySet[Any]):
    def visible_to(self, user: Any) -> EstimateQuerySet:
        """Estimates whose every line is for the user's own locations."""
        return self.filter(locations__contained_by=list(user.locations))


class Estimate(AppendOnlyModel):
    """What is expected to be charged from a day to a day, asked for by the client or owed since something was booked.

    `service_on` is the day of the first service that was booked. A change of scope is the next edition: a new estimate
    that supersedes this one as soon as it is issued. `separately` names what is to be scheduled apart.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"
        ISSUED = "issued"
        SUPERSEDED = "superseded"
        VOIDED = "voided"

    number = models.CharField(max_length=20, unique=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="estimates", db_index=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, null=True, related_name="+")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    locations = ArrayField(models.UUIDField())
    requested_at = models.DateTimeField(null=True)
    scheduled_at = models.DateTimeField(null=True)
    service_on = models.DateField(null=True)
    from_date = models.DateField()
    to_date = models.DateField()
    due_on = models.DateField(null=True)  # none: too short before the service to be owed
    diagnoses = ArrayField(models.CharField(max_length=8), default=list)
    separately = ArrayField(models.CharField(max_length=200), default=list)
    edition = models.PositiveSmallIntegerField(default=1)
    supersedes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="successors")

    # No columns: what `selectors.estimates` adds to a row.
    status: str
    total: Decimal

    objects: ClassVar[Any] = EstimateQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="estimate_asked",
                condition=Q(requested_at__isnull=False, scheduled_at__isnull=True, service_on__isnull=True)
                | Q(requested_at__isnull=True, scheduled_at__isnull=False, service_on__isnull=False),
            ),
            models.CheckConstraint(name="estimate_period", condition=Q(from_date__lte=F("to_date"))),
            models.CheckConstraint(
                name="estimate_diagnoses", condition=Q(diagnoses__len__lte=MOST_DIAGNOSES)
            ),
            models.CheckConstraint(
                name="estimate_edition",
                condition=Q(edition=1, supersedes__isnull=True) | Q(edition__gt=1, supersedes__isnull=False),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "-created_at"], name="estimate_client"),
            models.Index(fields=["due_on"], name="estimate_due"),
        ]

    def __str__(self) -> str:
        return self.number


class EstimateLine(AppendOnlyModel):
    """One service of an estimate: who is expected to render it where, how often, at what price of one unit."""

    estimate = models.ForeignKey(Estimate, on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    code = models.ForeignKey(ServiceCode, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveSmallIntegerField()
    unit_amount = models.DecimalField(max_digits=12, decimal_places=2)
    rendering = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    frequency = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["estimate", "position"], name="estimate_line_once"),
            models.CheckConstraint(name="estimate_line_quantity", condition=Q(quantity__gte=1)),
            models.CheckConstraint(name="estimate_line_amount", condition=Q(unit_amount__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.estimate_id} {self.position}"


class EstimateIssue(AppendOnlyModel):
    """The estimate as it was handed over: what it says, the bytes, their SHA-256. `late`: after it was due."""

    class Method(models.TextChoices):
        """How it reached the client: in writing, on paper or electronically, as they chose (45 CFR 149.610(e))."""

        IN_PERSON = "in_person"
        PAPER = "paper"
        MAIL = "mail"
        EMAIL = "email"
        PORTAL = "portal"

    estimate = models.OneToOneField(Estimate, on_delete=models.PROTECT, related_name="issue")
    issued_on = models.DateField()
    delivered_at = models.DateTimeField()
    method = models.CharField(max_length=9, choices=Method.choices)
    late = models.BooleanField()
    warnings = models.JSONField(default=list)
    content = models.JSONField()
    pdf = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="estimate_method",
                condition=Q(method__in=["in_person", "paper", "mail", "email", "portal"]),
            ),
        ]

    def __str__(self) -> str:
        return f"issue of {self.estimate_id}"


class EstimateVoid(AppendOnlyModel):
    """An estimate that was a mistake, drafted or issued: it binds nobody any more."""

    estimate = models.OneToOneField(Estimate, on_delete=models.PROTECT, related_name="voiding")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"void of {self.estimate_id}"
