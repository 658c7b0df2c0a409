"""Adjustments, fee agreements and statements: what a client is obliged to pay, with its guards."""

import billing.codes.models
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import kapclinic.core.ids
import simple_history.models
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

from kapclinic.core.triggers import append_only

CHECK_CHARGE = """
    CREATE OR REPLACE FUNCTION billing_check_charge(charge uuid) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        whole numeric; changed numeric; given numeric; gone boolean;
    BEGIN
        SELECT sum(amount), count(*) > 1 INTO whole, gone
        FROM billing_charge WHERE id = charge OR reverses_id = charge;
        SELECT coalesce(sum(amount), 0) INTO changed FROM billing_adjustment WHERE charge_id = charge;
        SELECT coalesce(sum(amount), 0) INTO given FROM billing_paymentallocation WHERE charge_id = charge;
        IF gone AND changed <> 0 THEN
            PERFORM billing_refuse('reversed_charge_unadjusted', 'a reversed charge keeps no adjustment');
        END IF;
        IF whole + changed < 0 THEN
            PERFORM billing_refuse('charge_not_below_zero', 'adjustments come to more than the charge');
        END IF;
        IF given < 0 OR given > whole + changed THEN
            PERFORM billing_refuse('charge_not_exceeded', 'shares come to more than the charge');
        END IF;
    END $$;
"""
CHECK_CHARGE_ALONE = """
    CREATE OR REPLACE FUNCTION billing_check_charge(charge uuid) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        whole numeric; given numeric;
    BEGIN
        SELECT sum(amount) INTO whole FROM billing_charge WHERE id = charge OR reverses_id = charge;
        SELECT coalesce(sum(amount), 0) INTO given FROM billing_paymentallocation WHERE charge_id = charge;
        IF given < 0 OR given > whole THEN
            PERFORM billing_refuse('charge_not_exceeded', 'shares come to more than the charge');
        END IF;
    END $$;
"""
ADJUSTMENTS = RunSQL(
    """
    CREATE FUNCTION billing_after_adjustment() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        owed billing_charge;
    BEGIN
        SELECT * INTO owed FROM billing_charge WHERE id = NEW.charge_id;
        PERFORM billing_lock(owed.client_id);
        IF owed.reverses_id IS NOT NULL THEN
            PERFORM billing_refuse('adjustment_of_original', 'a reversal is not adjusted');
        END IF;
        IF NEW.reverses_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM billing_adjustment o WHERE o.id = NEW.reverses_id AND o.reverses_id IS NULL
            AND o.amount = -NEW.amount AND o.charge_id = NEW.charge_id AND o.reason = NEW.reason) THEN
            PERFORM billing_refuse('adjustment_reversal', 'a reversal mirrors an original adjustment');
        END IF;
        PERFORM billing_check_charge(NEW.charge_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_adjustment_sums AFTER INSERT ON billing_adjustment
        FOR EACH ROW EXECUTE FUNCTION billing_after_adjustment();
    """,
    "DROP TRIGGER billing_adjustment_sums ON billing_adjustment; DROP FUNCTION billing_after_adjustment();",
)
OTHER_WAY = """
        IF NEW.reverses_id IS NULL AND NEW.method <> payer.method AND NEW.override_reason = '' THEN
            PERFORM billing_refuse('refund_other_way', 'another way back than the payment came needs a reason');
        END IF;"""
REFUND = """
    CREATE OR REPLACE FUNCTION billing_after_refund() RETURNS trigger LANGUAGE plpgsql AS $$
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
        END IF;{other_way}
        IF NEW.reverses_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM billing_refund o WHERE o.id = NEW.reverses_id AND o.reverses_id IS NULL
            AND o.amount = -NEW.amount AND o.payment_id = NEW.payment_id) THEN
            PERFORM billing_refuse('refund_reversal', 'a reversal mirrors an original refund');
        END IF;
        PERFORM billing_check_payment(NEW.payment_id);
        RETURN NULL;
    END $$;
"""
STATEMENTS = RunSQL(
    """
    ALTER TABLE billing_statement
        ADD CONSTRAINT statement_number CHECK (number ~ '^S-[0-9]{4}-[0-9]{6}$'),
        ADD CONSTRAINT statement_hash CHECK (sha256 = encode(sha256(pdf), 'hex'));
    """,
    "ALTER TABLE billing_statement DROP CONSTRAINT statement_hash, DROP CONSTRAINT statement_number;",
)

