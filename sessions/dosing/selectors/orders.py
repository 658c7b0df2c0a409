"""Questions about orders: the one that counts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from sessions.dosing.models import Order


def current_order(*, session_id: UUID) -> Order | None:
    """The latest order of the session, with its approval: it has replaced those before it."""
    found: QuerySet[Order] = Order.objects.filter(session_id=session_id).select_related("approval")
    return found.order_by("-created_at", "-pk").first()


def order_at(*, session_id: UUID, moment: datetime) -> Order | None:
    """The order that counts for a dose at `moment`: the latest by then, else the one that was written up after it."""
    found: QuerySet[Order] = Order.objects.filter(session_id=session_id, created_at__lte=moment)
    by_then = found.select_related("approval").order_by("-created_at", "-pk").first()
    return by_then or current_order(session_id=session_id)
