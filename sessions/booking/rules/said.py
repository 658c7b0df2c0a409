"""How long what was said for a session counts: one table, for the gates of a dose and for whatever moves a session.

Pure. The figures are the protocol's; `weight_days` and `pdmp_days` count back from the dose, fasting from the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from programs.policy import limit
from sessions.booking.models import Session

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Back:
    """It counts for so long: a limit of the protocol, in this unit."""

    limit: str
    unit: timedelta


ONCE = None  # it counts from whenever it was said
FASTING, WEIGHT, PDMP = "fasting_since", "weight_kg", "pdmp"
REMS, VISIT = "rems_enrolment", "in_person_visit"
# What is not in this table, as every other attestation, counts on the local day of the session alone.
COUNTS: Mapping[str, Back | None] = {
    FASTING: Back("fasting_within_hours", HOUR),
    WEIGHT: Back("weight_days", DAY),
    PDMP: Back("pdmp_days", DAY),
    REMS: ONCE,
    VISIT: ONCE,
}
# What was confirmed for one start time, and for no other. The escort's name is kept: somebody asks them again.
FOR_THE_START = ("escort_confirmed_at", "client_confirmed_at")
# What a weight that no longer counts leaves behind: the columns of a session that nobody was weighed for.
UNWEIGHED: Mapping[str, Any] = {
    "weight_kg": None,
    "weighed_at": None,
    "weight_source": Session.WeightSource.MEASURED,
    "weight_confirmed": True,
}


# Any: limits of a protocol are JSON
def counts_from(what: str, *, start: datetime, limits: Mapping[str, Any]) -> datetime:
    """The earliest moment from which a word on `what` counts for `start`, which is in the clinic's own zone."""
    if what not in COUNTS:
        return datetime.combine(start.date(), time.min, tzinfo=start.tzinfo)
    span = COUNTS[what]
    if span is ONCE:
        return datetime.min.replace(tzinfo=UTC)
    first: datetime = start.astimezone(UTC) - span.unit * limit(limits, span.limit)
    return first


def local_day(session: Session) -> date:
    """The clinic's own date on which the session is booked to begin."""
    return session.starts_at.astimezone(session.location.zone).date()


def judged_at(ends_at: datetime, *, zone: ZoneInfo, at: datetime) -> datetime:
    """The moment at which a session without a dose is judged: now, or its end when it was on an earlier local day.

    What is written up late is judged by its own day, as the dose itself will be.
    """
    over = ends_at.astimezone(zone).date() < at.astimezone(zone).date()
    return ends_at if over else at


def outlived(session: Session, *, starts_at: datetime) -> dict[str, Any]:
    """The columns that `session` loses when it goes to `starts_at`: only what no longer counts there."""
    if starts_at == session.starts_at:
        return {}
    start = starts_at.astimezone(session.location.zone)
    limits = session.program.protocol.limits
    lost: dict[str, Any] = {name: None for name in FOR_THE_START if getattr(session, name) is not None}
    fasting, weighed = session.fasting_since, session.weighed_at
    if fasting is not None and fasting < counts_from(FASTING, start=start, limits=limits):
        lost[FASTING] = None
    if weighed is not None and weighed < counts_from(WEIGHT, start=start, limits=limits):
        lost |= UNWEIGHED
    return lost