GUARDS = [
    append_only(
        "billing_historicalslidingscale",
        "billing_historicalfeeagreement",
        "billing_adjustment",
        "billing_statement",
    ),
    RunSQL(CHECK_CHARGE, CHECK_CHARGE_ALONE),
    ADJUSTMENTS,
    RunSQL(REFUND.format(other_way=OTHER_WAY), REFUND.format(other_way="")),
    STATEMENTS,
]


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0007_borne_out'),
        ('practice', '0005_desk_payments'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalSlidingScale',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('name', models.CharField(max_length=80)),
                ('valid_from', models.DateField()),
                ('tiers', models.JSONField(default=list)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical sliding scale',
                'verbose_name_plural': 'historical sliding scales',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='SlidingScale',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('name', models.CharField(max_length=80)),
                ('valid_from', models.DateField()),
                ('tiers', models.JSONField(default=list)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('name', 'valid_from'), name='sliding_scale_once')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalFeeAgreement',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('tier', models.CharField(max_length=40)),
                ('percent', models.DecimalField(decimal_places=2, max_digits=5)),
                ('from_date', models.DateField()),
                ('to_date', models.DateField(null=True)),
                ('basis', models.CharField(max_length=1000)),
                ('voided_at', models.DateTimeField(null=True)),
                ('void_reason', models.CharField(blank=True, max_length=1000)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='practice.client')),
                ('scale', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='billing.slidingscale')),
            ],
            options={
                'verbose_name': 'historical fee agreement',
                'verbose_name_plural': 'historical fee agreements',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='FeeAgreement',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('tier', models.CharField(max_length=40)),
                ('percent', models.DecimalField(decimal_places=2, max_digits=5)),
                ('from_date', models.DateField()),
                ('to_date', models.DateField(null=True)),
                ('basis', models.CharField(max_length=1000)),
                ('voided_at', models.DateTimeField(null=True)),
                ('void_reason', models.CharField(blank=True, max_length=1000)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.client')),
                ('scale', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='agreements', to='billing.slidingscale')),
            ],
        ),
        migrations.CreateModel(
            name='Statement',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('number', models.CharField(max_length=20, unique=True)),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('from_date', models.DateField()),
                ('to_date', models.DateField()),
                ('issued_on', models.DateField()),
                ('charges', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('content', models.JSONField()),
                ('warnings', models.JSONField(default=list)),
                ('pdf', models.BinaryField()),
                ('sha256', models.CharField(max_length=64)),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='practice.client')),
                ('corrects', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrected_by', to='billing.statement')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Adjustment',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12)),
                ('reason', models.CharField(choices=[('sliding_scale', 'Sliding Scale'), ('courtesy', 'Courtesy'), ('contractual', 'Contractual'), ('write_off', 'Write Off'), ('bad_debt', 'Bad Debt'), ('package_reprice', 'Package Reprice'), ('correction', 'Correction')], max_length=15)),
                ('note', models.CharField(blank=True, max_length=1000)),
                ('percent', models.DecimalField(decimal_places=2, max_digits=5, null=True)),
                ('charge', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='adjustments', to='billing.charge')),
                ('reverses', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversal', to='billing.adjustment')),
                ('agreement', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='adjustments', to='billing.feeagreement')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('reason__in', ['sliding_scale', 'courtesy', 'contractual', 'write_off', 'bad_debt', 'package_reprice', 'correction'])), name='adjustment_reason'), models.CheckConstraint(condition=models.Q(models.Q(('reason__in', ['bad_debt', 'contractual', 'courtesy', 'sliding_scale', 'write_off']), ('amount__lt', 0), ('reverses__isnull', True)), models.Q(('reason__in', ['bad_debt', 'contractual', 'courtesy', 'sliding_scale', 'write_off']), ('amount__gt', 0), ('reverses__isnull', False)), models.Q(models.Q(('reason__in', ['bad_debt', 'contractual', 'courtesy', 'sliding_scale', 'write_off']), _negated=True), models.Q(('amount', 0), _negated=True)), _connector='OR'), name='adjustment_sign'), models.CheckConstraint(condition=models.Q(models.Q(('agreement__isnull', True), ('percent__isnull', True)), models.Q(('agreement__isnull', False), ('percent__isnull', False), ('reason', 'sliding_scale')), _connector='OR'), name='adjustment_agreed')],
            },
        ),
        migrations.AddConstraint(
            model_name='feeagreement',
            constraint=models.CheckConstraint(condition=models.Q(('percent__range', (0, 100))), name='fee_agreement_percent'),
        ),
        migrations.AddConstraint(
            model_name='feeagreement',
            constraint=models.CheckConstraint(condition=models.Q(('to_date__isnull', True), ('to_date__gte', models.F('from_date')), _connector='OR'), name='fee_agreement_period'),
        ),
        migrations.AddConstraint(
            model_name='feeagreement',
            constraint=models.CheckConstraint(condition=models.Q(('void_reason', ''), ('voided_at__isnull', False), _connector='OR'), name='fee_agreement_voided'),
        ),
        migrations.AddConstraint(
            model_name='feeagreement',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('voided_at__isnull', True)), expressions=[('client', '='), (billing.codes.models.DateRange('from_date', 'to_date', models.Value('[]')), '&&')], name='fee_agreement_one_at_a_time'),
        ),
        migrations.AddIndex(
            model_name='statement',
            index=models.Index(fields=['client', '-created_at'], name='statement_client'),
        ),
        migrations.AddIndex(
            model_name='statement',
            index=django.contrib.postgres.indexes.GinIndex(fields=['charges'], name='statement_charges'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.CheckConstraint(condition=models.Q(('from_date__lte', models.F('to_date'))), name='statement_period'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.CheckConstraint(condition=models.Q(('locations__len__gte', 1)), name='statement_placed'),
        ),
        *GUARDS,
    ]
