"""What a client knows of a session: what they heard last, by a message of whatever channel or from the front desk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from programs.models import Modality
from sessions.booking.models import Session

BOOKING = "booking"
CANCELLED = "cancelled"
TEMPLATE = "reminder"
_STAMP = "%Y%m%dT%H%M%SZ"  # a session's start in the key of a message
Row = tuple[datetime, datetime, str, str]  # of a session's history: recorded at, starts_at, status, modality


class Standing(NamedTuple):
    """How a session stands: at which time, how often it came back to that one, whether it is off, and by video."""

    starts_at: datetime
    returns: int = 0
    off: bool = False
    by_video: bool = False


class Run(NamedTuple):
    """How a session stood, and since when."""

    what: Standing
    since: datetime


@dataclass(frozen=True)
class Heard:
    """What a client was told, and when. `by` is the `when` of a message, or "call"."""

    at: datetime
    what: Standing
    by: str


@dataclass(frozen=True)
class Booked:
    """Since when a session stands as it does.

    `known` is what its client had heard last before they heard anything of that, `told` what they heard of it first;
    None where that is nothing.
    """

    since: datetime
    now: Standing
    known: Heard | None = None
    told: Heard | None = None

    @property
    def is_news(self) -> bool:
        """Is this other than what the client knew before? Without having heard of it they would come as they know."""
        return self.known is not None and self.known.what._replace(returns=self.now.returns) != self.now

    @property
    def is_unheard(self) -> bool:
        """Does the client still know of another time, of one that is off, or of another way to meet?"""
        return self.is_news and self.told is None


def runs(rows: Iterable[Row]) -> list[Run]:
    """How a session stood by its history, oldest first. A held slot is not yet booked."""
    found: list[Run] = []
    for recorded_at, exactly, status, modality in rows:
        starts_at = exactly.replace(microsecond=0)  # as a key says it
        off, by_video = status == Session.Status.CANCELLED, modality == Modality.VIDEO
        if not off and status != Session.Status.SCHEDULED:
            continue
        same = [one.what for one in found if one.what.starts_at == starts_at and not one.what.off]
        now = Standing(starts_at, off=True) if off else Standing(starts_at, len(same), by_video=by_video)
        last = found[-1].what._replace(returns=now.returns) if found else None
        if now != last and (found or not off):
            found.append(Run(now, recorded_at))
    return found


def booked(found: Sequence[Run], heard: Sequence[Heard]) -> Booked:
    """How a session stands by its runs, and what its client heard of it; both oldest first."""
    now, since = found[-1]

    def of_now(one: Heard) -> bool:
        return one.what.off if now.off else one.what == now

    earlier = [one for one in heard if not of_now(one)]
    present = [one for one in heard if of_now(one)]
    return Booked(
        since,
        now,
        known=earlier[-1] if earlier else None,
        told=present[0] if present else None,
    )


def by_call(found: Iterable[Run], *, asked_at: datetime, at: datetime) -> Heard | None:
    """What the front desk told a client at `at`: how the session stood when the desk was asked to call."""
    then = [one.what for one in found if one.since <= asked_at]
    return Heard(at, then[-1], "call") if then else None


def by_message(found: Iterable[Run], key: str, *, at: datetime) -> Heard:
    """What a message with this key told at `at`."""
    _, _, start, when, _, again = [*key.split(":"), "0"][:6]
    told = Standing(_moment(start), off=True) if when == CANCELLED else Standing(_moment(start), int(again))
    same = (one.what for one in found if one.what._replace(by_video=False) == told)
    return Heard(at, next(same, told), when)


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
