"""What is taken back is taken back, also of a share whose two ends are not one person any more."""

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
        IF owed.client_id NOT IN (SELECT practice_person(payer.client_id)) THEN
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
EACH = "IF owed.client_id NOT IN"
ORIGINALS = "IF NEW.reverses_id IS NULL AND owed.client_id NOT IN"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("billing", "0017_receipts_voided"), ("practice", "0015_resets_expire")]

    operations: ClassVar = [
        migrations.RunSQL(FUNCTION.replace(EACH, ORIGINALS), FUNCTION),
    ]
