-- How each person stands at some places: what is open of their charges by its age in days at the place, the credit that
-- pays nothing owed, what of it is spoken for (`prepaid`), what of the rest came by an HSA or FSA card (`health_credit`)
-- and may pay medical care alone (IRC 213(d)), and what the client is to pay now (`owes`), in dollars.
-- Each table is read once and summed by client: a row that takes another back has the opposite amount, so it needs no
-- look at its original. Only a charge above the fee that waits for the director's word is told apart: nothing is owed on
-- it, and what a package paid of it is credit that is spoken for.
WITH waiting AS MATERIALIZED (
    SELECT row.id FROM billing_charge AS row
    WHERE row.needs_review
      AND NOT EXISTS (SELECT FROM billing_chargeconfirmation AS word WHERE word.charge_id = row.id)
      AND NOT EXISTS (SELECT FROM billing_charge AS reversal WHERE reversal.reverses_id = row.id)
), charge AS (
    SELECT row.id, row.client_id, row.amount, row.line_kind <> ALL (%(care)s::text[]) AS private,
           (%(at)s AT TIME ZONE place.time_zone)::date - row.date_of_service AS days
    FROM billing_charge AS row JOIN practice_location AS place ON place.id = row.location_id
    WHERE row.location_id = ANY (%(places)s::uuid[])
), change AS (
    SELECT charge.id AS charge_id, charge.client_id, charge.days, charge.private, charge.amount FROM charge
    UNION ALL
    SELECT charge.id, charge.client_id, charge.days, charge.private, row.amount
    FROM charge JOIN billing_adjustment AS row ON row.charge_id = charge.id
    UNION ALL
    SELECT charge.id, charge.client_id, charge.days, charge.private, -row.amount
    FROM charge JOIN billing_paymentallocation AS row ON row.charge_id = charge.id
), credit AS (
    SELECT row.client_id, row.amount, 0 AS prepaid, row.method = ANY (%(cards)s::text[]) AS by_card
    FROM billing_payment AS row
    WHERE row.location_id = ANY (%(places)s::uuid[])
    UNION ALL
    SELECT payment.client_id, -row.amount, 0, payment.method = ANY (%(cards)s::text[])
    FROM billing_paymentallocation AS row JOIN billing_payment AS payment ON payment.id = row.payment_id
    WHERE payment.location_id = ANY (%(places)s::uuid[])
    UNION ALL
    SELECT payment.client_id, -row.amount, 0, payment.method = ANY (%(cards)s::text[])
    FROM billing_refund AS row JOIN billing_payment AS payment ON payment.id = row.payment_id
    WHERE payment.location_id = ANY (%(places)s::uuid[])
    UNION ALL
    SELECT payment.client_id, 0, bought.price - billing_package_drawn(bought.id),
           payment.method = ANY (%(cards)s::text[])
    FROM billing_packagepurchase AS bought JOIN billing_payment AS payment ON payment.id = bought.payment_id
    WHERE payment.location_id = ANY (%(places)s::uuid[])
      AND NOT EXISTS (SELECT FROM billing_packagecancellation AS ended WHERE ended.purchase_id = bought.id)
    UNION ALL
    SELECT charge.client_id, row.amount, row.amount, false
    FROM waiting JOIN charge ON charge.id = waiting.id
    JOIN billing_paymentallocation AS row ON row.charge_id = charge.id
), part AS (
    SELECT client_id,
           coalesce(sum(amount) FILTER (WHERE days <= 30), 0) AS d0_30,
           coalesce(sum(amount) FILTER (WHERE days BETWEEN 31 AND 60), 0) AS d31_60,
           coalesce(sum(amount) FILTER (WHERE days BETWEEN 61 AND 90), 0) AS d61_90,
           coalesce(sum(amount) FILTER (WHERE days >= 91), 0) AS d91,
           coalesce(sum(amount) FILTER (WHERE private), 0) AS private,
           0 AS credit, 0 AS prepaid, 0 AS health_credit
    FROM change WHERE charge_id NOT IN (SELECT id FROM waiting)
    GROUP BY client_id
    UNION ALL
    SELECT client_id, 0, 0, 0, 0, 0, sum(amount), sum(prepaid),
           coalesce(sum(amount - prepaid) FILTER (WHERE by_card), 0)
    FROM credit GROUP BY client_id
), person AS (
    SELECT coalesce(alias.into_id, client_id) AS client, sum(d0_30) AS d0_30, sum(d31_60) AS d31_60,
           sum(d61_90) AS d61_90, sum(d91) AS d91, sum(d0_30 + d31_60 + d61_90 + d91) AS open, sum(credit) AS credit,
           sum(prepaid) AS prepaid, sum(private) AS private, sum(health_credit) AS health_credit
    FROM part
    LEFT JOIN (SELECT client_id, into_id FROM practice_clientalias WHERE ended_at IS NULL) AS alias USING (client_id)
    GROUP BY 1
    HAVING sum(d0_30 + d31_60 + d61_90 + d91) > 0 OR sum(credit) > 0
), standing AS (
    SELECT *, greatest(private + greatest(open - private - health_credit, 0) - (credit - prepaid - health_credit), 0) AS owes
    FROM person
)
