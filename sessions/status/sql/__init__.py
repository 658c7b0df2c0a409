"""The statements of the status. Each counts what is open, by an index that holds nothing else.

They are handed the moment and a bound on ages; nothing here is put together from a request.
"""

from __future__ import annotations

# One row: what, its kind, how many, and since when the oldest of them waits. `near` and `far` are moments before `at`.
OPEN = """
SELECT 'checks' AS what, state AS kind, count(*) AS many, min(planned_at) AS since
FROM clinic_sessions_check
WHERE reading_id IS NULL AND ended_at IS NULL AND state IN ('due', 'late') AND planned_at <= %(at)s
GROUP BY state
UNION ALL
SELECT 'alarms', CASE WHEN created_at > %(near)s THEN 'new' WHEN created_at > %(far)s THEN 'waiting' ELSE 'old' END,
    count(*), min(created_at)
FROM clinic_sessions_alarm WHERE state = 'open'
GROUP BY 2
UNION ALL
SELECT 'alerts', 'overdue', count(*), min(acknowledge_by)
FROM screening_safetyalert WHERE status = 'open' AND acknowledge_by <= %(at)s
UNION ALL
SELECT 'obligations', state, count(*), min(window_end)
FROM clinic_sessions_obligation WHERE state IN ('due', 'booked')
GROUP BY state
UNION ALL
SELECT 'obligations', 'missed', count(*), min(window_end)
FROM clinic_sessions_obligation WHERE state = 'missed'
UNION ALL
SELECT 'tasks', 'overdue', count(*), min(due_at)
FROM trail_task WHERE state = 'open' AND due_at <= %(at)s
UNION ALL
SELECT 'outbox', channel, count(*), min(next_at)
FROM trail_outbox WHERE status IN ('pending', 'sending') AND next_at <= %(at)s
GROUP BY channel
UNION ALL
SELECT 'retrying', channel, count(*), min(created_at)
FROM trail_outbox WHERE status IN ('pending', 'sending') AND attempts > 0
GROUP BY channel
UNION ALL
SELECT 'dead', channel, count(*), min(created_at)
FROM trail_outbox WHERE status = 'dead'
GROUP BY channel
"""

# Connections to this database by what they are doing; what another role does is not told, and counts as `hidden`.
CONNECTIONS = """
SELECT coalesce(state, 'hidden'), count(*), current_setting('max_connections')::int
FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'
GROUP BY 1
"""
