"""Free time in SQL: working hours and opening hours minus time off and allocations, as multiranges.

One query finds every start on the 15-minute grid at which the client and a room are free, and who is free for each
seat of the team; `rules.filled` then seats them. All in the location's own time zone (so a day of clock change has 23
or 25 hours).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Max

from kapclinic.core.asking import Params
from kapclinic.practice.models import User
from programs.models import Modality, Program
from sessions.booking import rules
from sessions.booking.models import Allocation, Session
from sessions.booking.rules import Need, Seat, Slot
from sessions.booking.sql.free_slots import HOURS, PLACES, ROOM

MOST = 10_000  # 93 days of quarter hours


def on_grid(moment: datetime) -> datetime:
    """`moment`, or the next quarter of an hour."""
    floor = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
    return floor if floor == moment else floor + rules.GRID


@dataclass(frozen=True)
class _Team:
    """The seats that a session needs filled, with who may take each, best first; and who has to be on site."""

    seats: Sequence[Seat]
    candidates: Sequence[Sequence[UUID]]  # of each seat
    watch: Sequence[tuple[Need, Sequence[UUID]]]  # parts that somebody is on site for

    def parts(self) -> list[tuple[int, Need, Sequence[UUID]]]:
        """Each part to be held: its seat, what it is, who may."""
        pairs = zip(self.seats, self.candidates, strict=True)
        return [(seat, part, ids) for seat, (one, ids) in enumerate(pairs) for part in one.parts]


def people_at(location: UUID) -> list[tuple[UUID, list[str]]]:
    """Who works at the location, with their roles: whoever has been here longest first."""
    staff = User.objects.filter(is_active=True, locations__contains=[location])
    return list(staff.order_by("created_at", "pk").values_list("pk", "roles"))


def _who(need: Need, people: Sequence[tuple[UUID, list[str]]]) -> list[UUID]:
    return [pk for pk, roles in people if need.role in roles and need.admits(pk)]


def _team(
    program: Program, needs: Sequence[Need], only: Mapping[str, Sequence[UUID]], someone: UUID | None
) -> _Team:
    """First `someone`, then the program's own therapist or prescriber, then a pool in its order; without a pool,
    whoever could take fewest seats, then who has been here longest."""
    people = people_at(program.location_id)
    own = {"therapist": program.therapist_id, "prescriber": program.prescriber_id}
    seats = rules.seats_of(needs)
    found = [
        [pk for pk in _who(seat.parts[0], people) if seat.role not in only or pk in only[seat.role]]
        for seat in seats
    ]
    reach = Counter(pk for ids in found for pk in ids)
    for seat, ids in zip(seats, found, strict=True):
        first = someone if someone in ids else own.get(seat.role)
        order = {pk: place for place, pk in enumerate(seat.any_of)} or reach
        ids.sort(key=lambda pk, first=first, order=order: (pk != first, order[pk]))  # type: ignore[misc]
    watch = [(need, _who(need, people)) for need in needs if need.mode == rules.ON_SITE]
    return _Team(seats, found, watch)


def _statement(team: _Team, *, with_room: bool) -> str:
    joins, seated = [ROOM if with_room else ""], []
    parts = list(enumerate(team.parts()))
    for seat in range(len(team.seats)):
        first, *others = [idx for idx, (its_seat, _, _) in parts if its_seat == seat]
        also = "".join(
            f"""
        AND EXISTS (SELECT FROM places p{idx} WHERE p{idx}.idx = {idx} AND p{idx}.pos = places.pos
                    AND p{idx}.free @> tstzrange(s + %(from{idx})s, s + %(to{idx})s))"""
            for idx in others
        )
        joins.append(
            f"""
JOIN LATERAL (
    SELECT array_agg(DISTINCT pos) AS who FROM places
    WHERE idx = {first} AND free @> tstzrange(s + %(from{first})s, s + %(to{first})s){also}
) seat{seat} ON seat{seat}.who IS NOT NULL"""
        )
        seated.append(f", seat{seat}.who")
    watch = "".join(
        f"""
