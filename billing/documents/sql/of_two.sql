-- A line, or a payment that the paper proves, is of somebody who is not the paper's client any more: a merge was taken back.
EXISTS (
    SELECT FROM billing_charge AS charge
    WHERE charge.id = ANY ({document}.charges)
    AND charge.client_id NOT IN (SELECT practice_person({document}.client_id))
)
OR EXISTS (
    SELECT FROM jsonb_array_elements({document}.content -> 'payments') AS proof
    JOIN billing_payment AS payment ON payment.id = (proof ->> 'payment')::uuid
    WHERE payment.client_id NOT IN (SELECT practice_person({document}.client_id))
)
