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
       (SELECT jsonb_agg(jsonb_build_array(resource, kind, session_id, hold_id, lower(lanes), upper(lanes),
                                           starts_at, ends_at) ORDER BY id)
        FROM clinic_sessions_allocation
        WHERE resource = ANY(%(resources)s::uuid[]) AND released_at IS NULL
          AND starts_at > %(start)s - %(longest)s AND starts_at < %(cleaned)s AND ends_at > %(start)s
          AND (expires_at IS NULL OR expires_at > %(at)s)) AS taken,
       EXISTS (SELECT FROM clinic_sessions_allocation
               WHERE resource = ANY(%(resources)s::uuid[]) AND released_at IS NULL AND expires_at <= %(at)s) AS expired
