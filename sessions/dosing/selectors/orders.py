"""Questions about orders: the one that counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from sessions.booking.models import Session
from sessions.booking.rules import HERE
from sessions.dosing.models import Order

OPEN = HERE | {Session.Status.SCHEDULED}  # a dose may still be ordered and given


def current_order(*, session_id: UUID) -> Order | None:
    """The latest order of the session, with its approval: it has replaced those before it."""
    found: QuerySet[Order] = Order.objects.filter(session_id=session_id).select_related("approval")
    return found.order_by("-created_at", "-pk").first()


def orders_that_wait() -> QuerySet[Order]:
    """Orders past the cap that a second prescriber has still to approve: each the last one of a session not over."""
    newer = Order.objects.filter(session=OuterRef("session")).filter(
        Q(created_at__gt=OuterRef("created_at")) | Q(created_at=OuterRef("created_at"), pk__gt=OuterRef("pk"))
    )
    found: QuerySet[Order] = Order.objects.exclude(above_cap_reason="")
    return found.filter(~Exists(newer), approval__isnull=True, session__status__in=OPEN)


def order_among(orders: Sequence[Order], *, moment: datetime) -> Order | None:
    """`order_at` by all orders of the session, oldest first."""
    by_then = [row for row in orders if row.created_at <= moment]
    return (by_then or orders)[-1] if orders else None


def order_at(*, session_id: UUID, moment: datetime) -> Order | None:
    """The order that counts for a dose at `moment`: the latest by then, else the one that was written up after it."""
    found: QuerySet[Order] = Order.objects.filter(session_id=session_id, created_at__lte=moment)
    by_then = found.select_related("approval").order_by("-created_at", "-pk").first()
    return by_then or current_order(session_id=session_id)


def complete_at(order: Order) -> datetime:
    """When it could be acted on: one above the cap not before its second prescriber."""
    approved = hasattr(order, "approval") and order.above_cap_reason != ""
    found: datetime = max(order.created_at, order.approval.created_at) if approved else order.created_at
    return found
