"""The statements of the trail. They are handed their values; nothing here is put together from a request."""

# The next message of a channel, by priority: marked as being sent, one try more, and leased for as long as that try
# says (`leases`, the last for all further ones). Two workers never claim the same row.
CLAIM = """
WITH next AS (
    SELECT id, attempts FROM trail_outbox
    WHERE channel = %(channel)s AND status IN ('pending', 'sending') AND next_at <= %(at)s
    ORDER BY priority, next_at, id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
UPDATE trail_outbox AS o
SET status = 'sending', attempts = o.attempts + 1,
    next_at = %(at)s::timestamptz
        + (%(leases)s::interval[])[least(next.attempts + 1, array_length(%(leases)s::interval[], 1))]
FROM next WHERE o.id = next.id
RETURNING o.*
"""

# The first `most` events behind `after` without a seal, in the order of the chain. Both tables are walked in the order
# of their keys from there on, so that the cost is what is behind `after`, not what there is.
UNSEALED = """
SELECT e.* FROM trail_auditevent e
WHERE e.id > %(after)s::uuid
  AND NOT EXISTS (SELECT FROM trail_auditseal s WHERE s.event_id = e.id AND s.event_id > %(after)s::uuid)
ORDER BY e.id
LIMIT %(most)s
"""

# One link a row, numbered from `first` on.
SEAL = """
INSERT INTO trail_auditseal (sequence, event_id, previous_hash, hash)
SELECT %(first)s::bigint + n - 1, event, previous, hash
FROM unnest(%(events)s::uuid[], %(previous)s::text[], %(hashes)s::text[])
    WITH ORDINALITY AS link(event, previous, hash, n)
"""
