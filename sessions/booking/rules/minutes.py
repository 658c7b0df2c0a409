"""Free time by the minute: a number whose bits are minutes from a common start. Pure.

A session of whole minutes that begins on a whole minute fits into some time exactly when it fits into the whole minutes
of it, so nothing is lost by counting these alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Ruler:
    """So many minutes from `start` on, which is a whole minute."""

    start: datetime
    minutes: int

    @property
    def everything(self) -> int:
        return (1 << self.minutes) - 1

    def moment(self, minute: int) -> datetime:
        return self.start + minute * MINUTE

    def within(self, begin: datetime, end: datetime) -> int:
        """The minutes that lie inside [begin, end) whole."""
        return self._bits(-((self.start - begin) // MINUTE), (end - self.start) // MINUTE)

    def touched(self, begin: datetime, end: datetime) -> int:
        """The minutes of which any moment lies in [begin, end)."""
        return self._bits((begin - self.start) // MINUTE, -((self.start - end) // MINUTE))

    def _bits(self, first: int, after: int) -> int:
        first, after = max(first, 0), min(after, self.minutes)
        return (1 << after) - (1 << first) if after > first else 0


def starts(free: int, length: int) -> int:
    """The minutes from which on `length` minutes are free."""
    sure = 1
    while sure < length:
        step = min(sure, length - sure)
        free &= free >> step
        sure += step
    return free


def every(step: int, first: int, before: int) -> int:
    """Each `step`-th minute from `first` on, before `before`."""
    count = max(0, -((first - before) // step))
    return ((1 << step * count) - 1) // ((1 << step) - 1) << first if count else 0


def each(bits: int) -> Iterator[int]:
    """The minutes, earliest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
