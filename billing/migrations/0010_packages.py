"""Packages, what is drawn from them, and payment plans; with what the database refuses by itself (R6, R11)."""

import django.db.models.deletion
import django.db.models.expressions
import kapclinic.core.ids
import simple_history.models
from decimal import Decimal
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

from kapclinic.core.triggers import append_only

# What an item list comes to, and what a payment must still hold for the packages that were bought with it.
SUMS = RunSQL(
    """
    CREATE FUNCTION billing_items_price(items jsonb) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
        SELECT coalesce(sum((item ->> 'quantity')::numeric * (item ->> 'unit_amount')::numeric), 0)
        FROM jsonb_array_elements(items) AS item
    $$;
    ALTER TABLE billing_package ADD CONSTRAINT package_sum CHECK (price = billing_items_price(items));
    ALTER TABLE billing_packagepurchase
        ADD CONSTRAINT package_purchase_sum CHECK (price = billing_items_price(items));

    CREATE FUNCTION billing_package_drawn(bought uuid) RETURNS numeric LANGUAGE sql STABLE AS $$
        SELECT coalesce(sum(d.amount), 0) FROM billing_packagedraw d
        WHERE d.purchase_id = bought AND NOT EXISTS (SELECT FROM billing_charge r WHERE r.reverses_id = d.charge_id)
    $$;

    CREATE FUNCTION billing_check_kept(payment uuid) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        kept numeric; left_over numeric;
    BEGIN
        SELECT sum(p.price - billing_package_drawn(p.id)) INTO kept FROM billing_packagepurchase p
        WHERE p.payment_id = payment
            AND NOT EXISTS (SELECT FROM billing_packagecancellation c WHERE c.purchase_id = p.id);
        IF kept IS NULL THEN
            RETURN;
        END IF;
        SELECT coalesce((SELECT sum(amount) FROM billing_payment WHERE id = payment OR reverses_id = payment), 0)
            - coalesce((SELECT sum(amount) FROM billing_paymentallocation WHERE payment_id = payment), 0)
            - coalesce((SELECT sum(amount) FROM billing_refund WHERE payment_id = payment), 0) INTO left_over;
        IF left_over < kept OR EXISTS (SELECT FROM billing_payment WHERE reverses_id = payment) THEN
            PERFORM billing_refuse('package_money_kept', 'this money is kept for a package');
        END IF;
    END $$;
    """,
    """
    DROP FUNCTION billing_check_kept(uuid); DROP FUNCTION billing_package_drawn(uuid);
    ALTER TABLE billing_packagepurchase DROP CONSTRAINT package_purchase_sum;
    ALTER TABLE billing_package DROP CONSTRAINT package_sum;
    DROP FUNCTION billing_items_price(jsonb);
    """,
)

# The triggers of the ledger's own sums come first by their names, and have taken the lock of the client.
KEPT = RunSQL(
    """
    CREATE FUNCTION billing_after_spending() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM billing_check_kept(NEW.payment_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_spares_kept AFTER INSERT ON billing_paymentallocation
        FOR EACH ROW WHEN (NEW.amount > 0) EXECUTE FUNCTION billing_after_spending();
    CREATE TRIGGER billing_spares_kept AFTER INSERT ON billing_refund
        FOR EACH ROW WHEN (NEW.amount > 0) EXECUTE FUNCTION billing_after_spending();
    CREATE FUNCTION billing_after_bounce() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM billing_check_kept(NEW.reverses_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_spares_kept AFTER INSERT ON billing_payment
        FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION billing_after_bounce();
    """,
    """
    DROP TRIGGER billing_spares_kept ON billing_payment; DROP FUNCTION billing_after_bounce();
    DROP TRIGGER billing_spares_kept ON billing_refund;
    DROP TRIGGER billing_spares_kept ON billing_paymentallocation; DROP FUNCTION billing_after_spending();
    """,
)

