-- A row was written after the statement, and belongs into its period or before it. Dates are those that the statement
-- itself gives each row; only the locations that it tells of are asked.
-- A charge above the fee is written when the director confirms it.
EXISTS (
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
