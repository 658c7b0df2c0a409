"""The weight that a new one is compared with."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from django.db.models import QuerySet

from kapclinic.practice.selectors import person
from sessions.booking.models import Session

HistoricalQuerySet: TypeAlias = QuerySet[Any]  # Any: the class of history rows has no name


def standing_weights(*, client_id: UUID, before: datetime) -> HistoricalQuerySet:
    """The client's weights up to `before` that stand, in the history of every session, the last one first.

    One stands that is near the one before it, or confirmed. A weight that was overwritten still tells how heavy the
    client was, and one that nobody confirmed is never what the next one is compared with.
    """
    rows: HistoricalQuerySet = Session.history.filter(
        client__in=person(client_id), weight_kg__isnull=False, weight_confirmed=True, weighed_at__lte=before
    )
    return rows.order_by("-weighed_at", "-history_id")


def last_weight(*, client_id: UUID, before: datetime) -> Decimal | None:
    """The first of `standing_weights`, in kg."""
    rows = standing_weights(client_id=client_id, before=before)
    found: Decimal | None = rows.values_list("weight_kg", flat=True).first()
    return found
