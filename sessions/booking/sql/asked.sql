SELECT NOT (SELECT during FROM opening) @> tstzrange(%(start)s, %(stop)s) AS closed,
       coalesce((SELECT array_agg(DISTINCT w.user_id) FROM
           unnest(%(who)s::uuid[], %(a)s::timestamptz[], %(b)s::timestamptz[]) AS w(user_id, a, b)
           JOIN present ON present.user_id = w.user_id
           WHERE NOT present.during @> tstzrange(w.a, w.b)), '{}') AS absent,
       (SELECT jsonb_agg(jsonb_build_array(id, is_active AND %(location)s = ANY(locations), roles, monitor_capacity))
        FROM practice_user WHERE id = ANY(%(staff)s::uuid[])) AS people,
       (SELECT jsonb_build_array(is_active AND location_id = %(location)s, kinds, turnover_min)
        FROM practice_room WHERE id = %(room)s) AS room,
       (SELECT array_agg(number) FROM clinic_sessions_session
        WHERE program_id = %(program)s AND kind = %(kind)s AND status NOT IN ('cancelled', 'no_show')) AS numbers,
       (SELECT jsonb_agg(jsonb_build_array(t.resource, t.kind, own.session_id, own.hold_id, lower(t.lanes),
                                           upper(t.lanes), t.starts_at, t.ends_at) ORDER BY t.id)
        FROM clinic_sessions_taken t LEFT JOIN clinic_sessions_allocation own ON own.id = t.id
        WHERE t.resource = ANY(%(resources)s::uuid[]) AND t.released_at IS NULL
          AND t.starts_at > %(start)s - %(longest)s AND t.starts_at < %(cleaned)s AND t.ends_at > %(start)s
          AND (t.expires_at IS NULL OR t.expires_at > %(at)s)) AS taken,
       EXISTS (SELECT FROM clinic_sessions_taken
               WHERE resource = ANY(%(resources)s::uuid[]) AND released_at IS NULL AND expires_at <= %(at)s) AS expired
