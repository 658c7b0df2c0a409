rooms AS MATERIALIZED (
    SELECT id, turnover_min, row_number() OVER (ORDER BY name) AS place FROM practice_room
    WHERE location_id = %(location)s AND is_active AND %(kind)s = ANY(kinds)
),
persons AS MATERIALIZED (
    SELECT client, id FROM unnest(%(clients)s::uuid[]) AS client, LATERAL practice_person(client) AS id
),
asked AS MATERIALIZED (
    SELECT %(staff)s::uuid[] || ARRAY(SELECT id FROM persons) || ARRAY(SELECT id FROM rooms) AS resources
)
SELECT 'opening', NULL::uuid, NULL::uuid, lower(r), upper(r), NULL::int, NULL::bigint FROM opening, unnest(during) AS r
UNION ALL
SELECT 'present', user_id, NULL, lower(r), upper(r), NULL, NULL FROM present, unnest(during) AS r
UNION ALL
SELECT 'room', id, NULL, NULL, NULL, turnover_min, place FROM rooms
UNION ALL
SELECT 'person', client, id, NULL, NULL, NULL, NULL FROM persons
UNION ALL
SELECT 'busy', resource, NULL, starts_at, ends_at, (lanes && int4range(0, 100))::int, NULL
FROM clinic_sessions_taken
WHERE resource = ANY ((SELECT resources FROM asked)::uuid[])
  AND starts_at > %(start)s - %(longest)s AND starts_at < %(stop)s
  AND released_at IS NULL AND ends_at > %(start)s
  AND (expires_at IS NULL OR expires_at > %(at)s)
