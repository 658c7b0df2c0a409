-- Services that are booked and to come, of persons who pay themselves on that day, of which no estimate of theirs tells;
-- the first ones first. The day is the one at the place.
-- Each table is read once and joined by the person, so that the cost is that of the book and never of pairs. Of coverages
-- and estimates those whose last day is over are left out first: no service to come is theirs, in whatever zone. A draft
-- that nobody is to issue by any day tells of nothing, nor does what a newer edition stands for.
WITH alias AS MATERIALIZED (
    SELECT client_id, into_id FROM practice_clientalias WHERE ended_at IS NULL
), own AS (
    SELECT coalesce(alias.into_id, client_id) AS person, row.valid_from, row.valid_to
    FROM billing_coverage AS row LEFT JOIN alias USING (client_id)
    WHERE row.intent = ANY (%(intents)s::text[]) AND row.voided_at IS NULL
      AND (row.valid_to IS NULL OR row.valid_to >= (%(at)s::timestamptz AT TIME ZONE 'UTC')::date - 1)
), told AS (
    SELECT coalesce(alias.into_id, client_id) AS person, row.from_date, row.to_date
    FROM billing_estimate AS row LEFT JOIN alias USING (client_id)
    WHERE row.to_date >= (%(at)s::timestamptz AT TIME ZONE 'UTC')::date - 1
      AND row.id NOT IN (SELECT estimate_id FROM billing_estimatevoid)
      AND (row.due_on IS NOT NULL OR row.id IN (SELECT estimate_id FROM billing_estimateissue))
      AND row.id NOT IN (
          SELECT next.supersedes_id FROM billing_estimate AS next JOIN billing_estimateissue ON estimate_id = next.id
          WHERE next.supersedes_id IS NOT NULL AND next.id NOT IN (SELECT estimate_id FROM billing_estimatevoid))
), booked AS (
    SELECT session.id, session.location_id, client_id, session.created_at, session.starts_at, place.time_zone,
           coalesce(alias.into_id, client_id) AS person,
           (session.starts_at AT TIME ZONE place.time_zone)::date AS day
    FROM clinic_sessions_session AS session
    JOIN practice_location AS place ON place.id = session.location_id
    LEFT JOIN alias USING (client_id)
    WHERE session.status = 'scheduled' AND session.starts_at >= %(at)s
)
SELECT client_id AS client, location_id AS location, time_zone, created_at, starts_at
FROM booked
WHERE EXISTS (
    SELECT FROM own
    WHERE own.person = booked.person AND own.valid_from <= booked.day AND coalesce(own.valid_to >= booked.day, true)
) AND NOT EXISTS (
    SELECT FROM told
    WHERE told.person = booked.person AND told.from_date <= booked.day AND told.to_date >= booked.day
)
ORDER BY starts_at, id
