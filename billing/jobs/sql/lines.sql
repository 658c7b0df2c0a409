-- The lines of superbills whose service was in a period at some locations: (charge, superbill), by number and date.
-- A charge that stands on several papers counts on the latest, but with `papers` on each; papers that were replaced
-- or voided don't count.
-- `since_last` leaves out what an export of `kinds` that did not fail held: a charge, while the paper that it was
-- exported from still stands, or with `papers` the superbill itself.
WITH line AS (
    SELECT charge.id AS charge, charge.date_of_service, superbill.id AS superbill, superbill.number,
           row_number() OVER (
               PARTITION BY charge.id ORDER BY superbill.created_at DESC, superbill.id DESC
           ) AS place
    FROM billing_charge AS charge
    CROSS JOIN LATERAL billing_papers(ARRAY[charge.id]) AS held(id)
    JOIN billing_superbill AS superbill ON superbill.id = held.id
    WHERE charge.reverses_id IS NULL
      AND charge.location_id = ANY (%(locations)s)
      AND charge.date_of_service BETWEEN %(from_date)s AND %(to_date)s
      AND superbill.locations <@ %(visible)s
      AND NOT EXISTS (SELECT FROM billing_superbill AS newer WHERE newer.corrects_id = superbill.id)
      AND NOT EXISTS (SELECT FROM billing_superbillvoid AS void WHERE void.superbill_id = superbill.id)
)
SELECT line.charge, line.superbill
FROM line
WHERE (%(papers)s OR line.place = 1)
AND (NOT %(since_last)s OR NOT EXISTS (
    SELECT FROM billing_jobitem AS item
    JOIN billing_job AS job ON job.id = item.job_id
    WHERE item.subject = CASE WHEN %(papers)s THEN line.superbill ELSE line.charge END
      AND job.kind = ANY (%(kinds)s) AND job.state <> 'failed'
      AND NOT EXISTS (SELECT FROM billing_jobresult AS result WHERE result.item_id = item.id)
      AND NOT EXISTS (SELECT FROM billing_superbill AS newer WHERE newer.corrects_id = item.superbill_id)
      AND NOT EXISTS (SELECT FROM billing_superbillvoid AS void WHERE void.superbill_id = item.superbill_id)
))
ORDER BY line.number, line.date_of_service, line.charge
