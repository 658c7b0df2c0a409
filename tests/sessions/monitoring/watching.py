"""Readings that are taken minutes after the dose."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.monitoring.models import Alarm, Check
from tests import cast as people
from tests.cast import MONDAY, Cast


def take(cast: Cast, session: Session, minute: float, *, measured: float | None = None, **signs: Any) -> Any:
    """The answer to a reading that is recorded at a minute after MONDAY, and was measured then unless said."""
    taken_at = MONDAY + timedelta(minutes=minute if measured is None else measured)
    with clock.fixed(MONDAY + timedelta(minutes=minute)):
        body = people.calm() | {"measured_at": taken_at.isoformat()} | signs
        return cast.desk("np").must(f"sessions/{session.pk}/readings/", body)


def void(cast: Cast, session: Session, reading: dict[str, Any], minute: float) -> None:
    with clock.fixed(MONDAY + timedelta(minutes=minute)):
        path = f"sessions/{session.pk}/readings/{reading['id']}/void/"
        cast.desk("np").must(path, {"reason": "Cuff slipped"})


def rechecks(session: Session) -> list[tuple[float, str, bool]]:
    """(minute, state, is it asked for still) of each recheck, in order."""
    rows = Check.objects.filter(session=session, kind="recheck").order_by("planned_at")
    return [
        (
            (row.planned_at - MONDAY).total_seconds() / 60,
            row.state,
            row.reading_id is None and row.ended_at is None,
        )
        for row in rows
    ]


def rung(session: Session) -> list[str]:
    return sorted(Alarm.objects.filter(session=session).values_list("cause", flat=True))
