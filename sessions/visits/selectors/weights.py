"""The weight that a new one is compared with."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from kapclinic.practice.selectors import person
from sessions.booking.models import Session


def last_weight(*, client_id: UUID, before: datetime) -> Decimal | None:
    """The client's last weight in kg up to `before` that stands: near the one before it, or confirmed.

    From the history of every session: a weight that was overwritten still tells how heavy the client was, and one that
    nobody confirmed is never what the next one is compared with.
    """
    rows = Session.history.filter(
        client__in=person(client_id), weight_kg__isnull=False, weight_confirmed=True, weighed_at__lte=before
    )
    found: Decimal | None = (
        rows.order_by("-weighed_at", "-history_id").values_list("weight_kg", flat=True).first()
    )
    return found
