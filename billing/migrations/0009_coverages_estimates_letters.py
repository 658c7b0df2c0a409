"""Payers and coverages, Good Faith Estimates, letters of medical necessity; what the database refuses of them."""

import billing.codes.models
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import kapclinic.core.ids
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from kapclinic.core.triggers import append_only, frozen_when

# What an estimate and its paper may never do, whoever asks: beside the lock of the person's ledger.
ESTIMATES = migrations.RunSQL(
    """
    ALTER TABLE billing_estimate ADD CONSTRAINT estimate_number CHECK (number ~ '^G-[0-9]{4}-[0-9]{6}$');
    ALTER TABLE billing_estimateissue
        ADD CONSTRAINT estimate_hash CHECK (sha256 = encode(sha256(pdf), 'hex'));

    CREATE FUNCTION billing_after_estimate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM billing_lock(NEW.client_id);
        IF NOT EXISTS (
            SELECT FROM billing_estimate e JOIN billing_estimateissue i ON i.estimate_id = e.id
            WHERE e.id = NEW.supersedes_id AND e.edition = NEW.edition - 1
            AND e.client_id IN (SELECT practice_person(NEW.client_id))
            AND NOT EXISTS (SELECT FROM billing_estimatevoid v WHERE v.estimate_id = e.id)) THEN
            PERFORM billing_refuse('estimate_supersedes', 'an edition follows an issued estimate of the same client');
        END IF;
        IF EXISTS (
            SELECT FROM billing_estimate e WHERE e.supersedes_id = NEW.supersedes_id AND e.id <> NEW.id
            AND NOT EXISTS (SELECT FROM billing_estimatevoid v WHERE v.estimate_id = e.id)) THEN
            PERFORM billing_refuse('estimate_superseded_once', 'an estimate has one next edition');
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_estimate_edition AFTER INSERT ON billing_estimate
        FOR EACH ROW WHEN (NEW.supersedes_id IS NOT NULL) EXECUTE FUNCTION billing_after_estimate();

    CREATE FUNCTION billing_estimate_is_draft() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM billing_lock(client_id) FROM billing_estimate WHERE id = NEW.estimate_id;
        IF EXISTS (SELECT FROM billing_estimatevoid v WHERE v.estimate_id = NEW.estimate_id)
           OR EXISTS (SELECT FROM billing_estimateissue i WHERE i.estimate_id = NEW.estimate_id) THEN
            PERFORM billing_refuse('estimate_is_draft', 'an estimate that is issued or voided stays as it is');
        END IF;
        IF TG_TABLE_NAME = 'billing_estimateissue'
           AND NOT EXISTS (SELECT FROM billing_estimateline l WHERE l.estimate_id = NEW.estimate_id) THEN
            PERFORM billing_refuse('estimate_has_lines', 'an estimate names a service');
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER billing_estimateline_of_draft BEFORE INSERT ON billing_estimateline
        FOR EACH ROW EXECUTE FUNCTION billing_estimate_is_draft();
    CREATE TRIGGER billing_estimateissue_of_draft BEFORE INSERT ON billing_estimateissue
        FOR EACH ROW EXECUTE FUNCTION billing_estimate_is_draft();
    """,
    """
    DROP TRIGGER billing_estimateissue_of_draft ON billing_estimateissue;
    DROP TRIGGER billing_estimateline_of_draft ON billing_estimateline;
    DROP FUNCTION billing_estimate_is_draft();
    DROP TRIGGER billing_estimate_edition ON billing_estimate; DROP FUNCTION billing_after_estimate();
    ALTER TABLE billing_estimateissue DROP CONSTRAINT estimate_hash;
    ALTER TABLE billing_estimate DROP CONSTRAINT estimate_number;
    """,
)

