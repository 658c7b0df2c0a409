"""The statements of reminders. They ask and are handed their values; nothing here is put together from a request."""

# Of `sessions`, those that the sweep has to work out again: never looked at, due for a look (`look_at`), or other than
# they looked (`seen`). Seen is all that a session's messages are worked out from: the versions of the session, of its
# client and of whoever that is (two registrations may be one person), of location and plan; the ways that this
# installation can send (`ways`); and how far each message that was written has come.
UNSEEN = """
WITH now AS (
    SELECT s.id, md5(concat_ws('|',
        s.version, c.version, coalesce(a.into_id::text, '-'), coalesce(m.version, 0), l.version, coalesce(p.version, 0),
        %(ways)s::text, coalesce(o.written, '-'))) AS seen
    FROM clinic_sessions_session s
    JOIN practice_client c ON c.id = s.client_id
    LEFT JOIN practice_clientalias a ON a.client_id = s.client_id AND a.ended_at IS NULL
    LEFT JOIN practice_client m ON m.id = a.into_id
    JOIN practice_location l ON l.id = s.location_id
    LEFT JOIN clinic_sessions_reminderplan p ON p.id = s.location_id
    LEFT JOIN LATERAL (
        SELECT string_agg(concat_ws(':', id, status, attempts, extract(epoch FROM next_at)), ',' ORDER BY id) AS written
        FROM trail_outbox WHERE subject_id = s.id AND recipient_kind = 'client'
    ) o ON true
    WHERE s.id = ANY(%(sessions)s::uuid[])
)
SELECT now.id, now.seen
FROM now LEFT JOIN clinic_sessions_reminderlook k ON k.id = now.id
WHERE k.id IS NULL OR k.look_at <= %(at)s OR k.seen <> now.seen
"""

# What was seen of each, and when to look again though nothing changes. A look of a session that is long over goes.
LOOKED = """
WITH gone AS (
    DELETE FROM clinic_sessions_reminderlook WHERE look_at < %(forget)s AND id <> ALL(%(ids)s::uuid[])
)
INSERT INTO clinic_sessions_reminderlook (id, seen, look_at)
SELECT * FROM unnest(%(ids)s::uuid[], %(seen)s::text[], %(look_at)s::timestamptz[])
ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, look_at = excluded.look_at
"""
