-- What changed in one row from version to version, the newest first: one line for each field.
WITH versions AS (
    SELECT h.history_id, h.history_date, h.history_user_id, to_jsonb(h) AS now,
           lag(to_jsonb(h)) OVER (ORDER BY h.history_id) AS before
    FROM {table} h WHERE h.id = %(key)s
), changes AS (
    SELECT v.history_id, v.history_date, v.history_user_id, f.place, f.name,
           v.before -> f.name AS old, v.now -> f.name AS new
    FROM versions v CROSS JOIN unnest(%(columns)s::text[]) WITH ORDINALITY AS f (name, place)
    WHERE v.before IS NOT NULL AND v.before -> f.name IS DISTINCT FROM v.now -> f.name
)
