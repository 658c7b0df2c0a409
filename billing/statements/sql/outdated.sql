-- A row was written after the statement, and belongs into its period or before it. Dates are those that the statement
-- itself gives each row; only the locations that it tells of are asked.
-- A charge above the fee is written when the director confirms it.
-- A merge was taken back since, and rows of the registration that is another person's stand on the statement.
EXISTS (
    SELECT FROM practice_clientalias AS merge
    CROSS JOIN LATERAL (SELECT billing_statement.client_id AS id) AS own
    CROSS JOIN LATERAL (
        SELECT merge.client_id AS id WHERE own.id IN (SELECT practice_person(merge.into_id))
        UNION ALL
        SELECT kept.id FROM practice_person(merge.into_id) AS kept (id) WHERE own.id = merge.client_id
    ) AS other
    WHERE merge.created_at <= billing_statement.created_at AND merge.ended_at > billing_statement.created_at
    AND other.id NOT IN (SELECT practice_person(own.id))
    AND (EXISTS (
            SELECT FROM billing_charge AS charge
            WHERE other.id = charge.client_id AND charge.location_id = ANY (billing_statement.locations)
            AND charge.date_of_service <= billing_statement.to_date
            AND charge.created_at <= billing_statement.created_at
        ) OR EXISTS (
            SELECT FROM billing_payment AS payment
            WHERE other.id = payment.client_id AND payment.location_id = ANY (billing_statement.locations)
            AND payment.received_on <= billing_statement.to_date
            AND payment.created_at <= billing_statement.created_at
        ))
)
OR EXISTS (
    SELECT FROM practice_person(billing_statement.client_id) AS mine (id)
    JOIN billing_charge AS charge ON mine.id = charge.client_id
    LEFT JOIN billing_chargeconfirmation AS word ON word.charge_id = charge.id
    WHERE charge.location_id = ANY (billing_statement.locations)
    AND charge.date_of_service <= billing_statement.to_date
    AND CASE WHEN charge.needs_review THEN word.created_at ELSE charge.created_at END > billing_statement.created_at
)
OR EXISTS (
    SELECT FROM practice_person(billing_statement.client_id) AS mine (id)
    JOIN billing_charge AS charge ON mine.id = charge.client_id
    JOIN practice_location AS place ON place.id = charge.location_id
    JOIN billing_adjustment AS change ON change.charge_id = charge.id
    WHERE charge.location_id = ANY (billing_statement.locations)
    AND (change.created_at AT TIME ZONE place.time_zone)::date <= billing_statement.to_date
    AND change.created_at > billing_statement.created_at
)
OR EXISTS (
    SELECT FROM practice_person(billing_statement.client_id) AS mine (id)
    JOIN billing_payment AS payment ON mine.id = payment.client_id
    WHERE payment.location_id = ANY (billing_statement.locations)
    AND payment.received_on <= billing_statement.to_date AND payment.created_at > billing_statement.created_at
)
OR EXISTS (
    SELECT FROM practice_person(billing_statement.client_id) AS mine (id)
    JOIN billing_payment AS payment ON mine.id = payment.client_id
    JOIN practice_location AS place ON place.id = payment.location_id
    JOIN billing_refund AS refund ON refund.payment_id = payment.id
    WHERE payment.location_id = ANY (billing_statement.locations)
    AND (refund.created_at AT TIME ZONE place.time_zone)::date <= billing_statement.to_date
    AND refund.created_at > billing_statement.created_at
)
