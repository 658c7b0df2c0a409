"""What was agreed and paid by the persons of some plans, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.db import connection

_PAID = Path(__file__).with_name("paid.sql").read_text()
PaidRow = tuple[str, UUID | None, Decimal, datetime, datetime | None]


def agreed_and_paid(plans: Sequence[UUID]) -> list[PaidRow]:
    """(person, plan or None for a payment, amount, moment, end of the plan), of one person in order of time."""
    with connection.cursor() as cursor:
        cursor.execute(_PAID, {"plans": list(plans)})
        rows: list[PaidRow] = cursor.fetchall()
    return rows
