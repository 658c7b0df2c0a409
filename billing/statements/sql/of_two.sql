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
