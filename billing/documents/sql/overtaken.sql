-- A line was reversed, under whichever of the person's registrations it stands.
EXISTS (SELECT FROM billing_charge AS gone WHERE gone.reverses_id = ANY ({document}.charges))
-- A line is of somebody who is not the paper's client any more: a merge was taken back.
OR EXISTS (
    SELECT FROM billing_charge AS charge
    WHERE charge.id = ANY ({document}.charges)
    AND charge.client_id NOT IN (SELECT practice_person({document}.client_id))
)
-- A line shows another amount as paid than the shares of payments add up to now: a share was given, taken back or refunded.
OR EXISTS (
    SELECT FROM jsonb_array_elements({document}.content -> 'lines') AS line
    WHERE (line ->> 'paid')::numeric <> (
        SELECT coalesce(sum(share.amount), 0) FROM billing_paymentallocation AS share
        WHERE share.charge_id = (line ->> 'charge')::uuid
    )
)
-- Its price or what was forgiven of it is another one: an adjustment was made or taken back.
OR EXISTS (
    SELECT FROM jsonb_array_elements({document}.content -> 'lines') AS line
    JOIN billing_charge AS charge ON charge.id = (line ->> 'charge')::uuid
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount), 0) AS adjusted,
               coalesce(sum(amount) FILTER (WHERE reason IN ({forgiving})), 0) AS forgiven
        FROM billing_adjustment WHERE charge_id = charge.id
    ) AS change
    WHERE (line ->> 'amount')::numeric <> charge.amount + change.adjusted - change.forgiven
    OR coalesce((line ->> 'adjustment')::numeric, 0) <> change.forgiven
)
-- The same sum comes from other payments than those that the paper proves.
OR EXISTS (
    SELECT FROM jsonb_array_elements({document}.content -> 'payments') AS proof
    WHERE (proof ->> 'amount')::numeric <> (
        SELECT coalesce(sum(share.amount), 0) FROM billing_paymentallocation AS share
        WHERE share.payment_id = (proof ->> 'payment')::uuid AND share.charge_id = ANY ({document}.charges)
    )
)
-- The client's legal name and birth date (a receipt shows none), and the name under which the practice bills.
OR EXISTS (
    SELECT FROM practice_client AS client
    WHERE client.id = {document}.client_id
    AND (
        {document}.content #>> '{client,name}' <> client.legal_first_name || ' ' || client.legal_last_name
        OR {document}.content #>> '{client,date_of_birth}' NOT IN ('', client.date_of_birth::text)
    )
)
-- Whose plan insures the client, and under which numbers: the coverage that it names was corrected, ended or voided.
OR coalesce(jsonb_typeof({document}.content -> 'subscriber') = 'object', FALSE) AND NOT EXISTS (
    SELECT FROM (
        SELECT cover.*
        FROM practice_person({document}.client_id) AS mine (id)
        JOIN billing_coverage AS cover ON mine.id = cover.client_id
        WHERE cover.voided_at IS NULL AND cover.payer_id IS NOT NULL
        AND ({document}.content #>> '{lines,-1,date_of_service}')::date
            BETWEEN cover.valid_from AND coalesce(cover.valid_to, 'infinity')
        ORDER BY cover.valid_from DESC, cover.created_at DESC
        LIMIT 1
    ) AS held
    JOIN practice_client AS client ON client.id = held.client_id
    JOIN billing_payer AS payer ON payer.id = held.payer_id
    CROSS JOIN LATERAL (SELECT {document}.content -> 'subscriber') AS paper (told)
    WHERE paper.told ->> 'payer' = payer.name
    AND paper.told ->> 'member_id' = held.member_id
    AND paper.told ->> 'group_number' = held.group_number
    AND paper.told ->> 'relationship' = held.relationship
    AND paper.told ->> 'name'
        = coalesce(held.subscriber ->> 'name', client.legal_first_name || ' ' || client.legal_last_name)
    AND paper.told ->> 'date_of_birth' = coalesce(held.subscriber ->> 'date_of_birth', client.date_of_birth::text)
)
OR EXISTS (
    SELECT FROM practice_location AS place
    WHERE place.id = {document}.location_id
    AND {document}.content #>> '{billing_provider,name}' <> coalesce(nullif(place.legal_name, ''), place.name)
)
-- A service that is not over after all: a new paper would leave its line out.
OR EXISTS (
    SELECT FROM billing_charge AS charge
    JOIN clinic_sessions_session AS session ON session.id = charge.session_id
    WHERE charge.id = ANY ({document}.charges) AND session.status <> 'completed'
)
-- A dose that one of its services stands on was voided since.
OR EXISTS (
    SELECT FROM billing_charge AS charge
    JOIN billing_servicecode AS code ON code.id = charge.code_id
    JOIN clinic_sessions_administration AS dose ON dose.session_id = charge.session_id
    JOIN clinic_sessions_administrationvoid AS void ON void.administration_id = dose.id
    WHERE charge.id = ANY ({document}.charges) AND void.created_at > {document}.created_at
    AND (code.minutes_of <> 'note' OR code.requires_ndc OR code.requires ->> 'supply' IS NOT NULL
         OR coalesce(code.requires -> 'routes', '[]') <> '[]' OR coalesce(code.requires -> 'drugs', '[]') <> '[]')
)
-- A questionnaire that one of its services counts was voided since.
OR EXISTS (
    SELECT FROM billing_charge AS charge
    JOIN billing_servicecode AS code ON code.id = charge.code_id
    CROSS JOIN LATERAL practice_person(charge.client_id) AS mine (id)
    JOIN programs_program AS course ON mine.id = course.client_id
    JOIN screening_measure AS measure ON measure.program_id = course.id
    JOIN screening_measurevoid AS void ON void.measure_id = measure.id
    WHERE charge.id = ANY ({document}.charges) AND code.units_by = 'instruments'
    AND void.created_at > {document}.created_at
)
-- What was given is told otherwise since: a dose of a drug line's session was voided, or its end written.
OR EXISTS (
    SELECT FROM jsonb_array_elements({document}.content -> 'lines') AS line
    JOIN billing_charge AS charge ON charge.id = (line ->> 'charge')::uuid
    JOIN clinic_sessions_administration AS dose ON dose.session_id = charge.session_id
    LEFT JOIN clinic_sessions_administrationvoid AS void ON void.administration_id = dose.id
    LEFT JOIN clinic_sessions_administrationfinish AS finish ON finish.administration_id = dose.id
    WHERE coalesce(line ->> 'drug', '') <> ''
    AND greatest(void.created_at, finish.created_at) > {document}.created_at
)
