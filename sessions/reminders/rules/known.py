"""What a client knows of a session: what they heard last, by a message of whatever channel or from the front desk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from sessions.booking.models import Session

BOOKING = "booking"
CANCELLED = "cancelled"
TEMPLATE = "reminder"
_STAMP = "%Y%m%dT%H%M%SZ"  # a session's start in the key of a message
Row = tuple[datetime, datetime, str]  # of a session's history: recorded at, starts_at, status


class Standing(NamedTuple):
    """How a session stands: at which time, how often it came back to that one, and whether it is off."""

    starts_at: datetime
    returns: int = 0
    off: bool = False


@dataclass(frozen=True)
class Heard:
    """What a client was told, and when. `by` is the `when` of a message, or "call"."""

    at: datetime
    what: Standing
    by: str


@dataclass(frozen=True)
class Booked:
    """Since when a session stands as it does.

    `known` is what its client had heard last before they heard anything of that, `first` and `last` what they heard of
    it; None where that is nothing.
    """

    since: datetime
    now: Standing
    known: Heard | None = None
    first: Heard | None = None
    last: Heard | None = None

    @property
    def returns(self) -> int:
        return self.now.returns

    @property
    def is_news(self) -> bool:
        """Is this other than what the client knew before? Without having heard of it they would come at `known`."""
        if self.known is None:
            return False
        return self.known.what.starts_at != self.now.starts_at or self.known.what.off != self.now.off

    @property
    def is_unheard(self) -> bool:
        """Does the client still know of another time, or of one that is off?"""
        return self.is_news and self.last is None


def booked(rows: Iterable[Row]) -> Booked | None:
    """How a session stands by its history, oldest row first.

    A held slot is not yet booked. None for one that never was.
    """
    runs: list[tuple[Standing, datetime]] = []
    for recorded_at, exactly, status in rows:
        starts_at = exactly.replace(microsecond=0)  # as a key says it
        off = status == Session.Status.CANCELLED
        if not off and status != Session.Status.SCHEDULED:
            continue
        last = runs[-1][0] if runs else Standing(starts_at, off=True)
        if off == last.off and starts_at == last.starts_at:
            continue
        returns = sum(run.starts_at == starts_at and not run.off for run, _ in runs)
        runs.append((Standing(starts_at, 0 if off else returns, off), recorded_at))
    if not runs:
        return None
    now, since = runs[-1]
    return Booked(since, now)


def with_heard(run: Booked, heard: Sequence[Heard]) -> Booked:
    """The same, with what its client heard of the session, oldest first."""

    def of_now(one: Heard) -> bool:
        return one.what.off if run.now.off else one.what == run.now

    earlier = [one for one in heard if not of_now(one)]
    present = [one for one in heard if of_now(one)]
    return replace(
        run,
        known=earlier[-1] if earlier else None,
        first=present[0] if present else None,
        last=present[-1] if present else None,
    )


def by_call(rows: Iterable[Row], *, asked_at: datetime, at: datetime) -> Heard | None:
    """What the front desk told a client at `at`: how the session stood when the desk was asked to call."""
    run = booked(row for row in rows if row[0] <= asked_at)
    return None if run is None else Heard(at, run.now, "call")


def by_message(key: str, *, at: datetime) -> Heard:
    """What a message with this key told at `at`."""
    _, _, start, when, _, again = [*key.split(":"), "0"][:6]
    off = when == CANCELLED
    return Heard(at, Standing(_moment(start), 0 if off else int(again), off), when)


def time_told(key: str) -> datetime:
    """The start of the session that a message with this key told of."""
    return _moment(key.split(":")[2])


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


def key_of(session_id: UUID, told: Standing, *, when: str, channel: str) -> str:
    """The key of a message; a session that came back to its time tells of that anew."""
    again = f":{told.returns}" if told.returns else ""
    return (
        f"{TEMPLATE}:{session_id}:{told.starts_at.astimezone(UTC).strftime(_STAMP)}:{when}:{channel}{again}"
    )
