"""What is taken back is taken back, also of a share whose two ends are not one person any more.

A copy of a record keeps of whom it was asked for.
"""

from typing import ClassVar

import django.contrib.postgres.fields
from django.db import migrations, models

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
        migrations.RemoveConstraint(
            model_name='practiceexport',
            name='practice_export_state',
        ),
        migrations.RemoveConstraint(
            model_name='recordexport',
            name='record_export_state',
        ),
        migrations.AddField(
            model_name='historicalrecordexport',
            name='registrations',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
        ),
        migrations.AddField(
            model_name='recordexport',
            name='registrations',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
        ),
        migrations.AlterField(
            model_name='historicalpracticeexport',
            name='failure',
            field=models.CharField(blank=True, choices=[('stopped', 'Stopped'), ('not_permitted', 'Not Permitted'), ('broken', 'Broken'), ('person_changed', 'Person Changed')], max_length=15),
        ),
        migrations.AlterField(
            model_name='historicalrecordexport',
            name='failure',
            field=models.CharField(blank=True, choices=[('stopped', 'Stopped'), ('not_permitted', 'Not Permitted'), ('broken', 'Broken'), ('person_changed', 'Person Changed')], max_length=15),
        ),
        migrations.AlterField(
            model_name='practiceexport',
            name='failure',
            field=models.CharField(blank=True, choices=[('stopped', 'Stopped'), ('not_permitted', 'Not Permitted'), ('broken', 'Broken'), ('person_changed', 'Person Changed')], max_length=15),
        ),
        migrations.AlterField(
            model_name='recordexport',
            name='failure',
            field=models.CharField(blank=True, choices=[('stopped', 'Stopped'), ('not_permitted', 'Not Permitted'), ('broken', 'Broken'), ('person_changed', 'Person Changed')], max_length=15),
        ),
        migrations.AddConstraint(
            model_name='practiceexport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_by__isnull', True), ('ended_at__isnull', True), ('failure', ''), ('sha256', ''), ('state', 'waiting')), models.Q(('decided_by__isnull', False), ('ended_at__isnull', True), ('state__in', ['queued', 'running']), ('failure', ''), ('sha256', '')), models.Q(('decided_by__isnull', False), ('ended_at__isnull', False), ('failure', ''), ('state', 'done'), ('expires_at__isnull', False), ('rows__isnull', False), ('size__isnull', False), models.Q(('sha256', ''), _negated=True)), models.Q(('ended_at__isnull', False), ('failure__in', ['stopped', 'not_permitted', 'broken', 'person_changed']), ('sha256', ''), ('state', 'failed')), models.Q(('decided_by__isnull', False), ('ended_at__isnull', False), ('failure', ''), ('sha256', ''), ('state', 'refused'), models.Q(('refusal', ''), _negated=True)), _connector='OR'), name='practice_export_state'),
        ),
        migrations.AddConstraint(
            model_name='recordexport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('failure', ''), ('sha256', ''), ('state__in', ['queued', 'running'])), models.Q(('ended_at__isnull', False), ('expires_at__isnull', False), ('failure', ''), ('state', 'done'), models.Q(('sha256', ''), _negated=True)), models.Q(('ended_at__isnull', False), ('failure__in', ['stopped', 'not_permitted', 'broken', 'person_changed']), ('sha256', ''), ('state', 'failed')), _connector='OR'), name='record_export_state'),
        ),
    ]
