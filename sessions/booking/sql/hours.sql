loc AS MATERIALIZED (
    SELECT id, time_zone AS tz, opening_hours, closed_dates FROM practice_location WHERE id = %(location)s
),
days AS MATERIALIZED (
    SELECT d::date AS day, extract(isodow FROM d)::int - 1 AS weekday
    FROM loc, generate_series(
        ((%(start)s::timestamptz AT TIME ZONE loc.tz)::date - 1)::timestamp,
        ((%(stop)s::timestamptz AT TIME ZONE loc.tz)::date + 1)::timestamp,
        interval '1 day'
    ) d
),
spans AS MATERIALIZED (
    SELECT NULL::uuid AS user_id, (day + h."from") AT TIME ZONE loc.tz AS a, (day + h."to") AT TIME ZONE loc.tz AS b
    FROM loc, days, jsonb_to_recordset(loc.opening_hours) AS h(weekday int, "from" time, "to" time)
    WHERE h.weekday = days.weekday AND day <> ALL(loc.closed_dates)
    UNION ALL
    SELECT w.user_id, (day + w.starts) AT TIME ZONE loc.tz,
           (day + CASE WHEN w.ends > '23:59:59.9' THEN '24:00' ELSE w.ends END) AT TIME ZONE loc.tz
    FROM loc, days, practice_workinghours w
    WHERE w.location_id = loc.id AND w.ended_at IS NULL AND w.weekday = days.weekday AND w.user_id = ANY(%(staff)s)
),
hours AS MATERIALIZED (
    SELECT user_id, range_agg(tstzrange(a, greatest(a, b))) AS during FROM spans GROUP BY user_id
),
away AS MATERIALIZED (
    SELECT user_id, range_agg(tstzrange(starts_at, ends_at)) AS during
    FROM practice_timeoff
    WHERE cancelled_at IS NULL AND user_id = ANY(%(staff)s) AND ends_at > %(start)s AND starts_at < %(stop)s
    GROUP BY user_id
),
opening AS MATERIALIZED (
    SELECT coalesce((SELECT during FROM hours WHERE user_id IS NULL), '{}'::tstzmultirange) AS during
),
present AS MATERIALIZED (
    SELECT s.user_id,
           (coalesce(hours.during, '{}') * opening.during) - coalesce(away.during, '{}'::tstzmultirange) AS during
    FROM unnest(%(staff)s::uuid[]) AS s(user_id)
    CROSS JOIN opening
    LEFT JOIN hours ON hours.user_id = s.user_id
    LEFT JOIN away ON away.user_id = s.user_id
)
