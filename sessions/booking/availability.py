"""Free time in SQL: working hours and opening hours minus time off and allocations, as multiranges.

One query finds every start on the 15-minute grid at which the client, a room and one person per needed role are
free, in the location's own time zone (so a day of clock change has 23 or 25 hours).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from kapclinic.practice.models import User
from programs.models import Modality, Program
from sessions.booking import rules
from sessions.booking.rules import Need

HOURS = Path(__file__).with_name("hours.sql").read_text()
MOST = 10_000  # 93 days of quarter hours

PLACES = """
busy AS MATERIALIZED (
    SELECT resource, lanes, tstzrange(starts_at, ends_at) AS during
    FROM clinic_sessions_allocation
    WHERE released_at IS NULL AND ends_at > %(start)s AND starts_at < %(stop)s + interval '1 day'
      AND (session_id IS NULL OR session_id IS DISTINCT FROM %(ignoring)s)
      AND (expires_at IS NULL OR expires_at > %(at)s)
),
roles AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(needs)s::jsonb)
    AS r(idx int, role text, mode text, preferred uuid, candidates uuid[])
),
places AS MATERIALIZED (
    SELECT roles.idx, u.id AS user_id, n, (u.id IS DISTINCT FROM roles.preferred) AS rank, u.created_at,
           (SELECT count(*) FROM roles other WHERE u.id = ANY(other.candidates)) AS reach,
           present.during - coalesce(
               (SELECT range_agg(busy.during) FROM busy WHERE busy.resource = u.id AND busy.lanes && lane), '{}'
           ) AS free
    FROM roles
    JOIN practice_user u ON u.id = ANY(roles.candidates)
    JOIN present ON present.user_id = u.id
    CROSS JOIN LATERAL generate_series(0, CASE roles.mode WHEN 'monitor' THEN u.monitor_capacity - 1 ELSE 0 END) n
    CROSS JOIN LATERAL (
        SELECT CASE roles.mode WHEN 'monitor' THEN int4range(n, n + 1) ELSE int4range(0, 100) END AS lane
    ) l
),
rooms AS MATERIALIZED (
    SELECT r.id, r.turnover_min, r.name,
           '{(,)}'::tstzmultirange
               - coalesce((SELECT range_agg(busy.during) FROM busy WHERE busy.resource = r.id), '{}') AS free
    FROM practice_room r
    WHERE r.location_id = %(location)s AND r.is_active AND %(kind)s = ANY(r.kinds)
      AND (%(room)s::uuid IS NULL OR r.id = %(room)s)
),
person AS MATERIALIZED (
    SELECT '{(,)}'::tstzmultirange
               - coalesce((SELECT range_agg(busy.during) FROM busy WHERE busy.resource = %(client)s), '{}') AS free
)
"""

ROOM = """
JOIN LATERAL (
    SELECT id FROM rooms
    WHERE free @> tstzrange(s, s + %(length)s + make_interval(mins => rooms.turnover_min)) ORDER BY name LIMIT 1
) room ON true"""


@dataclass(frozen=True)
class Slot:
    """A start that works, with what a booking would hold; each one plus program and kind is a valid booking."""

    starts_at: datetime
    ends_at: datetime
    modality: str
    room: UUID | None
    staff: tuple[tuple[UUID, str], ...]

    def as_dict(self) -> dict[str, Any]:
        staff = [{"user": user, "role": role} for user, role in self.staff]
        return {
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "modality": self.modality,
            "room": self.room,
            "staff": staff,
        }


def on_grid(moment: datetime) -> datetime:
    """`moment`, or the next quarter of an hour."""
    floor = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
    return floor if floor == moment else floor + rules.GRID


def _candidates(
    program: Program, needs: Sequence[Need], only: Mapping[str, Sequence[UUID]], someone: UUID | None
) -> list[dict[str, Any]]:
    staff = User.objects.filter(is_active=True, locations__contains=[program.location_id])
    people = list(staff.values_list("pk", "roles"))
    preferred = {"therapist": program.therapist_id, "prescriber": program.prescriber_id}
    rows = []
    for idx, need in enumerate(needs):
        allowed = only.get(need.role)
        ids = [pk for pk, roles in people if need.role in roles and (allowed is None or pk in allowed)]
        first = someone if someone in ids else preferred.get(need.role)
        rows.append(
            {
                "idx": idx,
                "role": need.role,
                "mode": need.mode,
                "preferred": str(first) if first else None,
                "candidates": [str(pk) for pk in ids],
            }
        )
    return rows


def _statement(needs: Sequence[Need], *, with_room: bool) -> str:
    joins = [ROOM if with_room else ""]
    for idx in range(len(needs)):
        others = "".join(f" AND user_id <> p{other}.user_id" for other in range(idx))
        joins.append(
            f"""
