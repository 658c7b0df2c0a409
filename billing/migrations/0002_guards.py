"""What the ledger and the documents may never do, whoever asks: R6, R11 and R12 in the database."""

from __future__ import annotations

from django.db import migrations
from django.db.migrations.operations import RunSQL

from kapclinic.core.triggers import append_only

# One lock per client's ledger. Row locks would need the right to update, which nobody has on these tables.
SUMS = RunSQL(
    """
    CREATE FUNCTION billing_lock(client uuid) RETURNS void LANGUAGE sql AS $$
        SELECT pg_advisory_xact_lock(hashtextextended('billing:' || client::text, 0))
    $$;

    CREATE FUNCTION billing_refuse(rule text, words text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '%', words USING ERRCODE = 'check_violation', CONSTRAINT = rule;
    END $$;

    CREATE FUNCTION billing_check_payment(payment uuid) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        whole numeric; given numeric; back numeric;
    BEGIN
        SELECT sum(amount) INTO whole FROM billing_payment WHERE id = payment OR reverses_id = payment;
        SELECT coalesce(sum(amount), 0) INTO given FROM billing_paymentallocation WHERE payment_id = payment;
        SELECT coalesce(sum(amount), 0) INTO back FROM billing_refund WHERE payment_id = payment;
        IF given < 0 OR back < 0 OR given + back > whole THEN
            PERFORM billing_refuse('payment_not_exceeded', 'shares and refunds come to more than the payment');
        END IF;
    END $$;

    CREATE FUNCTION billing_check_charge(charge uuid) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        whole numeric; given numeric;
    BEGIN
        SELECT sum(amount) INTO whole FROM billing_charge WHERE id = charge OR reverses_id = charge;
        SELECT coalesce(sum(amount), 0) INTO given FROM billing_paymentallocation WHERE charge_id = charge;
        IF given < 0 OR given > whole THEN
            PERFORM billing_refuse('charge_not_exceeded', 'shares come to more than the charge');
        END IF;
    END $$;
    """,
    """
    DROP FUNCTION billing_check_charge(uuid); DROP FUNCTION billing_check_payment(uuid);
    DROP FUNCTION billing_refuse(text, text); DROP FUNCTION billing_lock(uuid);
    """,
)

REVERSALS = RunSQL(
    """
    CREATE FUNCTION billing_after_charge() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM billing_lock(NEW.client_id);
        IF NOT EXISTS (SELECT FROM billing_charge o WHERE o.id = NEW.reverses_id AND o.reverses_id IS NULL
                       AND o.amount = -NEW.amount AND o.client_id = NEW.client_id AND o.session_id = NEW.session_id
                       AND o.location_id = NEW.location_id AND o.code_id = NEW.code_id) THEN
            PERFORM billing_refuse('charge_reversal', 'a reversal mirrors an original charge');
        END IF;
        PERFORM billing_check_charge(NEW.reverses_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_charge_reversal AFTER INSERT ON billing_charge
        FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION billing_after_charge();

    CREATE FUNCTION billing_after_payment() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM billing_lock(NEW.client_id);
        IF NOT EXISTS (SELECT FROM billing_payment o WHERE o.id = NEW.reverses_id AND o.reverses_id IS NULL
                       AND o.amount = -NEW.amount AND o.client_id = NEW.client_id
                       AND o.location_id = NEW.location_id AND o.method = NEW.method) THEN
            PERFORM billing_refuse('payment_reversal', 'a reversal mirrors an original payment');
        END IF;
        PERFORM billing_check_payment(NEW.reverses_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_payment_reversal AFTER INSERT ON billing_payment
        FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION billing_after_payment();
    """,
    """
    DROP TRIGGER billing_charge_reversal ON billing_charge; DROP FUNCTION billing_after_charge();
    DROP TRIGGER billing_payment_reversal ON billing_payment; DROP FUNCTION billing_after_payment();
    """,
)

SHARES = RunSQL(
    """
    CREATE FUNCTION billing_after_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
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
    CREATE TRIGGER billing_allocation_sums AFTER INSERT ON billing_paymentallocation
        FOR EACH ROW EXECUTE FUNCTION billing_after_allocation();

    CREATE FUNCTION billing_after_refund() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        payer billing_payment;
    BEGIN
        SELECT * INTO payer FROM billing_payment WHERE id = NEW.payment_id;
        PERFORM billing_lock(payer.client_id);
        IF payer.reverses_id IS NOT NULL THEN
            PERFORM billing_refuse('refund_of_original', 'a reversal holds no money to give back');
        END IF;
        IF payer.method IN ('hsa_card', 'fsa_card') AND NEW.method <> payer.method THEN
            PERFORM billing_refuse('refund_same_card', 'money of a health account goes back to it');
        END IF;
        IF NEW.reverses_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM billing_refund o WHERE o.id = NEW.reverses_id AND o.reverses_id IS NULL
            AND o.amount = -NEW.amount AND o.payment_id = NEW.payment_id) THEN
            PERFORM billing_refuse('refund_reversal', 'a reversal mirrors an original refund');
        END IF;
        PERFORM billing_check_payment(NEW.payment_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_refund_sums AFTER INSERT ON billing_refund
        FOR EACH ROW EXECUTE FUNCTION billing_after_refund();
    """,
    """
    DROP TRIGGER billing_allocation_sums ON billing_paymentallocation; DROP FUNCTION billing_after_allocation();
    DROP TRIGGER billing_refund_sums ON billing_refund; DROP FUNCTION billing_after_refund();
    """,
)

# A number is taken once and in order, and the bytes are the ones that were hashed.
DOCUMENTS = RunSQL(
    """
    CREATE FUNCTION billing_count() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' AND NEW.last <> 0 OR TG_OP = 'UPDATE' AND
           (NEW.last <> OLD.last + 1 OR NEW.series <> OLD.series OR NEW.year <> OLD.year) THEN
            PERFORM billing_refuse('document_counter_by_one', 'a counter rises by one');
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER billing_documentcounter_by_one BEFORE INSERT OR UPDATE ON billing_documentcounter
        FOR EACH ROW EXECUTE FUNCTION billing_count();
    ALTER TABLE billing_superbill
        ADD CONSTRAINT superbill_number CHECK (number ~ '^[0-9]{4}-[0-9]{6}$'),
        ADD CONSTRAINT superbill_hash CHECK (sha256 = encode(sha256(pdf), 'hex'));
    ALTER TABLE billing_receipt
        ADD CONSTRAINT receipt_number CHECK (number ~ '^R-[0-9]{4}-[0-9]{6}$'),
        ADD CONSTRAINT receipt_hash CHECK (sha256 = encode(sha256(pdf), 'hex'));
    """,
    """
    ALTER TABLE billing_receipt DROP CONSTRAINT receipt_hash, DROP CONSTRAINT receipt_number;
    ALTER TABLE billing_superbill DROP CONSTRAINT superbill_hash, DROP CONSTRAINT superbill_number;
    DROP TRIGGER billing_documentcounter_by_one ON billing_documentcounter; DROP FUNCTION billing_count();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        append_only(
            "billing_historicalservicecode",
            "billing_historicalfee",
            "billing_charge",
            "billing_payment",
            "billing_paymentallocation",
            "billing_refund",
            "billing_superbill",
            "billing_receipt",
        ),
        SUMS,
        REVERSALS,
        SHARES,
        DOCUMENTS,
    ]