PURCHASES = RunSQL(
    """
    CREATE FUNCTION billing_after_purchase() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        payer billing_payment;
    BEGIN
        SELECT * INTO payer FROM billing_payment WHERE id = NEW.payment_id;
        PERFORM billing_lock(payer.client_id);
        IF payer.reverses_id IS NOT NULL OR payer.location_id <> NEW.location_id
            OR payer.client_id NOT IN (SELECT practice_person(NEW.client_id)) THEN
            PERFORM billing_refuse('package_payment', 'a package is bought with a payment of its own client');
        END IF;
        IF EXISTS (SELECT FROM billing_packagepurchase p WHERE p.payment_id = NEW.payment_id AND p.id <> NEW.id
                   AND NOT EXISTS (SELECT FROM billing_packagecancellation c WHERE c.purchase_id = p.id)) THEN
            PERFORM billing_refuse('package_payment_once', 'a payment serves one package');
        END IF;
        PERFORM billing_check_kept(NEW.payment_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_package_paid AFTER INSERT ON billing_packagepurchase
        FOR EACH ROW EXECUTE FUNCTION billing_after_purchase();

    CREATE FUNCTION billing_after_draw() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        bought billing_packagepurchase; line billing_charge; item jsonb;
    BEGIN
        SELECT * INTO bought FROM billing_packagepurchase WHERE id = NEW.purchase_id;
        SELECT * INTO line FROM billing_charge WHERE id = NEW.charge_id;
        PERFORM billing_lock(bought.client_id);
        item := bought.items -> NEW.position::int;
        IF item IS NULL OR NEW.amount <> NEW.quantity * (item ->> 'unit_amount')::numeric THEN
            PERFORM billing_refuse('package_draw_item', 'a draw takes an item of the purchase at its price');
        END IF;
        IF EXISTS (SELECT FROM billing_packagecancellation WHERE purchase_id = NEW.purchase_id) THEN
            PERFORM billing_refuse('package_draw_standing', 'nothing is drawn from a cancelled purchase');
        END IF;
        IF line.reverses_id IS NOT NULL OR EXISTS (SELECT FROM billing_charge r WHERE r.reverses_id = line.id)
            OR line.session_id IS NULL OR line.client_id NOT IN (SELECT practice_person(bought.client_id))
            OR (SELECT code FROM billing_servicecode WHERE id = line.code_id) <> item ->> 'code' THEN
            PERFORM billing_refuse('package_draw_charge', 'a package pays rendered sessions of its client and code');
        END IF;
        IF (SELECT sum(d.quantity) FROM billing_packagedraw d WHERE d.charge_id = NEW.charge_id) > line.units THEN
            PERFORM billing_refuse('package_draw_units', 'draws come to more than the units of the charge');
        END IF;
        IF (SELECT sum(d.quantity) FROM billing_packagedraw d
            WHERE d.purchase_id = NEW.purchase_id AND d.position = NEW.position
            AND NOT EXISTS (SELECT FROM billing_charge r WHERE r.reverses_id = d.charge_id))
            > (item ->> 'quantity')::int THEN
            PERFORM billing_refuse('package_not_overdrawn', 'draws come to more than was bought');
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_package_drawn AFTER INSERT ON billing_packagedraw
        FOR EACH ROW EXECUTE FUNCTION billing_after_draw();

    CREATE FUNCTION billing_after_cancellation() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        bought billing_packagepurchase;
    BEGIN
        SELECT * INTO bought FROM billing_packagepurchase WHERE id = NEW.purchase_id;
        PERFORM billing_lock(bought.client_id);
        IF NEW.amount <> bought.price - billing_package_drawn(bought.id) THEN
            PERFORM billing_refuse('package_cancellation_sum', 'a cancellation gives back what was not used');
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_package_ended AFTER INSERT ON billing_packagecancellation
        FOR EACH ROW EXECUTE FUNCTION billing_after_cancellation();
    """,
    """
    DROP TRIGGER billing_package_ended ON billing_packagecancellation; DROP FUNCTION billing_after_cancellation();
    DROP TRIGGER billing_package_drawn ON billing_packagedraw; DROP FUNCTION billing_after_draw();
    DROP TRIGGER billing_package_paid ON billing_packagepurchase; DROP FUNCTION billing_after_purchase();
    """,
)


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0009_coverages_estimates_letters'),
        ('practice', '0004_correction_limit'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalPackage',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('name', models.CharField(max_length=120)),
                ('items', models.JSONField()),
                ('price', models.DecimalField(decimal_places=2, max_digits=12)),
                ('active', models.BooleanField(default=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical package',
                'verbose_name_plural': 'historical packages',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalPaymentPlan',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('total', models.DecimalField(decimal_places=2, max_digits=12)),
                ('count', models.PositiveSmallIntegerField()),
                ('first_due', models.DateField()),
                ('interval_days', models.PositiveSmallIntegerField()),
                ('status', models.CharField(choices=[('active', 'Active'), ('cancelled', 'Cancelled')], default='active', max_length=9)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('cancel_reason', models.CharField(blank=True, max_length=1000)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='practice.client')),
                ('location', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='practice.location')),
            ],
            options={
                'verbose_name': 'historical payment plan',
                'verbose_name_plural': 'historical payment plans',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Package',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('name', models.CharField(max_length=120)),
                ('items', models.JSONField()),
                ('price', models.DecimalField(decimal_places=2, max_digits=12)),
                ('active', models.BooleanField(default=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('price__gt', 0)), name='package_price')],
            },
        ),
        migrations.CreateModel(
            name='PackagePurchase',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('name', models.CharField(max_length=120)),
                ('items', models.JSONField()),
                ('price', models.DecimalField(decimal_places=2, max_digits=12)),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.client')),
                ('location', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
                ('package', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='purchases', to='billing.package')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='purchases', to='billing.payment')),
            ],
        ),
        migrations.CreateModel(
            name='PackageDraw',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('quantity', models.PositiveSmallIntegerField()),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12)),
                ('charge', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='package_draws', to='billing.charge')),
                ('purchase', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='draws', to='billing.packagepurchase')),
            ],
        ),
        migrations.CreateModel(
            name='PackageCancellation',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12)),
                ('reason', models.CharField(max_length=1000)),
                ('purchase', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='cancellation', to='billing.packagepurchase')),
            ],
        ),
        migrations.CreateModel(
            name='PaymentPlan',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('total', models.DecimalField(decimal_places=2, max_digits=12)),
                ('count', models.PositiveSmallIntegerField()),
                ('first_due', models.DateField()),
                ('interval_days', models.PositiveSmallIntegerField()),
                ('status', models.CharField(choices=[('active', 'Active'), ('cancelled', 'Cancelled')], default='active', max_length=9)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('cancel_reason', models.CharField(blank=True, max_length=1000)),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.client')),
                ('location', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
            ],
        ),
        migrations.AddIndex(
            model_name='packagepurchase',
            index=models.Index(fields=['client', '-created_at'], name='package_purchase_client'),
        ),
        migrations.AddIndex(
            model_name='packagepurchase',
            index=models.Index(fields=['location', '-created_at'], name='package_purchase_location'),
        ),
        migrations.AddConstraint(
            model_name='packagepurchase',
            constraint=models.CheckConstraint(condition=models.Q(('price__gt', 0)), name='package_purchase_price'),
        ),
        migrations.AddConstraint(
            model_name='packagedraw',
            constraint=models.UniqueConstraint(fields=('purchase', 'position', 'charge'), name='package_draw_once'),
        ),
        migrations.AddConstraint(
            model_name='packagedraw',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('quantity__gte', 1)), name='package_draw_quantity'),
        ),
        migrations.AddConstraint(
            model_name='packagecancellation',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='package_cancellation_amount'),
        ),
        migrations.AddIndex(
            model_name='paymentplan',
            index=models.Index(fields=['client', 'created_at'], name='payment_plan_client'),
        ),
        migrations.AddIndex(
            model_name='paymentplan',
            index=models.Index(fields=['location', '-created_at'], name='payment_plan_location'),
        ),
        migrations.AddIndex(
            model_name='paymentplan',
            index=models.Index(condition=models.Q(('status', 'active')), fields=['first_due'], name='payment_plan_due'),
        ),
        migrations.AddConstraint(
            model_name='paymentplan',
            constraint=models.CheckConstraint(condition=models.Q(('count__gte', 1), ('count__lte', 4)), name='payment_plan_parts'),
        ),
        migrations.AddConstraint(
            model_name='paymentplan',
            constraint=models.CheckConstraint(condition=models.Q(('total__gte', django.db.models.expressions.CombinedExpression(models.F('count'), '*', models.Value(Decimal('0.01'))))), name='payment_plan_total'),
        ),
        migrations.AddConstraint(
            model_name='paymentplan',
            constraint=models.CheckConstraint(condition=models.Q(('interval_days__gte', 1), ('interval_days__lte', 366)), name='payment_plan_interval'),
        ),
        migrations.AddConstraint(
            model_name='paymentplan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cancelled_at__isnull', True), ('status', 'active')), models.Q(('cancelled_at__isnull', False), ('status', 'cancelled')), _connector='OR'), name='payment_plan_status'),
        ),
        append_only(
            "billing_historicalpackage",
            "billing_historicalpaymentplan",
            "billing_packagepurchase",
            "billing_packagedraw",
            "billing_packagecancellation",
        ),
        SUMS,
        KEPT,
        PURCHASES,
    ]
