"""Parts of the statement that finds free starts: who is present, who is free, which room."""

from __future__ import annotations

from pathlib import Path

HOURS = Path(__file__).with_name("hours.sql").read_text()

# What is asked about alone, by the index of allocations (resource, starts_at): what holds one of these at %(start)s
# began less than %(longest)s before.
PLACES = """
asked AS MATERIALIZED (
    SELECT %(staff)s::uuid[] || ARRAY(SELECT practice_person(%(client)s))
           || ARRAY(SELECT id FROM practice_room WHERE location_id = %(location)s) AS resources
),
busy AS MATERIALIZED (
    SELECT resource, lanes, tstzrange(starts_at, ends_at) AS during
    FROM clinic_sessions_taken
    WHERE resource = ANY ((SELECT resources FROM asked)::uuid[])
      AND starts_at > %(start)s - %(longest)s AND starts_at < %(stop)s + interval '1 day'
      AND released_at IS NULL AND ends_at > %(start)s
      AND id NOT IN (
          SELECT a.id FROM clinic_sessions_allocation a JOIN clinic_sessions_session s ON s.id = a.session_id
          WHERE s.id = ANY(%(ignoring)s::uuid[]) OR (s.for_dose_id = ANY(%(ignoring)s::uuid[]) AND s.status = 'held'))
      AND (expires_at IS NULL OR expires_at > %(at)s)
),
roles AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(parts)s::jsonb) AS r(idx int, mode text, candidates uuid[])
),
places AS MATERIALIZED (
    SELECT roles.idx, c.pos::int AS pos,
           present.during - coalesce(
               (SELECT range_agg(busy.during) FROM busy WHERE busy.resource = u.id AND busy.lanes && lane), '{}'
           ) AS free
    FROM roles
    CROSS JOIN LATERAL unnest(roles.candidates) WITH ORDINALITY AS c(user_id, pos)
    JOIN practice_user u ON u.id = c.user_id
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
               - coalesce((SELECT range_agg(busy.during) FROM busy
                           WHERE busy.resource IN (SELECT practice_person(%(client)s))), '{}') AS free
)
"""

ROOM = """
JOIN LATERAL (
    SELECT id FROM rooms
    WHERE free @> tstzrange(s, s + %(length)s + make_interval(mins => rooms.turnover_min)) ORDER BY name LIMIT 1
) room ON true"""
