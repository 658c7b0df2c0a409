"""Every table of this app with all its columns, constraints and indexes."""

import billing.codes.models
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.comparison
import kapclinic.core.ids
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('clinic_sessions', '0001_initial'),
        ('practice', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DocumentCounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('series', models.CharField(max_length=12)),
                ('year', models.PositiveSmallIntegerField()),
                ('last', models.PositiveIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('series', 'year'), name='document_counter_once')],
            },
        ),
        migrations.CreateModel(
            name='Diagnosis',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code_nodot', models.CharField(max_length=7)),
                ('code', models.CharField(max_length=8)),
                ('billable', models.BooleanField()),
                ('description', models.CharField(max_length=300)),
                ('valid_from', models.DateField()),
                ('valid_to', models.DateField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('code', 'valid_from'), name='diagnosis_once'), models.CheckConstraint(condition=models.Q(('valid_to__isnull', True), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='diagnosis_validity')],
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='practice.client')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12)),
                ('method', models.CharField(choices=[('cash', 'Cash'), ('check', 'Check'), ('card', 'Card'), ('hsa_card', 'Hsa Card'), ('fsa_card', 'Fsa Card'), ('ach', 'Ach'), ('other', 'Other')], max_length=8)),
                ('received_on', models.DateField()),
                ('reference', models.CharField(blank=True, max_length=80)),
                ('reverses', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversal', to='billing.payment')),
                ('reason', models.CharField(blank=True, max_length=1000)),
            ],
            options={
                'indexes': [models.Index(fields=['client', 'received_on'], name='payment_client'), models.Index(fields=['location', '-created_at'], name='payment_location')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('reverses__isnull', True)), models.Q(('amount__lt', 0), ('reverses__isnull', False)), _connector='OR'), name='payment_sign'), models.CheckConstraint(condition=models.Q(('method__in', ['cash', 'check', 'card', 'hsa_card', 'fsa_card', 'ach', 'other'])), name='payment_method')],
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='billing.payment')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12)),
                ('method', models.CharField(choices=[('cash', 'Cash'), ('check', 'Check'), ('card', 'Card'), ('hsa_card', 'Hsa Card'), ('fsa_card', 'Fsa Card'), ('ach', 'Ach'), ('other', 'Other')], max_length=8)),
                ('reason', models.CharField(max_length=1000)),
                ('reverses', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversal', to='billing.refund')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('reverses__isnull', True)), models.Q(('amount__lt', 0), ('reverses__isnull', False)), _connector='OR'), name='refund_sign'), models.CheckConstraint(condition=models.Q(('method__in', ['cash', 'check', 'card', 'hsa_card', 'fsa_card', 'ach', 'other'])), name='refund_method')],
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('number', models.CharField(max_length=20, unique=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='practice.client')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('from_date', models.DateField()),
                ('to_date', models.DateField()),
                ('issued_on', models.DateField()),
                ('charges', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('content', models.JSONField()),
                ('warnings', models.JSONField(default=list)),
                ('pdf', models.BinaryField()),
                ('sha256', models.CharField(max_length=64)),
                ('corrects', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrected_by', to='billing.receipt')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['client', '-created_at'], name='receipt_client'), django.contrib.postgres.indexes.GinIndex(fields=['charges'], name='receipt_charges')],
                'constraints': [models.CheckConstraint(condition=models.Q(('from_date__lte', models.F('to_date'))), name='receipt_period'), models.CheckConstraint(condition=models.Q(('charges__len__gte', 1)), name='receipt_lines')],
            },
        ),
        migrations.CreateModel(
            name='ServiceCode',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('system', models.CharField(choices=[('CPT', 'Cpt'), ('HCPCS', 'Hcpcs'), ('INTERNAL', 'Internal')], max_length=8)),
                ('code', models.CharField(max_length=15, unique=True)),
                ('label', models.CharField(max_length=120)),
                ('minutes_min', models.PositiveSmallIntegerField(null=True)),
                ('minutes_max', models.PositiveSmallIntegerField(null=True)),
                ('requires_ndc', models.BooleanField(default=False)),
                ('telehealth_ok', models.BooleanField(default=False)),
                ('line_kind', models.CharField(choices=[('insurance', 'Insurance'), ('hsa_eligible', 'Hsa Eligible'), ('self_pay', 'Self Pay')], default='insurance', max_length=12)),
                ('valid_from', models.DateField(null=True)),
                ('valid_to', models.DateField(null=True)),
                ('active', models.BooleanField(default=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('code__regex', '^[0-9]{4}[0-9FTUM]$'), ('system', 'CPT')), models.Q(('code__regex', '^[A-VX-Z][0-9]{4}$'), ('system', 'HCPCS')), models.Q(('code__regex', '^[A-Z0-9-]{2,15}$'), ('system', 'INTERNAL'), models.Q(('code__regex', '^([0-9]{4}[0-9FTUM]|[A-VX-Z][0-9]{4})$'), _negated=True)), _connector='OR'), name='service_code_shape'), models.CheckConstraint(condition=models.Q(('line_kind__in', ['insurance', 'hsa_eligible', 'self_pay'])), name='service_code_line_kind'), models.CheckConstraint(condition=models.Q(('minutes_max__isnull', True), ('minutes_max__gte', models.F('minutes_min')), _connector='OR'), name='service_code_minutes'), models.CheckConstraint(condition=models.Q(('valid_to__isnull', True), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='service_code_validity')],
            },
        ),
        migrations.CreateModel(
            name='Fee',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('code', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fees', to='billing.servicecode')),
                ('location', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12)),
                ('valid_from', models.DateField()),
                ('valid_to', models.DateField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='fee_amount'), models.CheckConstraint(condition=models.Q(('valid_to__isnull', True), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='fee_validity'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('code', '='), (django.db.models.functions.comparison.Coalesce('location', models.Value('00000000-0000-0000-0000-000000000000', output_field=models.UUIDField())), '='), (billing.codes.models.DateRange('valid_from', 'valid_to', models.Value('[]')), '&&')], name='fee_one_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalFee',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12)),
                ('valid_from', models.DateField()),
                ('valid_to', models.DateField(null=True)),
                ('code', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='billing.servicecode')),
                ('location', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='practice.location')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical fee',
                'verbose_name_plural': 'historical fees',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Superbill',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('number', models.CharField(max_length=20, unique=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='practice.client')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('from_date', models.DateField()),
                ('to_date', models.DateField()),
                ('issued_on', models.DateField()),
                ('charges', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('content', models.JSONField()),
                ('warnings', models.JSONField(default=list)),
                ('pdf', models.BinaryField()),
                ('sha256', models.CharField(max_length=64)),
                ('corrects', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrected_by', to='billing.superbill')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['client', '-created_at'], name='superbill_client'), django.contrib.postgres.indexes.GinIndex(fields=['charges'], name='superbill_charges')],
                'constraints': [models.CheckConstraint(condition=models.Q(('from_date__lte', models.F('to_date'))), name='superbill_period'), models.CheckConstraint(condition=models.Q(('charges__len__gte', 1)), name='superbill_lines')],
            },
        ),
        migrations.CreateModel(
            name='Charge',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='clinic_sessions.session')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='practice.client')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
                ('rendering', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('code', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='billing.servicecode')),
                ('units', models.PositiveSmallIntegerField()),
                ('unit_amount', models.DecimalField(decimal_places=2, max_digits=12, null=True)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12)),
                ('diagnoses', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), default=list, size=None)),
                ('modifiers', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), default=list, size=None)),
                ('line_kind', models.CharField(choices=[('insurance', 'Insurance'), ('hsa_eligible', 'Hsa Eligible'), ('self_pay', 'Self Pay')], max_length=12)),
                ('date_of_service', models.DateField()),
                ('pos_code', models.CharField(max_length=2)),
                ('ndc', models.CharField(blank=True, max_length=11)),
                ('ndc_quantity', models.DecimalField(decimal_places=3, max_digits=9, null=True)),
                ('ndc_unit', models.CharField(blank=True, max_length=2)),
                ('reverses', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversal', to='billing.charge')),
                ('reason', models.CharField(blank=True, max_length=1000)),
            ],
            options={
                'indexes': [models.Index(fields=['client', 'date_of_service'], name='charge_client'), models.Index(fields=['location', '-created_at'], name='charge_location')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('amount__gte', 0), ('reverses__isnull', True)), models.Q(('amount__lte', 0), ('reverses__isnull', False)), _connector='OR'), name='charge_sign'), models.CheckConstraint(condition=models.Q(('units__gte', 1)), name='charge_units'), models.CheckConstraint(condition=models.Q(('line_kind__in', ['insurance', 'hsa_eligible', 'self_pay'])), name='charge_line_kind'), models.CheckConstraint(condition=models.Q(('diagnoses__len__lte', 12)), name='charge_diagnoses'), models.CheckConstraint(condition=models.Q(models.Q(('line_kind', 'insurance'), _negated=True), ('diagnoses__len__gte', 1), _connector='OR'), name='charge_insurance_diagnosed'), models.CheckConstraint(condition=models.Q(('modifiers__len__lte', 4)), name='charge_modifiers'), models.CheckConstraint(condition=models.Q(('pos_code__regex', '^[0-9]{2}$')), name='charge_pos_code'), models.CheckConstraint(condition=models.Q(('ndc', ''), ('ndc__regex', '^[0-9]{11}$'), _connector='OR'), name='charge_ndc')],
            },
        ),
        migrations.CreateModel(
            name='PaymentAllocation',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allocations', to='billing.payment')),
                ('charge', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allocations', to='billing.charge')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12)),
                ('reverses', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversal', to='billing.paymentallocation')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('reverses__isnull', True)), models.Q(('amount__lt', 0), ('reverses__isnull', False)), _connector='OR'), name='allocation_sign')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalServiceCode',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('system', models.CharField(choices=[('CPT', 'Cpt'), ('HCPCS', 'Hcpcs'), ('INTERNAL', 'Internal')], max_length=8)),
                ('code', models.CharField(db_index=True, max_length=15)),
                ('label', models.CharField(max_length=120)),
                ('minutes_min', models.PositiveSmallIntegerField(null=True)),
                ('minutes_max', models.PositiveSmallIntegerField(null=True)),
                ('requires_ndc', models.BooleanField(default=False)),
                ('telehealth_ok', models.BooleanField(default=False)),
                ('line_kind', models.CharField(choices=[('insurance', 'Insurance'), ('hsa_eligible', 'Hsa Eligible'), ('self_pay', 'Self Pay')], default='insurance', max_length=12)),
                ('valid_from', models.DateField(null=True)),
                ('valid_to', models.DateField(null=True)),
                ('active', models.BooleanField(default=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical service code',
                'verbose_name_plural': 'historical service codes',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
    ]
