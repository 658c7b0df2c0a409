"""The statements of reminders. They ask and are handed their values; nothing here is put together from a request."""

# The sessions that a pass looks at: booked ones that start before `until`, that were saved `since` then, or of which a
# message waits; those that were cancelled since then, or of which a message waits, and one had left, or that ended with
# a death which was taken back since then; and whichever the front desk is asked to call about. Each question begins
# with what an index finds, and looks each session up by its key: OFFSET 0 leaves the planner no other way, so that the
# cost is that of what is near or new, however long the book is and however old its statistics are. What was saved
# lately is found by its history, which has a row of that moment and an index of it: no booking pays for one of its own.
COMING = """
WITH saved AS MATERIALIZED (
    SELECT DISTINCT id FROM clinic_sessions_historicalsession WHERE history_date >= %(since)s
), waiting AS MATERIALIZED (
    SELECT DISTINCT subject_id AS id FROM trail_outbox
    WHERE status = 'pending' AND recipient_kind = 'client' AND starts_with(template, %(template)s)
)
SELECT found.id FROM practice_location place CROSS JOIN LATERAL (
    SELECT id FROM clinic_sessions_session WHERE location_id = place.id AND status = 'scheduled'
    AND starts_at > %(at)s AND starts_at <= %(until)s OFFSET 0) found
UNION
SELECT found.id FROM saved CROSS JOIN LATERAL (
    SELECT id FROM clinic_sessions_session WHERE id = saved.id AND updated_at >= %(since)s AND (
        status = 'scheduled' AND starts_at > %(at)s
        OR status = 'cancelled' AND EXISTS (
            SELECT FROM trail_outbox WHERE subject_id = saved.id AND status = 'sent'
            AND recipient_kind = 'client' AND starts_with(template, %(template)s))) OFFSET 0) found
UNION
SELECT found.id FROM waiting CROSS JOIN LATERAL (
    SELECT id FROM clinic_sessions_session WHERE id = waiting.id AND (
        status = 'scheduled' AND starts_at > %(at)s
        OR status = 'cancelled' AND EXISTS (
            SELECT FROM trail_outbox WHERE subject_id = waiting.id AND status = 'sent'
            AND recipient_kind = 'client' AND starts_with(template, %(template)s))) OFFSET 0) found
UNION
SELECT found.id FROM practice_deathvoid v JOIN practice_death d ON d.id = v.death_id
CROSS JOIN LATERAL jsonb_object_keys(d.ended -> 'programs') course
CROSS JOIN LATERAL (
    SELECT id FROM clinic_sessions_session WHERE program_id = course::uuid AND status = 'cancelled'
    AND starts_at > %(at)s AND EXISTS (
        SELECT FROM trail_outbox WHERE subject_id = clinic_sessions_session.id AND status = 'sent'
        AND recipient_kind = 'client' AND starts_with(template, %(template)s)) OFFSET 0) found
WHERE v.created_at >= %(since)s
UNION
SELECT subject_id FROM trail_task WHERE kind = %(kind)s AND state = 'open'
"""

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
