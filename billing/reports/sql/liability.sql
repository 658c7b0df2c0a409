-- What each sold package owed at the beginning and at the end of a period, and what happened in between, in dollars:
-- opening + sold - drawn - returned = closing. A draw that is given back with its charge owes again. A purchase that was
-- cancelled owes nothing as a package any more: what was not used is plain credit of the client.
WITH sold AS (
    SELECT purchase.id, purchase.client_id AS client, client.mrn, purchase.location_id AS location, purchase.name,
        purchase.price, place.time_zone, (purchase.created_at AT TIME ZONE place.time_zone)::date AS sold_on,
        ended.amount AS returned, (ended.created_at AT TIME ZONE place.time_zone)::date AS ended_on
    FROM billing_packagepurchase AS purchase
    JOIN practice_location AS place ON place.id = purchase.location_id
    JOIN practice_client AS client ON client.id = purchase.client_id
    LEFT JOIN billing_packagecancellation AS ended ON ended.purchase_id = purchase.id
    WHERE purchase.location_id = ANY (%(places)s::uuid[])
),
taken AS (
    SELECT sold.id, (draw.created_at AT TIME ZONE sold.time_zone)::date AS day, draw.amount
    FROM sold JOIN billing_packagedraw AS draw ON draw.purchase_id = sold.id
    UNION ALL
    SELECT sold.id, (reversal.created_at AT TIME ZONE sold.time_zone)::date, -draw.amount
    FROM sold JOIN billing_packagedraw AS draw ON draw.purchase_id = sold.id
    JOIN billing_charge AS reversal ON reversal.reverses_id = draw.charge_id
),
owed AS (
    SELECT sold.id,
        CASE WHEN sold.sold_on < %(first)s::date AND coalesce(sold.ended_on >= %(first)s::date, true)
            THEN sold.price - coalesce(sum(taken.amount) FILTER (WHERE taken.day < %(first)s::date), 0)
            ELSE 0 END AS opening,
        CASE WHEN sold.sold_on <= %(last)s::date AND coalesce(sold.ended_on > %(last)s::date, true)
            THEN sold.price - coalesce(sum(taken.amount) FILTER (WHERE taken.day <= %(last)s::date), 0)
            ELSE 0 END AS closing
    FROM sold LEFT JOIN taken ON taken.id = sold.id
    GROUP BY sold.id, sold.price, sold.sold_on, sold.ended_on
),
flows AS (
    SELECT sold.id AS purchase, sold.client, sold.mrn, sold.location, sold.name, sold.sold_on, owed.opening,
        CASE WHEN sold.sold_on BETWEEN %(first)s::date AND %(last)s::date THEN sold.price ELSE 0 END AS sold,
        CASE WHEN sold.ended_on BETWEEN %(first)s::date AND %(last)s::date THEN sold.returned ELSE 0 END AS returned,
        owed.closing
    FROM sold JOIN owed ON owed.id = sold.id
),
figures AS (
    SELECT flows.*, opening + sold - returned - closing AS drawn FROM flows
    WHERE opening <> 0 OR sold <> 0 OR returned <> 0 OR closing <> 0
)
