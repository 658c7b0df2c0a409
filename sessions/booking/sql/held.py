"""The statement that holds resources for one session or hold, all at once."""

# Columns of the rows as arrays, one after the other; what they have in common once.
HOLD = """
INSERT INTO clinic_sessions_allocation (
    id, created_at, created_by, session_id, hold_id, expires_at, kind, resource, role, lanes, starts_at, ends_at
)
SELECT id, %(created_at)s, %(created_by)s, %(session)s::uuid, %(hold)s::uuid, %(expires_at)s::timestamptz,
       kind, resource, role, int4range(low, high), starts_at, ends_at
FROM unnest(
    %(ids)s::uuid[], %(kinds)s::text[], %(resources)s::uuid[], %(roles)s::text[], %(lows)s::int[], %(highs)s::int[],
    %(starts)s::timestamptz[], %(ends)s::timestamptz[]
) AS held(id, kind, resource, role, low, high, starts_at, ends_at)
"""