JOIN LATERAL (
    SELECT user_id FROM places
    WHERE idx = {idx} AND free @> tstzrange(s + %(from{idx})s, s + %(to{idx})s){others}
    ORDER BY rank, reach, created_at, n LIMIT 1
) p{idx} ON true"""
        )
    people = "".join(f", p{idx}.user_id" for idx in range(len(needs)))
    return f"""
WITH {HOURS}, {PLACES}
SELECT s, {"room.id" if with_room else "NULL"}{people}
FROM generate_series(%(start)s::timestamptz, %(last)s::timestamptz, interval '15 minutes') s
CROSS JOIN opening CROSS JOIN person {"".join(joins)}
WHERE opening.during @> tstzrange(s, s + %(length)s) AND person.free @> tstzrange(s, s + %(length)s)
ORDER BY s LIMIT {MOST}"""


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
    ignoring: UUID | None = None,
    exact: bool = False,
) -> list[Slot]:
    """Every free start in [start, before), earliest first.

    `someone` must be there, in whichever needed role they hold; `only` narrows who may fill a role (role -> user
    ids); `ignoring` leaves one session's own allocations aside; with `exact` the first start is `start` itself, on the
    grid or not. Whoever can fill fewer roles is taken first.
    """
    length = length_min or program.protocol.length_of(kind)
    needs = rules.needs_of(kind=kind, protocol=program.protocol, length_min=length)
    first = start if exact else on_grid(start)
    if first >= before:
        return []
    rows = _candidates(program, needs, only or {}, someone)
    params: dict[str, Any] = {
        "location": program.location_id,
        "client": program.client_id,
        "kind": kind,
        "room": room,
        "ignoring": ignoring,
        "at": at,
        "start": first,
        "last": before - timedelta(microseconds=1),
        "stop": before + timedelta(minutes=length),
        "length": timedelta(minutes=length),
        "staff": sorted({UUID(pk) for row in rows for pk in row["candidates"]}),
        "needs": json.dumps(rows),
    }
    for idx, need in enumerate(needs):
        params[f"from{idx}"] = timedelta(minutes=need.from_min)
        params[f"to{idx}"] = timedelta(minutes=need.to_min)
    with connection.cursor() as cursor:
        cursor.execute(_statement(needs, with_room=modality == Modality.IN_PERSON), params)
        found = cursor.fetchall()
    slots = [
        Slot(
            row[0],
            row[0] + timedelta(minutes=length),
            modality,
            row[1],
            tuple(zip(row[2:], _roles(needs), strict=True)),
        )
        for row in found
    ]
    return [slot for slot in slots if someone is None or someone in {user for user, _ in slot.staff}]


def _roles(needs: Sequence[Need]) -> list[str]:
    return [need.role for need in needs]


def outside_hours(
    *,
    location: UUID,
    staff: Sequence[tuple[UUID, datetime, datetime]],
    starts_at: datetime,
    ends_at: datetime,
) -> tuple[bool, list[UUID]]:
    """(is the location closed at some time of it, who of `staff` does not work then), in one query."""
    query = f"""
WITH {HOURS}
SELECT NOT (SELECT during FROM opening) @> tstzrange(%(start)s, %(stop)s),
       coalesce((SELECT array_agg(DISTINCT w.user_id) FROM
           unnest(%(who)s::uuid[], %(a)s::timestamptz[], %(b)s::timestamptz[]) AS w(user_id, a, b)
           JOIN present ON present.user_id = w.user_id
           WHERE NOT present.during @> tstzrange(w.a, w.b)), '{{}}')"""
    params: dict[str, Any] = {
        "location": location,
        "start": starts_at,
        "stop": ends_at,
        "staff": sorted({user for user, _, _ in staff}),
        "who": [user for user, _, _ in staff],
        "a": [a for _, a, _ in staff],
        "b": [b for _, _, b in staff],
    }
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        closed, absent = cursor.fetchone()
    return bool(closed), list(absent)
