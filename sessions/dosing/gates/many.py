"""The gates of many sessions at once, for a board: in one statement, however many they are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sessions.booking.rules.said import judged_at
from sessions.dosing import selectors
from sessions.dosing.gates.gather import judged
from sessions.dosing.gates.judge import Readiness


class Booked(NamedTuple):
    """A dosing session as a board knows it."""

    session: UUID
    client: UUID
    program: UUID
    starts_at: datetime
    ends_at: datetime


def readiness_of(rows: Iterable[Booked], *, zone: ZoneInfo, at: datetime) -> dict[UUID, Readiness]:
    """The gates of those of these sessions of one location in which no dose stands, as `gather.readiness` judges each.

    `zone` is the location's. One statement, or none without a session.
    """
    asked = [
        selectors.asked_of(
            session=row.session,
            client=row.client,
            program=row.program,
            moment=judged_at(row.ends_at, zone=zone, at=at).astimezone(zone),
            day=row.starts_at.astimezone(zone).date(),
        )
        for row in rows
    ]
    return {
        opened.session.pk: judged(
            opened.session,
            moment=judged_at(opened.session.ends_at, zone=zone, at=at),
            record=record,
            at=at,
            dosing_now=False,
            orders=opened.orders,
        )
        for opened, record in selectors.opened_with_records(asked)
        if not opened.doses
    }
