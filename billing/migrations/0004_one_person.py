"""A payment pays the charges of its client, under whichever of their registrations."""

from typing import ClassVar

from django.db import migrations

FUNCTION = """
    CREATE OR REPLACE FUNCTION billing_after_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        payer billing_payment; owed billing_charge;
    BEGIN
        SELECT * INTO payer FROM billing_payment WHERE id = NEW.payment_id;
        SELECT * INTO owed FROM billing_charge WHERE id = NEW.charge_id;
        PERFORM billing_lock(payer.client_id);
        IF payer.client_id IS DISTINCT FROM owed.client_id THEN
            PERFORM billing_refuse('allocation_one_client', 'a payment pays charges of its own client');
        END IF;
        IF payer.reverses_id IS NOT NULL OR owed.reverses_id IS NOT NULL THEN
            PERFORM billing_refuse('allocation_of_originals', 'a reversal neither pays nor is paid');
        END IF;
        IF payer.method IN ('hsa_card', 'fsa_card') AND owed.line_kind = 'self_pay' THEN
            PERFORM billing_refuse('allocation_hsa', 'a health account pays medical care only');
        END IF;
        IF NEW.reverses_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM billing_paymentallocation o WHERE o.id = NEW.reverses_id AND o.reverses_id IS NULL
            AND o.amount = -NEW.amount AND o.payment_id = NEW.payment_id AND o.charge_id = NEW.charge_id) THEN
            PERFORM billing_refuse('allocation_reversal', 'a reversal mirrors an original allocation');
        END IF;
        PERFORM billing_check_payment(NEW.payment_id);
        PERFORM billing_check_charge(NEW.charge_id);
        RETURN NULL;
    END $$;
"""
OWN = "payer.client_id IS DISTINCT FROM owed.client_id"
PERSON = "owed.client_id NOT IN (SELECT practice_person(payer.client_id))"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("billing", "0003_icd10cm"), ("practice", "0003_people")]

    operations: ClassVar = [migrations.RunSQL(FUNCTION.replace(OWN, PERSON), FUNCTION)]
