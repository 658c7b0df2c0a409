"""What a clearance hears of a reading: whether the client's pressure at rest has become a trend."""

from __future__ import annotations

from datetime import datetime, timedelta

from kapclinic.practice.models import Actor
from kapclinic.practice.selectors import person
from programs.models import Program
from programs.policy import limit
from screening.models import Suspension
from screening.services import hear_pressures
from sessions.dosing import selectors
from sessions.monitoring.models import Reading


def hear_reading(*, reading: Reading, by: Actor, at: datetime) -> list[Suspension]:
    """Suspend the client's clearances when this reading makes a trend; one that was taken after a dose never does."""
    if reading.phase == Reading.Phase.IN_SESSION:
        return []
    session = reading.session
    courses = Program.objects.filter(client__in=person(session.client_id)).select_related("protocol")
    days = max(limit(row.protocol.limits, "screening_bp_days") for row in courses)
    resting = selectors.resting_pressures(client_id=session.client_id, since=at - timedelta(days=days))
    return hear_pressures(client_id=session.client_id, resting=resting, by=by, at=at)