AND (SELECT count(*) FROM present WHERE user_id = ANY(%(watch{i})s::uuid[])
     AND during @> tstzrange(s + %(from_watch{i})s, s + %(to_watch{i})s)) >= %(count_watch{i})s"""
        for i in range(len(team.watch))
    )
    return f"""
WITH {HOURS}, {PLACES}
SELECT s, {"room.id" if with_room else "NULL"}{"".join(seated)}
FROM generate_series(%(start)s::timestamptz, %(last)s::timestamptz, interval '15 minutes') s
CROSS JOIN opening CROSS JOIN person {"".join(joins)}
WHERE opening.during @> tstzrange(s, s + %(length)s) AND person.free @> tstzrange(s, s + %(length)s){watch}
ORDER BY s LIMIT {MOST}"""


def _asked(team: _Team) -> Params:
    """The parameters of the team: each part's minutes and candidates, and each on-site part's."""
    rows: list[dict[str, object]] = []
    params: Params = {}
    for idx, (_, part, ids) in enumerate(team.parts()):
        rows.append({"idx": idx, "mode": part.mode, "candidates": [str(pk) for pk in ids]})
        params |= _minutes(str(idx), part)
    for i, (need, ids) in enumerate(team.watch):
        params |= _minutes(f"_watch{i}", need) | {f"watch{i}": list(ids), f"count_watch{i}": need.count}
    known = {pk for ids in (*team.candidates, *(ids for _, ids in team.watch)) for pk in ids}
    return params | {"parts": json.dumps(rows), "staff": sorted(known)}


def _minutes(name: str, need: Need) -> dict[str, timedelta]:
    return {f"from{name}": timedelta(minutes=need.from_min), f"to{name}": timedelta(minutes=need.to_min)}


class _Seating:
    """Who takes which seat, of those who are free. Keeps its answers: thousands of starts share the same few."""

    def __init__(self, team: _Team) -> None:
        self.team = team
        self.known: dict[tuple[tuple[int, ...], ...], tuple[tuple[UUID, str], ...] | None] = {}

    def of(self, free: Iterable[Sequence[int]]) -> tuple[tuple[UUID, str], ...] | None:
        """(user, role) for every seat, or None when they are too few. `free`: places in each seat's candidates."""
        key = tuple(map(tuple, free))
        if key not in self.known:
            pairs = zip(key, self.team.candidates, strict=True)
            chosen = rules.filled([[ids[pos - 1] for pos in places] for places, ids in pairs])
            staff = [
                (user, seat.role)
                for user, seat in zip(chosen, self.team.seats, strict=True)
                if user is not None
            ]
            self.known[key] = tuple(staff) if len(staff) == len(chosen) else None
        return self.known[key]


def free_slots(
    *,
    program: Program,
    kind: str,
    modality: str,
    at: datetime,
    start: datetime,
    before: datetime,
    length_min: int | None = None,
    room: UUID | None = None,
    someone: UUID | None = None,
    only: Mapping[str, Sequence[UUID]] | None = None,
    ignoring: Collection[UUID] = (),
    exact: bool = False,
) -> list[Slot]:
    """Every free start in [start, before), earliest first; none that booking would refuse as too far or too long.

    `someone` must be there, in whichever needed role they hold; `only` narrows who may fill a role (role -> user
    ids); `ignoring` leaves aside what these sessions hold, and the slots held for them; with `exact` the first start is
    `start` itself, on the grid or not. Who is taken first: `_team`.
    """
    length = length_min or program.protocol.length_of(kind)
    needs = rules.needs_of(kind=kind, protocol=program.protocol, length_min=length)
    first = start if exact else on_grid(start)
    before = min(before, at + rules.FURTHEST)
    if first >= before or timedelta(minutes=length) > rules.LONGEST:
        return []
    team = _team(program, needs, only or {}, someone)
    params: Params = _asked(team) | {
        "location": program.location_id,
        "client": program.client_id,
        "kind": kind,
        "room": room,
        "ignoring": list(ignoring),
        "at": at,
        "start": first,
        "last": before - timedelta(microseconds=1),
        "stop": before + timedelta(minutes=length),
        "length": timedelta(minutes=length),
        "longest": rules.LONGEST_HELD,
    }
    with connection.cursor() as cursor:
        cursor.execute(_statement(team, with_room=modality == Modality.IN_PERSON), params)
        found = cursor.fetchall()
    seating, span = _Seating(team), timedelta(minutes=length)
    seated = ((start, where, seating.of(free)) for start, where, *free in found)
    return [
        Slot(start, start + span, modality, where, staff)
        for start, where, staff in seated
        if staff is not None and (someone is None or someone in {user for user, _ in staff})
    ]


