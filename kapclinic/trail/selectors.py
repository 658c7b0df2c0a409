"""Questions to the trail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from kapclinic.trail.models import AuditEvent, AuditSeal, Heartbeat


def access_log(*, client_id: UUID) -> QuerySet[AuditEvent]:
    """Who read or changed this client's record, newest first."""
    found: QuerySet[AuditEvent] = AuditEvent.objects.filter(clients__contains=[client_id])
    return found.order_by("-created_at", "-id")


def sealed() -> Iterator[AuditSeal]:
    """The chain in order, with its events."""
    return AuditSeal.objects.select_related("event").order_by("sequence").iterator(chunk_size=2000)


def age_of(*, name: str, at: datetime) -> timedelta | None:
    """How long ago the periodic job last finished; None when it never did."""
    beat = Heartbeat.objects.filter(name=name).first()
    return None if beat is None else at - beat.beat_at
