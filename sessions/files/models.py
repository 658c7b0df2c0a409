"""Tables of attachments and of legal holds."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from kapclinic.core import crypto
from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet
from kapclinic.practice.models import Client


class OfClientQuerySet(AppendOnlyQuerySet[Any]):
    def visible_to(self, user: Any) -> OfClientQuerySet:
        """Of the clients of the user's own locations."""
        return self.filter(client__locations__overlap=list(user.locations))


class Attachment(AppendOnlyModel):
    """A file of a client's record: what it is, and the hash of what was sent. Its bytes lie apart, sealed."""

    class MediaType(models.TextChoices):
        PDF = "application/pdf"
        PNG = "image/png"
        JPEG = "image/jpeg"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    title = models.CharField(max_length=200, blank=True)
    file_name = models.CharField(max_length=200)  # as it was called where it came from
    media_type = models.CharField(max_length=20, choices=MediaType.choices)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    objects: ClassVar[Any] = OfClientQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="attachment_media_type",
                condition=Q(media_type__in=["application/pdf", "image/png", "image/jpeg"]),
            ),
            models.CheckConstraint(name="attachment_size", condition=Q(size__range=(1, 20 * 1024 * 1024))),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "-created_at"], name="attachment_client")
        ]

    def __str__(self) -> str:
        return f"attachment {self.pk}"

    def bound_to(self) -> bytes:
        """What the sealed bytes belong to, so that no row's file opens in another row."""
        return crypto.bound_to(self._meta.db_table, self.pk, self.client_id, self.sha256)


class AttachmentContent(models.Model):
    """The sealed bytes of an attachment. Only a new seal with another key changes them; nothing deletes them."""

    undeletable: ClassVar[bool] = True
    attachment = models.OneToOneField(
        Attachment, primary_key=True, on_delete=models.PROTECT, related_name="content"
    )
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"content of {self.attachment_id}"


class AttachmentVoid(AppendOnlyModel):
    """The file does not belong to this record, and why. It stays, and the medical director alone still opens it."""

    attachment = models.OneToOneField(Attachment, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"void of {self.attachment_id}"


class LegalHold(AppendOnlyModel):
    """A person's record is to be kept as it is, e.g. for a lawsuit: until it is lifted nothing of it goes away."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=1000)

    objects: ClassVar[Any] = OfClientQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="legal_hold_reason", condition=~Q(reason=""))
        ]

    def __str__(self) -> str:
        return f"hold {self.pk}"


class LegalHoldLift(AppendOnlyModel):
    """The end of a hold; others of the same person go on."""

    hold = models.OneToOneField(LegalHold, on_delete=models.PROTECT, related_name="lift")
    reason = models.CharField(max_length=1000, blank=True)

    def __str__(self) -> str:
        return f"lift of {self.hold_id}"
