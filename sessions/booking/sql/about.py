"""The statement that finds what the rows of a page are about: sessions with their rooms, clients, names of people."""

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