# A letter's words stay from its signature on; a signature comes once, under a draft.
LETTERS = migrations.RunSQL(
    """
    ALTER TABLE billing_necessitylettersignature
        ADD CONSTRAINT necessity_letter_hash CHECK (sha256 = encode(sha256(pdf), 'hex'));

    CREATE FUNCTION billing_keep_letter() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        may_change text[] := ARRAY['status', 'reason', 'version', 'updated_at'];
    BEGIN
        IF OLD.status IN ('discarded', 'voided') OR OLD.status = 'draft' AND NEW.status = 'voided'
           OR OLD.status = 'signed' AND (NEW.status <> 'voided'
               OR to_jsonb(NEW) - may_change IS DISTINCT FROM to_jsonb(OLD) - may_change)
           OR OLD.status = 'draft' AND NEW.status = 'signed'
              AND NOT EXISTS (SELECT FROM billing_necessitylettersignature s WHERE s.letter_id = NEW.id) THEN
            RAISE EXCEPTION 'billing_necessityletter is frozen' USING ERRCODE = 'KA002';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER billing_necessityletter_frozen BEFORE UPDATE ON billing_necessityletter
        FOR EACH ROW EXECUTE FUNCTION billing_keep_letter();

    CREATE FUNCTION billing_sign_letter() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM billing_necessityletter l WHERE l.id = NEW.letter_id AND l.status = 'draft') THEN
            RAISE EXCEPTION 'a signature stands under a draft' USING ERRCODE = 'KA002';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER billing_necessitylettersignature_of_draft BEFORE INSERT ON billing_necessitylettersignature
        FOR EACH ROW EXECUTE FUNCTION billing_sign_letter();
    """,
    """
    DROP TRIGGER billing_necessitylettersignature_of_draft ON billing_necessitylettersignature;
    DROP FUNCTION billing_sign_letter();
    DROP TRIGGER billing_necessityletter_frozen ON billing_necessityletter; DROP FUNCTION billing_keep_letter();
    ALTER TABLE billing_necessitylettersignature DROP CONSTRAINT necessity_letter_hash;
    """,
)


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0008_what_is_owed'),
        ('practice', '0004_correction_limit'),
        ('programs', '0006_shorter_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalPayer',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('name', models.CharField(max_length=120)),
                ('payer_id', models.CharField(blank=True, max_length=30)),
                ('filing_limit_days', models.PositiveSmallIntegerField(null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical payer',
                'verbose_name_plural': 'historical payers',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Estimate',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('number', models.CharField(max_length=20, unique=True)),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('requested_at', models.DateTimeField(null=True)),
                ('scheduled_at', models.DateTimeField(null=True)),
                ('service_on', models.DateField(null=True)),
                ('from_date', models.DateField()),
                ('to_date', models.DateField()),
                ('due_on', models.DateField(null=True)),
                ('diagnoses', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), default=list, size=None)),
                ('separately', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), default=list, size=None)),
                ('edition', models.PositiveSmallIntegerField(default=1)),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='estimates', to='practice.client')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
                ('program', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.program')),
                ('supersedes', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='successors', to='billing.estimate')),
            ],
        ),
        migrations.CreateModel(
            name='EstimateIssue',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('issued_on', models.DateField()),
                ('delivered_at', models.DateTimeField()),
                ('method', models.CharField(choices=[('in_person', 'In Person'), ('paper', 'Paper'), ('mail', 'Mail'), ('email', 'Email'), ('portal', 'Portal')], max_length=9)),
                ('late', models.BooleanField()),
                ('warnings', models.JSONField(default=list)),
                ('content', models.JSONField()),
                ('pdf', models.BinaryField()),
                ('sha256', models.CharField(max_length=64)),
                ('estimate', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='issue', to='billing.estimate')),
            ],
        ),
        migrations.CreateModel(
            name='EstimateLine',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('quantity', models.PositiveSmallIntegerField()),
                ('unit_amount', models.DecimalField(decimal_places=2, max_digits=12)),
                ('frequency', models.CharField(blank=True, max_length=80)),
                ('code', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.servicecode')),
                ('estimate', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='billing.estimate')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
                ('rendering', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='EstimateVoid',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(max_length=1000)),
                ('estimate', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='voiding', to='billing.estimate')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='HistoricalNecessityLetter',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('diagnoses', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), size=None)),
                ('codes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=15), size=None)),
                ('starts', models.DateField()),
                ('ends', models.DateField()),
                ('text', models.TextField()),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('signed', 'Signed'), ('discarded', 'Discarded'), ('voided', 'Voided')], default='draft', max_length=9)),
                ('reason', models.CharField(blank=True, max_length=1000)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='practice.client')),
                ('location', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='practice.location')),
            ],
            options={
                'verbose_name': 'historical necessity letter',
                'verbose_name_plural': 'historical necessity letters',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='NecessityLetter',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('diagnoses', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), size=None)),
                ('codes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=15), size=None)),
                ('starts', models.DateField()),
                ('ends', models.DateField()),
                ('text', models.TextField()),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('signed', 'Signed'), ('discarded', 'Discarded'), ('voided', 'Voided')], default='draft', max_length=9)),
                ('reason', models.CharField(blank=True, max_length=1000)),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.client')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
            ],
        ),
        migrations.CreateModel(
            name='NecessityLetterSignature',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('signed_on', models.DateField()),
                ('warnings', models.JSONField(default=list)),
                ('content', models.JSONField()),
                ('pdf', models.BinaryField()),
                ('sha256', models.CharField(max_length=64)),
                ('letter', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='signature', to='billing.necessityletter')),
                ('signed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Payer',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('name', models.CharField(max_length=120)),
                ('payer_id', models.CharField(blank=True, max_length=30)),
                ('filing_limit_days', models.PositiveSmallIntegerField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='payer_name_once'), models.CheckConstraint(condition=models.Q(('filing_limit_days__isnull', True), ('filing_limit_days__range', (1, 3650)), _connector='OR'), name='payer_filing_limit')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalCoverage',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('member_id', models.CharField(blank=True, max_length=40)),
                ('group_number', models.CharField(blank=True, max_length=40)),
                ('relationship', models.CharField(choices=[('self', 'Self'), ('spouse', 'Spouse'), ('child', 'Child'), ('other', 'Other')], default='self', max_length=6)),
                ('subscriber', models.JSONField(default=dict)),
                ('valid_from', models.DateField()),
                ('valid_to', models.DateField(null=True)),
                ('intent', models.CharField(choices=[('self_pay', 'Self Pay'), ('will_claim', 'Will Claim'), ('uninsured', 'Uninsured')], max_length=10)),
                ('voided_at', models.DateTimeField(null=True)),
                ('void_reason', models.CharField(blank=True, max_length=1000)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='practice.client')),
                ('payer', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='billing.payer')),
            ],
            options={
                'verbose_name': 'historical coverage',
                'verbose_name_plural': 'historical coverages',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Coverage',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('member_id', models.CharField(blank=True, max_length=40)),
                ('group_number', models.CharField(blank=True, max_length=40)),
                ('relationship', models.CharField(choices=[('self', 'Self'), ('spouse', 'Spouse'), ('child', 'Child'), ('other', 'Other')], default='self', max_length=6)),
                ('subscriber', models.JSONField(default=dict)),
                ('valid_from', models.DateField()),
                ('valid_to', models.DateField(null=True)),
                ('intent', models.CharField(choices=[('self_pay', 'Self Pay'), ('will_claim', 'Will Claim'), ('uninsured', 'Uninsured')], max_length=10)),
                ('voided_at', models.DateTimeField(null=True)),
                ('void_reason', models.CharField(blank=True, max_length=1000)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='coverages', to='practice.client')),
                ('payer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='coverages', to='billing.payer')),
            ],
        ),
        migrations.AddIndex(
            model_name='estimate',
            index=models.Index(fields=['client', '-created_at'], name='estimate_client'),
        ),
        migrations.AddIndex(
            model_name='estimate',
            index=models.Index(fields=['due_on'], name='estimate_due'),
        ),
        migrations.AddConstraint(
            model_name='estimate',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('requested_at__isnull', False), ('scheduled_at__isnull', True), ('service_on__isnull', True)), models.Q(('requested_at__isnull', True), ('scheduled_at__isnull', False), ('service_on__isnull', False)), _connector='OR'), name='estimate_asked'),
        ),
        migrations.AddConstraint(
            model_name='estimate',
            constraint=models.CheckConstraint(condition=models.Q(('from_date__lte', models.F('to_date'))), name='estimate_period'),
        ),
        migrations.AddConstraint(
            model_name='estimate',
            constraint=models.CheckConstraint(condition=models.Q(('diagnoses__len__lte', 12)), name='estimate_diagnoses'),
        ),
        migrations.AddConstraint(
            model_name='estimate',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('edition', 1), ('supersedes__isnull', True)), models.Q(('edition__gt', 1), ('supersedes__isnull', False)), _connector='OR'), name='estimate_edition'),
        ),
        migrations.AddConstraint(
            model_name='estimateissue',
            constraint=models.CheckConstraint(condition=models.Q(('method__in', ['in_person', 'paper', 'mail', 'email', 'portal'])), name='estimate_method'),
        ),
        migrations.AddConstraint(
            model_name='estimateline',
            constraint=models.UniqueConstraint(fields=('estimate', 'position'), name='estimate_line_once'),
        ),
        migrations.AddConstraint(
            model_name='estimateline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='estimate_line_quantity'),
        ),
        migrations.AddConstraint(
            model_name='estimateline',
            constraint=models.CheckConstraint(condition=models.Q(('unit_amount__gte', 0)), name='estimate_line_amount'),
        ),
        migrations.AddIndex(
            model_name='necessityletter',
            index=models.Index(fields=['client', '-created_at'], name='necessity_letter_client'),
        ),
        migrations.AddConstraint(
            model_name='necessityletter',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), ('status__in', ['draft', 'signed'])), models.Q(('status__in', ['discarded', 'voided']), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='necessity_letter_status'),
        ),
        migrations.AddConstraint(
            model_name='necessityletter',
            constraint=models.CheckConstraint(condition=models.Q(('starts__lte', models.F('ends'))), name='necessity_letter_period'),
        ),
        migrations.AddConstraint(
            model_name='necessityletter',
            constraint=models.CheckConstraint(condition=models.Q(('codes__len__gte', 1), ('diagnoses__len__range', (1, 12))), name='necessity_letter_lists'),
        ),
        migrations.AddConstraint(
            model_name='coverage',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('relationship', 'self'), ('subscriber', {})), models.Q(('relationship__in', ['spouse', 'child', 'other']), models.Q(('subscriber', {}), _negated=True)), _connector='OR'), name='coverage_relationship'),
        ),
        migrations.AddConstraint(
            model_name='coverage',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('intent', 'uninsured'), ('member_id', ''), ('payer__isnull', True), ('relationship', 'self')), models.Q(('intent__in', ['self_pay', 'will_claim']), ('payer__isnull', False), models.Q(('member_id', ''), _negated=True)), _connector='OR'), name='coverage_insured'),
        ),
        migrations.AddConstraint(
            model_name='coverage',
            constraint=models.CheckConstraint(condition=models.Q(('valid_to__isnull', True), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='coverage_validity'),
        ),
        migrations.AddConstraint(
            model_name='coverage',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('void_reason', ''), ('voided_at__isnull', True)), models.Q(('voided_at__isnull', False), models.Q(('void_reason', ''), _negated=True)), _connector='OR'), name='coverage_voided'),
        ),
        migrations.AddConstraint(
            model_name='coverage',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('voided_at__isnull', True)), expressions=[('client', '='), (django.db.models.functions.comparison.Coalesce('payer', models.Value('00000000-0000-0000-0000-000000000000', output_field=models.UUIDField())), '='), (billing.codes.models.DateRange('valid_from', 'valid_to', models.Value('[]')), '&&')], name='coverage_one_at_a_time'),
        ),
        append_only(
            "billing_historicalpayer",
            "billing_historicalcoverage",
            "billing_historicalnecessityletter",
            "billing_estimate",
            "billing_estimateline",
            "billing_estimateissue",
            "billing_estimatevoid",
            "billing_necessitylettersignature",
        ),
        frozen_when("billing_coverage", "OLD.voided_at IS NOT NULL"),
        ESTIMATES,
        LETTERS,
    ]
