"""A location's free time, read once for many sessions that one person holds throughout.

It answers what `availability.free_slots` would, and is told what is booked meanwhile. What others book after it was
read it does not know: a booking asks again under its locks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from kapclinic.core.asking import Params
from programs.models import Modality, Program
from sessions.booking import rules
from sessions.booking.models import Session
from sessions.booking.rules import Slot, minutes
from sessions.booking.rules.minutes import MINUTE, Ruler
from sessions.booking.selectors.availability import on_grid, people_at
from sessions.booking.sql.open_time import OPEN_TIME

STEP = rules.GRID // MINUTE


@dataclass
class OpenTime:
    """By the minute, when the location is open and who and what is free; `staff`: everybody there who holds a role,
    in the order in which they are asked; `rooms`: id -> minutes of cleaning, by name.
    """

    kind: str
    ruler: Ruler
    opening: int
    staff: Mapping[str, Sequence[UUID]]
    rooms: Mapping[UUID, int]
    persons: Mapping[UUID, Sequence[UUID]]
    free: dict[UUID, int]
    _starts: dict[tuple[UUID, int], tuple[int, int]] = field(default_factory=dict)

    def slots(
        self,
        *,
        program: Program,
        modality: str,
        at: datetime,
        start: datetime,
        before: datetime,
        only: Collection[UUID],
    ) -> list[Slot]:
        """Every free start in [start, before) with somebody of `only`, earliest first, as `free_slots` finds them."""
        length = program.protocol.length_of(self.kind)
        (need,) = rules.needs_of(kind=self.kind, protocol=program.protocol, length_min=length)
        first, before = on_grid(start), min(before, at + rules.FURTHEST)
        if first >= before or timedelta(minutes=length) > rules.LONGEST:
            return []
        own = program.therapist_id
        who = [pk for pk in self.staff.get(need.role, ()) if pk in only]
        who.sort(key=lambda pk: pk != own)
        rooms = self.rooms if modality == Modality.IN_PERSON else None
        found = minutes.starts(self.opening, length) & self._grid(first, before)
        for pk in self.persons.get(program.client_id, (program.client_id,)):
            found &= self._from(pk, length)
        found &= self._any((pk, length) for pk in who)
        if rooms is not None:
            found &= self._any((pk, length + cleaning) for pk, cleaning in rooms.items())
        return [self._slot(minute, length, modality, who, need.role, rooms) for minute in minutes.each(found)]

    def _slot(
        self,
        minute: int,
        length: int,
        modality: str,
        who: Sequence[UUID],
        role: str,
        rooms: Mapping[UUID, int] | None,
    ) -> Slot:
        start, bit = self.ruler.moment(minute), 1 << minute
        person = next(pk for pk in who if self._from(pk, length) & bit)
        room = rooms and next(pk for pk, more in rooms.items() if self._from(pk, length + more) & bit)
        return Slot(start, start + timedelta(minutes=length), modality, room or None, ((person, role),))

    def take(self, session: Session) -> None:
        """`session` was booked: its client, room and staff are free no more."""
        start, end = session.starts_at, session.ends_at
        for pk in self.persons.get(session.client_id, (session.client_id,)):
            self._take(pk, start, end)
        for row in session.staff:
            self._take(UUID(str(row["user"])), start, end)
        if session.room_id is not None:
            self._take(session.room_id, start, end + self.rooms.get(session.room_id, 0) * MINUTE)

    def _take(self, resource: UUID, start: datetime, end: datetime) -> None:
        if resource in self.free:
            self.free[resource] &= ~self.ruler.touched(start, end)

    def _grid(self, first: datetime, before: datetime) -> int:
        begin, end = (first - self.ruler.start) // MINUTE, -((self.ruler.start - before) // MINUTE)
        return minutes.every(STEP, begin, min(end, self.ruler.minutes))

    def _from(self, resource: UUID, length: int) -> int:
        """From which minutes on `resource` is free for `length` minutes; kept as long as it is true."""
        free = self.free.get(resource, 0)
        kept = self._starts.get((resource, length))
        if kept is None or kept[0] != free:
            kept = self._starts[resource, length] = (free, minutes.starts(free, length))
        return kept[1]

    def _any(self, asked: Iterable[tuple[UUID, int]]) -> int:
        found = 0
        for resource, length in asked:
            found |= self._from(resource, length)
        return found


def open_time(
    *, location: UUID, kind: str, clients: Collection[UUID], at: datetime, start: datetime, stop: datetime
) -> OpenTime:
    """What is free at a location for these clients from `start` until `stop`, the end of the last session."""
    start = start.astimezone(UTC).replace(second=0, microsecond=0)
    everybody = people_at(location)
    staff: dict[str, list[UUID]] = defaultdict(list)
    for pk, roles in everybody:
        for role in roles:
            staff[role].append(pk)
    cleaned = stop + rules.LONGEST_HELD - rules.LONGEST
    params: Params = {
        "location": location,
        "kind": kind,
        "clients": sorted(set(clients)),
        "staff": [pk for pk, _ in everybody],
        "start": start,
        "stop": cleaned,
        "longest": rules.LONGEST_HELD,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(OPEN_TIME, params)
        rows = cursor.fetchall()
    return _of(rows, kind, Ruler(start, -((start - cleaned) // MINUTE)), staff)


Columns = tuple[Any, ...]  # Any: of `OPEN_TIME`


def _of(rows: Iterable[Columns], kind: str, ruler: Ruler, staff: Mapping[str, Sequence[UUID]]) -> OpenTime:
    told: dict[str, list[Columns]] = defaultdict(list)
    for what, *columns in rows:
        told[what].append(tuple(columns))
    rooms = {pk: cleaning for pk, _, _, _, cleaning, _ in sorted(told["room"], key=lambda row: row[-1])}
    persons: dict[UUID, list[UUID]] = defaultdict(list)
    for client, pk, *_ in told["person"]:
        persons[client].append(pk)
    people = {pk for ids in staff.values() for pk in ids}
    others = {*rooms, *(pk for ids in persons.values() for pk in ids)}
    free = dict.fromkeys(people, 0) | dict.fromkeys(others, ruler.everything)
    for pk, _, begin, end, *_ in told["present"]:
        free[pk] |= ruler.within(begin, end)
    for pk, _, begin, end, exclusive, _ in told["busy"]:
        if exclusive or pk not in people:  # beside a deliberate double use somebody can be booked
            free[pk] &= ~ruler.touched(begin, end)
    opening = 0
    for _, _, begin, end, *_ in told["opening"]:
        opening |= ruler.within(begin, end)
    return OpenTime(kind, ruler, opening, staff, rooms, persons, free)
