"""Statements that find what the rows of a page are about: sessions with their rooms, clients, names of people."""

from __future__ import annotations

from kapclinic.core.versions import version

ABOUT = """
WITH seen AS (
    SELECT s.id, s.number, s.staff, s.client_id, s.room_id, r.name AS room
    FROM clinic_sessions_session s LEFT JOIN practice_room r ON r.id = s.room_id
    WHERE s.id = ANY(%(sessions)s::uuid[])
)
SELECT 'session', id, to_jsonb(seen) FROM seen
UNION ALL
SELECT 'client', id, jsonb_build_object(
    'id', id, 'mrn', mrn, 'legal_first_name', legal_first_name, 'legal_last_name', legal_last_name,
    'chosen_name', chosen_name)
FROM practice_client
WHERE id = ANY(%(clients)s::uuid[]) OR id IN (SELECT client_id FROM seen)
UNION ALL
SELECT 'person', id, to_jsonb(name) FROM practice_user
WHERE id = ANY(%(people)s::uuid[])
   OR id IN (SELECT (seat ->> 'user')::uuid FROM seen, jsonb_array_elements(staff) AS seat)
"""

# A page (`{inner}`) with what its rows are about beside them. It has the columns `about_session`, `about_client` (where
# a row names a client itself) and `about_assigned`. `{client}` is CLIENT or NO_CLIENT, by who asks; `{beside}` and
# `{joins}` are what a list shows besides, of the session `s` and by joins of its own. Whose each row is, is worked out
# first: behind a policy a client is found by their key only where it is compared with a column, not with an expression.
NAMED = """
WITH page AS MATERIALIZED (SELECT p.*, row_number() OVER () AS place FROM ({inner}) p),
whose AS MATERIALIZED (
    SELECT page.place, coalesce(page.about_client::uuid, s.client_id) AS client, page.about_assigned::uuid AS assigned
    FROM page LEFT JOIN clinic_sessions_session s ON s.id = page.about_session
)
SELECT page.*, s.id, s.number, r.name, {client},
       coalesce((
           SELECT jsonb_agg(jsonb_build_object(
               'id', seat ->> 'user', 'name', coalesce(u.name, ''), 'role', seat ->> 'role') ORDER BY nth)
           FROM jsonb_array_elements(s.staff) WITH ORDINALITY AS seats(seat, nth)
           LEFT JOIN practice_user u ON u.id = (seat ->> 'user')::uuid
       ), '[]'),
       a.name{beside}
FROM page
JOIN whose ON whose.place = page.place
LEFT JOIN clinic_sessions_session s ON s.id = page.about_session
LEFT JOIN practice_room r ON r.id = s.room_id
LEFT JOIN practice_client c ON c.id = whose.client
LEFT JOIN practice_user a ON a.id = whose.assigned{joins}
ORDER BY page.place
"""
CLIENT = "coalesce(nullif(c.chosen_name, ''), c.legal_first_name) || ' ' || c.legal_last_name, c.mrn"
NO_CLIENT = "NULL, NULL"

# The versions of all that NAMED shows of a page, for its tag (`MARK` of `core/statements.py`): of the page's own rows
# what they hold, of all others where PostgreSQL keeps the row version and who wrote it (docs/decisions/0049).
# `{joined}` are those that a list joins besides.
SEEN = f"""
about AS MATERIALIZED (
    SELECT coalesce(page.about_client::uuid, s.client_id) AS client, page.about_assigned::uuid AS assigned,
           s.room_id AS room, s.staff, {version("s", 1)} AS version
    FROM page LEFT JOIN clinic_sessions_session s ON s.id = page.about_session
),
worker AS (
    SELECT assigned AS id FROM about
    UNION
    SELECT (seat ->> 'user')::uuid FROM about CROSS JOIN LATERAL jsonb_array_elements(about.staff) seat
),
seen AS (
    SELECT hash_record_extended(page, 0) AS version FROM page
    UNION ALL SELECT version FROM about
    UNION ALL SELECT {version("t", 2)} FROM about JOIN practice_room t ON t.id = about.room
    UNION ALL SELECT {version("t", 3)} FROM about JOIN practice_client t ON t.id = about.client
    UNION ALL SELECT {version("t", 4)} FROM worker JOIN practice_user t ON t.id = worker.id{{joined}}
)"""  # noqa: S608  (names of ours)
JOINED = f"""
    UNION ALL SELECT {version("{alias}", 5)} FROM page {{join}}"""  # noqa: S608  (names of ours)
