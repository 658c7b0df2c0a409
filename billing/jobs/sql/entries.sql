-- The ledger's entries of a period at some locations, each once, in the order of their days and of their making.
-- A charge has the day of its service, also what a fee agreement took off it at once, and a payment the day on which it
-- came; what adjusts, reverses, shares or goes back has the day there on which it was written. `since_last` leaves out what an export of `kinds` that did not fail held.
-- `job` asks for the entries that this export took, whatever is new.
-- A charge above the fee is in no book until the director confirms it, nor is what hangs on it.
WITH standing AS (
    SELECT charge.id FROM billing_charge AS charge
    WHERE NOT charge.needs_review
       OR EXISTS (SELECT FROM billing_chargeconfirmation AS word WHERE word.charge_id = charge.id)
), entry AS (
    SELECT row.id, CASE WHEN row.reverses_id IS NULL THEN 'charge' ELSE 'charge_reversal' END AS type,
           row.client_id, row.location_id, code.code, '' AS method, '' AS reference, row.amount, row.reverses_id,
           row.created_at, CASE WHEN row.reverses_id IS NULL THEN row.date_of_service END AS day
    FROM billing_charge AS row JOIN billing_servicecode AS code ON code.id = row.code_id
    WHERE coalesce(row.reverses_id, row.id) IN (SELECT id FROM standing)
    UNION ALL
    SELECT row.id, CASE WHEN row.reverses_id IS NULL THEN 'adjustment' ELSE 'adjustment_reversal' END,
           charge.client_id, charge.location_id, code.code, '', row.reason, row.amount, row.reverses_id,
           row.created_at,
           CASE WHEN row.agreement_id IS NOT NULL AND row.reverses_id IS NULL THEN charge.date_of_service END
    FROM billing_adjustment AS row
    JOIN billing_charge AS charge ON charge.id = row.charge_id
    JOIN billing_servicecode AS code ON code.id = charge.code_id
    WHERE charge.id IN (SELECT id FROM standing)
    UNION ALL
    SELECT row.id, CASE WHEN row.reverses_id IS NULL THEN 'payment' ELSE 'payment_reversal' END,
           row.client_id, row.location_id, '', row.method, row.reference, row.amount, row.reverses_id,
           row.created_at, CASE WHEN row.reverses_id IS NULL THEN row.received_on END
    FROM billing_payment AS row
    UNION ALL
    SELECT row.id, CASE WHEN row.reverses_id IS NULL THEN 'refund' ELSE 'refund_reversal' END,
           payment.client_id, payment.location_id, '', row.method, payment.reference, row.amount, row.reverses_id,
           row.created_at, NULL
    FROM billing_refund AS row JOIN billing_payment AS payment ON payment.id = row.payment_id
    UNION ALL
    SELECT row.id, CASE WHEN row.reverses_id IS NULL THEN 'share' ELSE 'share_reversal' END,
           payment.client_id, payment.location_id, '', payment.method, payment.reference, row.amount, row.reverses_id,
           row.created_at, NULL
    FROM billing_paymentallocation AS row JOIN billing_payment AS payment ON payment.id = row.payment_id
    WHERE row.charge_id IN (SELECT id FROM standing)
), dated AS (
    SELECT entry.*, coalesce(entry.day, (entry.created_at AT TIME ZONE place.time_zone)::date) AS on_day,
           place.name AS place
    FROM entry JOIN practice_location AS place ON place.id = entry.location_id
    WHERE entry.location_id = ANY (%(locations)s)
)
SELECT dated.id, dated.on_day, dated.type, dated.client_id, client.mrn, dated.place, dated.code, dated.method,
       dated.reference, dated.amount, dated.reverses_id
FROM dated JOIN practice_client AS client ON client.id = dated.client_id
WHERE dated.on_day BETWEEN %(from_date)s AND %(to_date)s
  AND dated.type = ANY (%(types)s)
  AND (%(job)s::uuid IS NULL
       OR EXISTS (SELECT FROM billing_jobitem AS item WHERE item.subject = dated.id AND item.job_id = %(job)s::uuid))
  AND (NOT %(since_last)s OR NOT EXISTS (
      SELECT FROM billing_jobitem AS item
      JOIN billing_job AS job ON job.id = item.job_id
      WHERE item.subject = dated.id AND job.kind = ANY (%(kinds)s) AND job.state <> 'failed'
  ))
ORDER BY dated.on_day, dated.created_at, dated.id
