"""What a booking has to know once it has its locks, in one statement; and the statement that takes them."""

from __future__ import annotations

from pathlib import Path

from sessions.booking.sql.free_slots import HOURS

# One row. closed, absent: hours that don't suit; people: [id, at work at the location?, roles, monitoring places];
# room: [in use at the location?, kinds, minutes of cleaning]; numbers: of the course's standing sessions of the kind;
# taken: [resource, kind, session, hold, lanes from, to, from, until]; expired: is a hold to be released first?
ASKED = f"WITH {HOURS}\n{Path(__file__).with_name('asked.sql').read_text()}"

# The locks of some resources and of a client under every id, in the order of their keys (`allocations.lock_key`), and
# these ids. Without %(wait)s the second column is false when somebody else has one of them.
LOCK = """
WITH person AS MATERIALIZED (
    SELECT practice_person(%(client)s) AS id
),
keys AS MATERIALIZED (
    SELECT DISTINCT ('x' || encode(substr(sha256(uuid_send(id)), 1, 8), 'hex'))::bit(64)::bigint AS key
    FROM (SELECT unnest(%(resources)s::uuid[]) AS id UNION ALL SELECT id FROM person) AS wanted
    ORDER BY key
),
locked AS MATERIALIZED (
    SELECT CASE WHEN %(wait)s::boolean THEN pg_advisory_xact_lock(key) IS NOT NULL
                ELSE pg_try_advisory_xact_lock(key) END AS done
    FROM keys
)
SELECT (SELECT array_agg(id ORDER BY id) FROM person), (SELECT bool_and(done) FROM locked)
"""
