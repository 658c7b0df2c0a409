"""Pure rules of the reports: which age belongs to which figure, and the days of a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from kapclinic.core.errors import Invalid

# Figure -> the fewest and the most days since the service; the last has no end.
BUCKETS: dict[str, tuple[int | None, int | None]] = {
    "d0_30": (None, 30),
    "d31_60": (31, 60),
    "d61_90": (61, 90),
    "d91": (91, None),
}


@dataclass(frozen=True)
class Asked:
    """What a report is about: both days inclusive, None for all; `places` are the locations whose money it tells of."""

    places: tuple[UUID, ...]
    from_date: date | None
    to_date: date | None
    at: datetime

    @property
    def first(self) -> date:
        return self.from_date or date(1900, 1, 1)

    @property
    def last(self) -> date:
        """The last day; without one, tomorrow, which no entry has reached in any time zone."""
        return self.to_date or self.at.date() + timedelta(days=1)


def asked(
    *,
    locations: tuple[UUID, ...],
    location: UUID | None,
    from_date: date | None,
    to_date: date | None,
    at: datetime,
) -> Asked:
    """A question about the user's own `locations`, or the one of them that is named.

    :raises Invalid: for a period that ends before it begins
    """
    if from_date is not None and to_date is not None and to_date < from_date:
        raise Invalid.field("to_date", "The period ends before it begins.", code="reversed")
    places = locations if location is None else tuple(pk for pk in locations if pk == location)
    return Asked(places=places, from_date=from_date, to_date=to_date, at=at)
