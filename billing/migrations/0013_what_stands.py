"""What waits for the director takes no money but that of its package; a superbill that counts for nothing is voided."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import kapclinic.core.ids
from kapclinic.core.triggers import append_only

STANDING = migrations.RunSQL(
    """
    CREATE FUNCTION billing_after_share() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM billing_charge c WHERE c.id = NEW.charge_id AND c.needs_review)
           AND NOT EXISTS (SELECT FROM billing_chargeconfirmation w WHERE w.charge_id = NEW.charge_id)
           AND NOT EXISTS (SELECT FROM billing_packagedraw d WHERE d.charge_id = NEW.charge_id) THEN
            PERFORM billing_refuse('allocation_of_standing', 'this charge waits for the director');
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_waits_unpaid AFTER INSERT ON billing_paymentallocation
        FOR EACH ROW WHEN (NEW.amount > 0) EXECUTE FUNCTION billing_after_share();
    """,
    "DROP TRIGGER billing_waits_unpaid ON billing_paymentallocation; DROP FUNCTION billing_after_share();",
)

# The lock of the client's ledger, under which papers are issued, keeps a void and a replacement apart.
VOIDS = migrations.RunSQL(
    """
    CREATE FUNCTION billing_after_superbill_void() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM billing_lock((SELECT client_id FROM billing_superbill WHERE id = NEW.superbill_id));
        IF EXISTS (SELECT FROM billing_superbill newer WHERE newer.corrects_id = NEW.superbill_id) THEN
            PERFORM billing_refuse('superbill_void_of_standing', 'a superbill that was replaced is not voided');
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_superbill_void_of_standing AFTER INSERT ON billing_superbillvoid
        FOR EACH ROW EXECUTE FUNCTION billing_after_superbill_void();
    CREATE FUNCTION billing_after_superbill() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM billing_lock(NEW.client_id);
        IF EXISTS (SELECT FROM billing_superbillvoid void WHERE void.superbill_id = NEW.corrects_id) THEN
            PERFORM billing_refuse('superbill_corrects_standing', 'a superbill that was voided is not replaced');
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_superbill_corrects_standing AFTER INSERT ON billing_superbill
        FOR EACH ROW WHEN (NEW.corrects_id IS NOT NULL) EXECUTE FUNCTION billing_after_superbill();
    """,
    """
    DROP TRIGGER billing_superbill_corrects_standing ON billing_superbill; DROP FUNCTION billing_after_superbill();
    DROP TRIGGER billing_superbill_void_of_standing ON billing_superbillvoid;
    DROP FUNCTION billing_after_superbill_void();
    """,
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("billing", "0012_asked_at_completion")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="SuperbillVoid",
            fields=[
                ("id", models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(editable=False)),
                ("created_by", models.UUIDField(editable=False)),
                ("reason", models.CharField(max_length=1000)),
                (
                    "superbill",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="voiding", to="billing.superbill"),
                ),
            ],
            options={"abstract": False},
        ),
        append_only("billing_superbillvoid"),
        STANDING,
        VOIDS,
    ]
