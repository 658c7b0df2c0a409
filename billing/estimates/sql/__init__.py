"""Which services of the whole book lack an estimate, in one statement."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

_UNESTIMATED = Path(__file__).with_name("unestimated.sql").read_text()


class Unestimated(NamedTuple):
    """A service that is booked and to come, and of which no estimate tells."""

    client: UUID
    location: UUID
    time_zone: str  # of the location
    created_at: datetime
    starts_at: datetime

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def unestimated(*, intents: Collection[str], at: datetime) -> list[Unestimated]:
    """Those of persons whose coverage has one of these `intents` on the day of the service, the first ones first."""
    with connection.cursor() as cursor:
        cursor.execute(_UNESTIMATED, {"intents": list(intents), "at": at})
        return [Unestimated(*row) for row in cursor.fetchall()]
