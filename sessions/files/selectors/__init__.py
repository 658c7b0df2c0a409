"""Questions to attachments and legal holds."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db.models import QuerySet

from kapclinic.core import crypto
from kapclinic.practice.selectors import person
from sessions.files.models import Attachment, AttachmentContent, LegalHold, OfClientQuerySet


def attachments(client_id: UUID) -> QuerySet[Attachment]:
    """The person's attachments, each with its void, without their bytes."""
    found: QuerySet[Attachment] = Attachment.objects.filter(client__in=person(client_id))
    return found.select_related("void")


def bytes_of(attachment: Attachment) -> bytes:
    """The file as it was sent.

    :raises Undecipherable: without its key, or when the row was tampered with
    """
    row = AttachmentContent.objects.get(pk=attachment.pk)
    return crypto.unseal(bytes(row.sealed), aad=attachment.bound_to())


def attachments_to_reseal() -> Iterator[UUID]:
    """Those that another key than the first one sealed."""
    rows = AttachmentContent.objects.order_by("pk")
    return (row.pk for row in rows.iterator(chunk_size=10) if not crypto.is_current(bytes(row.sealed)))


def legal_holds() -> OfClientQuerySet:
    """Holds, each with its lift."""
    found: OfClientQuerySet = LegalHold.objects.select_related("lift")
    return found


def is_held(client_id: UUID) -> bool:
    """Does a hold of this person stand?"""
    return LegalHold.objects.filter(client__in=person(client_id), lift__isnull=True).exists()