def off_site(*, location: UUID, needs: Iterable[Need], starts_at: datetime) -> list[Need]:
    """The `on_site` parts during which fewer people than asked for are at work, each throughout; mostly no query."""
    asked = [need for need in needs if need.mode == rules.ON_SITE]
    if not asked:
        return []
    people = people_at(location)
    rows = [
        {
            "idx": idx,
            "a": (starts_at + timedelta(minutes=need.from_min)).isoformat(),
            "b": (starts_at + timedelta(minutes=need.to_min)).isoformat(),
            "count": need.count,
            "candidates": [str(pk) for pk in _who(need, people)],
        }
        for idx, need in enumerate(asked)
    ]
    query = f"""
WITH {HOURS}
SELECT r.idx FROM jsonb_to_recordset(%(parts)s::jsonb)
    AS r(idx int, a timestamptz, b timestamptz, count int, candidates uuid[])
WHERE (SELECT count(*) FROM present
       WHERE user_id = ANY(r.candidates) AND during @> tstzrange(r.a, r.b)) < r.count
ORDER BY r.idx"""
    params: Params = {
        "location": location,
        "start": starts_at,
        "stop": starts_at + timedelta(minutes=max(need.to_min for need in asked)),
        "staff": [pk for pk, _ in people],
        "parts": json.dumps(rows),
    }
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return [asked[idx] for (idx,) in cursor.fetchall()]


def sessions_outside(*, location: UUID, at: datetime, user: UUID | None = None) -> set[UUID]:
    """Sessions to come at a location during which it is closed, or somebody who is held for them does not work.

    With `user` only those of whose parts this person does not work. What is over is not looked at.
    """
    closed = """
UNION SELECT s.id FROM clinic_sessions_session s, opening
WHERE s.location_id = %(location)s AND s.ends_at > %(start)s AND s.status IN ('held', 'scheduled', 'checked_in')
  AND NOT opening.during @> tstzrange(s.starts_at, s.ends_at)"""
    held = Allocation.objects.filter(
        kind=Allocation.Kind.STAFF, released_at__isnull=True, session__location=location, ends_at__gt=at
    )
    mine = held if user is None else held.filter(resource=user)
    query = f"""
WITH {HOURS}
SELECT a.session_id FROM clinic_sessions_allocation a
JOIN clinic_sessions_session s ON s.id = a.session_id JOIN present ON present.user_id = a.resource
WHERE a.kind = 'staff' AND a.released_at IS NULL AND a.ends_at > %(start)s AND s.location_id = %(location)s
  AND NOT present.during @> tstzrange(a.starts_at, a.ends_at){closed if user is None else ""}"""
    last = Session.objects.filter(location=location, ends_at__gt=at).aggregate(Max("ends_at"))["ends_at__max"]
    params: Params = {
        "location": location,
        "start": at,
        "stop": last or at,
        "staff": sorted(set(mine.values_list("resource", flat=True))),
    }
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return {pk for (pk,) in cursor.fetchall()}
