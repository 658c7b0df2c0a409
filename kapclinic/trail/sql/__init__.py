"""The statements of the trail. They are handed their values; nothing here is put together from a request.

What stands in a `.sql` file is a function of the database, made by a migration.
"""

from __future__ import annotations

from pathlib import Path

TAKE_KEY = Path(__file__).with_name("take_key.sql").read_text()
DROP_TAKE_KEY = "DROP FUNCTION trail_take_key(bigint, uuid, text, text, text);"
PARTITIONS = Path(__file__).with_name("partitions.sql").read_text()
DROP_PARTITIONS = """
DROP FUNCTION trail_remake(text, text, text, int), trail_partitions(timestamptz, int), trail_make_partition(text, date),
    trail_add_partition(regclass, date), trail_guard_partition(regclass, text), trail_is_taken(regclass, date),
    trail_holds(text, text), trail_has_partition(regclass, date), trail_partition(regclass, date), trail_key(regclass),
    trail_bound(regclass, date), trail_key_of(timestamptz);
"""
# One row: is the key ours, has it acted before, and what came of that. `{locks}` is what its request locks first: not
# when the key is somebody else's or has acted before, since such a request does nothing more. The last column notes,
# until the transaction ends, whether it is to act: whatever was sent along behind this looks at it (`ACTS`).
TAKEN = """
SELECT t.*, set_config('kap.acts', CASE WHEN t.locked IS NULL THEN 'no' ELSE 'yes' END, true)
FROM (SELECT k.*, CASE WHEN k.is_ours AND NOT k.has_acted THEN {locks} END AS locked
      FROM trail_take_key(%s, %s, %s, %s, %s) AS k OFFSET 0) AS t
"""
ACTS = "current_setting('kap.acts', true) = 'yes'"

# The next message of a channel, by priority: marked as being sent, one try more, and leased for as long as that try
# says (`leases`, the last for all further ones). Two workers never claim the same row. What is of safety and was never
# tried is due whenever it was written: `at` is when the pass began, and an alarm may have come up since.
CLAIM = """
WITH next AS (
    SELECT id, attempts FROM trail_outbox
    WHERE channel = %(channel)s AND status IN ('pending', 'sending')
        AND (next_at <= %(at)s OR (priority = 0 AND attempts = 0))
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

# Takes the turn of a step until a moment, when nobody is at it and it did not run within half its period. Like the next
# one it waits for nobody: a row that is locked is left as it is, and no row is written.
TAKE_TURN = """
UPDATE trail_heartbeat SET busy_until = %(until)s::timestamptz
WHERE name = (
    SELECT name FROM trail_heartbeat
    WHERE name = %(name)s
        AND (busy_until IS NULL OR busy_until <= %(at)s::timestamptz)
        AND (beat_at IS NULL OR beat_at <= %(at)s::timestamptz - period_seconds * interval '0.5 seconds')
    FOR UPDATE SKIP LOCKED
)
"""

# Gives turns back: the runs that began then have come to their end, or (`failed`) is to be tried again a period later.
GIVE_TURN = """
UPDATE trail_heartbeat
SET beat_at = CASE WHEN %(failed)s::boolean THEN beat_at ELSE GREATEST(beat_at, %(began)s::timestamptz) END,
    busy_until = CASE WHEN %(failed)s::boolean THEN %(began)s::timestamptz + period_seconds * interval '1 second'
        WHEN NOT %(taken)s::boolean THEN busy_until END
WHERE name IN (
    SELECT name FROM trail_heartbeat WHERE name = ANY(%(names)s::text[]) ORDER BY name FOR UPDATE SKIP LOCKED
)
"""

# Events by their keys. The bounds say the same again: by them only the months between are looked at.
EVENTS = """
SELECT * FROM trail_auditevent WHERE id BETWEEN %(first)s::uuid AND %(last)s::uuid AND id = ANY(%(keys)s::uuid[])
"""

# Which months of which tables have their partition, and one of them made (`partitions.sql`).
MONTHS = "SELECT tab, month, is_there, is_taken, has_strays FROM trail_partitions(%s::timestamptz, %s::int)"
MAKE_MONTH = "SELECT trail_make_partition(%s::text, %s::date)"
