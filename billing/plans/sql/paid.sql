-- What the persons of some plans agreed to and paid: one row a plan, one row a payment, of one `person` in order of time.
-- A payment counts with what is left of it after refunds, without the price of a package that it serves, and of one that
-- was cancelled without what its sessions had drawn; a reversed one does not count. `until` is the end of a cancelled plan.
WITH asked AS (
    SELECT plan.id, practice_person(plan.client_id) AS member
    FROM billing_paymentplan AS plan
    WHERE plan.id = ANY (%(plans)s::uuid[])
),
persons AS (
    SELECT DISTINCT asked.member, min(asked.member::text) OVER (PARTITION BY asked.id) AS person FROM asked
)
SELECT persons.person, plan.id AS plan, plan.total AS amount, plan.created_at AS at, plan.cancelled_at AS until
FROM persons
JOIN billing_paymentplan AS plan ON persons.member = plan.client_id
UNION ALL
SELECT persons.person, NULL, payment.amount - coalesce(back.amount, 0) - coalesce(sold.price, 0), payment.created_at, NULL
FROM persons
JOIN billing_payment AS payment ON persons.member = payment.client_id
LEFT JOIN LATERAL (
    SELECT sum(refund.amount) AS amount FROM billing_refund AS refund WHERE refund.payment_id = payment.id
) AS back ON true
LEFT JOIN LATERAL (
    SELECT sum(CASE WHEN ended.id IS NULL THEN purchase.price ELSE billing_package_drawn(purchase.id) END) AS price
    FROM billing_packagepurchase AS purchase
    LEFT JOIN billing_packagecancellation AS ended ON ended.purchase_id = purchase.id
    WHERE purchase.payment_id = payment.id
) AS sold ON true
WHERE payment.reverses_id IS NULL
AND NOT EXISTS (SELECT FROM billing_payment AS reversal WHERE reversal.reverses_id = payment.id)
ORDER BY 1, 4
