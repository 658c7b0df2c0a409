"""The statements of reminders. They ask and are handed their values; nothing here is put together from a request."""

# Of `sessions`, those that the sweep has to work out again: never looked at, due for a look (`look_at`), or other than
# they looked (`seen`). Seen is all that a session's messages are worked out from: the versions of the session, of its
# client and of whoever that is (two registrations may be one person), of location and plan; the ways that this
# installation can send (`ways`); and how far each message that was written has come. Clients and messages are asked for
# by their keys, so that neither table is read as a whole.
UNSEEN = """
WITH now AS MATERIALIZED (
    SELECT s.id, md5(concat_ws('|',
        s.version, l.version, coalesce(p.version, 0), %(ways)s::text,
        (SELECT version FROM practice_client WHERE id = s.client_id),
        coalesce((
            SELECT concat_ws(':', m.id, m.version)
            FROM practice_clientalias a JOIN practice_client m ON m.id = a.into_id
            WHERE a.client_id = s.client_id AND a.ended_at IS NULL), '-'),
        coalesce((
            SELECT string_agg(concat_ws(':', id, status, attempts, extract(epoch FROM next_at)), ',' ORDER BY id)
            FROM trail_outbox WHERE subject_id = s.id AND recipient_kind = 'client'), '-'))) AS seen
    FROM clinic_sessions_session s
    JOIN practice_location l ON l.id = s.location_id
    LEFT JOIN clinic_sessions_reminderplan p ON p.id = s.location_id
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
