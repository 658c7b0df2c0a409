"""Tables of the documents: one mechanism, one table per kind."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet
from kapclinic.practice.models import Client, Location


class DocumentCounter(models.Model):
    """The last number of a series in a year. Its row is locked while a document is made, so no number is left out."""

    undeletable: ClassVar[bool] = True

    series = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["series", "year"], name="document_counter_once")
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.year}: {self.last}"


class DocumentQuerySet(AppendOnlyQuerySet[Any]):
    def visible_to(self, user: Any) -> DocumentQuerySet:
        """Documents whose every line was rendered at the user's own locations."""
        return self.filter(locations__contained_by=list(user.locations))


class Document(AppendOnlyModel):
    """A paper as it was issued: its number, what it says (`content`), the PDF bytes and their SHA-256.

    A correction is a new document that names the one it replaces; the old one stays, byte for byte.
    """

    number = models.CharField(max_length=20, unique=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="%(class)ss", db_index=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    locations = ArrayField(models.UUIDField())
    from_date = models.DateField()
    to_date = models.DateField()
    issued_on = models.DateField()
    charges = ArrayField(models.UUIDField())
    content = models.JSONField()
    warnings = models.JSONField(default=list)
    pdf = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    corrects = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="corrected_by")

    # No columns: what `selectors.documents` adds to a row.
    replaced_by: str | None
    outdated: bool

    objects: ClassVar[Any] = DocumentQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="%(class)s_period", condition=Q(from_date__lte=F("to_date"))),
            models.CheckConstraint(name="%(class)s_lines", condition=Q(charges__len__gte=1)),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "-created_at"], name="%(class)s_client"),
            GinIndex(fields=["charges"], name="%(class)s_charges"),
        ]

    def __str__(self) -> str:
        return self.number


class Voidable(Document):
    """A document that may be said to count for nothing any more, where no other stands for it."""

    class Status(models.TextChoices):
        ISSUED = "issued"
        REPLACED = "replaced"
        VOIDED = "voided"

    # No columns: what `selectors.documents` adds to a row.
    status: str
    voided_at: datetime | None
    void_reason: str | None

    class Meta(Document.Meta):
        abstract = True


class Superbill(Voidable):
    """What a client sends to a plan to be reimbursed: rendered, signed services with codes and diagnoses."""


class SuperbillVoid(AppendOnlyModel):
    """A superbill that counts for nothing any more and that no other stands for: its number and its bytes stay."""

    superbill = models.OneToOneField(Superbill, on_delete=models.PROTECT, related_name="voiding")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"void of {self.superbill_id}"


class Receipt(Voidable):
    """What substantiates an HSA or FSA claim: paid, rendered medical services without codes and diagnoses.

    Patient, provider, date, description and amount (Prop. Reg. 1.125-6(b); IRS Information Letter 2021-0013).
    """


class ReceiptVoid(AppendOnlyModel):
    """A receipt that counts for nothing any more and that no other stands for: its number and its bytes stay."""

    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="voiding")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"void of {self.receipt_id}"
