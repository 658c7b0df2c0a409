"""Runs of superbills and exports: what a job is about, how far it is, and what it made."""

import django.contrib.postgres.fields
import django.db.models.deletion
import kapclinic.core.ids
import simple_history.models
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

from kapclinic.core.triggers import append_only


GUARDS = RunSQL(
    """
    CREATE FUNCTION billing_keep_job() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        moved text[] := ARRAY['state', 'failure', 'ended_at', 'updated_at', 'version'];
    BEGIN
        IF OLD.state IN ('done', 'failed') OR to_jsonb(NEW) - moved IS DISTINCT FROM to_jsonb(OLD) - moved THEN
            RAISE EXCEPTION 'billing_job is frozen' USING ERRCODE = 'KA002';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER billing_job_kept BEFORE UPDATE ON billing_job
        FOR EACH ROW EXECUTE FUNCTION billing_keep_job();

    CREATE FUNCTION billing_of_open_job() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        present text;
    BEGIN
        IF TG_TABLE_NAME = 'billing_jobresult' THEN
            SELECT job.state INTO present FROM billing_job job JOIN billing_jobitem item ON item.job_id = job.id
            WHERE item.id = NEW.item_id;
        ELSE
            SELECT state INTO present FROM billing_job WHERE id = NEW.job_id;
        END IF;
        IF present <> ALL (TG_ARGV) THEN
            PERFORM billing_refuse('job_open', 'a job that is over, or begun, takes no more');
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER billing_jobitem_open BEFORE INSERT ON billing_jobitem
        FOR EACH ROW EXECUTE FUNCTION billing_of_open_job('queued');
    CREATE TRIGGER billing_jobresult_open BEFORE INSERT ON billing_jobresult
        FOR EACH ROW EXECUTE FUNCTION billing_of_open_job('queued', 'running');
    CREATE TRIGGER billing_jobfile_open BEFORE INSERT ON billing_jobfile
        FOR EACH ROW EXECUTE FUNCTION billing_of_open_job('running');
    """,
    """
    DROP TRIGGER billing_jobfile_open ON billing_jobfile; DROP TRIGGER billing_jobresult_open ON billing_jobresult;
    DROP TRIGGER billing_jobitem_open ON billing_jobitem; DROP FUNCTION billing_of_open_job();
    DROP TRIGGER billing_job_kept ON billing_job; DROP FUNCTION billing_keep_job();
    """,
)


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0010_packages'),
        ('practice', '0004_correction_limit'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalJob',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('kind', models.CharField(choices=[('superbill_run', 'Superbill Run'), ('superbills_zip', 'Superbills Zip'), ('lines_csv', 'Lines Csv'), ('lines_xlsx', 'Lines Xlsx'), ('transactions_csv', 'Transactions Csv'), ('beancount', 'Beancount')], max_length=20)),
                ('from_date', models.DateField()),
                ('to_date', models.DateField()),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('since_last', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=8)),
                ('failure', models.CharField(blank=True, choices=[('stopped', 'Stopped'), ('not_permitted', 'Not Permitted'), ('broken', 'Broken')], max_length=15)),
                ('total', models.PositiveIntegerField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('location', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='practice.location')),
            ],
            options={
                'verbose_name': 'historical job',
                'verbose_name_plural': 'historical jobs',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('kind', models.CharField(choices=[('superbill_run', 'Superbill Run'), ('superbills_zip', 'Superbills Zip'), ('lines_csv', 'Lines Csv'), ('lines_xlsx', 'Lines Xlsx'), ('transactions_csv', 'Transactions Csv'), ('beancount', 'Beancount')], max_length=20)),
                ('from_date', models.DateField()),
                ('to_date', models.DateField()),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('since_last', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=8)),
                ('failure', models.CharField(blank=True, choices=[('stopped', 'Stopped'), ('not_permitted', 'Not Permitted'), ('broken', 'Broken')], max_length=15)),
                ('total', models.PositiveIntegerField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('location', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
            ],
        ),
        migrations.CreateModel(
            name='JobFile',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('content', models.BinaryField()),
                ('sha256', models.CharField(max_length=64)),
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='file', to='billing.job')),
            ],
        ),
        migrations.CreateModel(
            name='JobItem',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('position', models.PositiveIntegerField()),
                ('subject', models.UUIDField()),
                ('job', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='billing.job')),
                ('superbill', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.superbill')),
            ],
        ),
        migrations.CreateModel(
            name='JobResult',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reasons', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), default=list, size=None)),
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='result', to='billing.jobitem')),
                ('superbill', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.superbill')),
            ],
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['-created_at'], name='job_newest'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ['queued', 'running'])), fields=['created_at'], name='job_open'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['superbill_run', 'superbills_zip', 'lines_csv', 'lines_xlsx', 'transactions_csv', 'beancount'])), name='job_kind'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('from_date__lte', models.F('to_date'))), name='job_period'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('locations__len__gte', 1)), name='job_locations'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('failure', ''), ('state__in', ['queued', 'running'])), models.Q(('ended_at__isnull', False), ('failure', ''), ('state', 'done')), models.Q(('ended_at__isnull', False), ('failure__in', ['stopped', 'not_permitted', 'broken']), ('state', 'failed')), _connector='OR'), name='job_state'),
        ),
        migrations.AddConstraint(
            model_name='jobfile',
            constraint=models.CheckConstraint(condition=models.Q(('sha256', models.Func(models.Func(models.F('content'), function='SHA256', output_field=models.BinaryField()), models.Value('hex'), function='ENCODE', output_field=models.CharField()))), name='job_file_hash'),
        ),
        migrations.AddConstraint(
            model_name='jobitem',
            constraint=models.UniqueConstraint(fields=('job', 'position'), name='job_item_position'),
        ),
        migrations.AddConstraint(
            model_name='jobitem',
            constraint=models.UniqueConstraint(fields=('subject', 'job'), name='job_item_once'),
        ),
        migrations.AddConstraint(
            model_name='jobresult',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reasons__len', 0), ('superbill__isnull', False)), models.Q(('reasons__len__gte', 1), ('superbill__isnull', True)), _connector='OR'), name='job_result_either'),
        ),
        append_only("billing_historicaljob", "billing_jobitem", "billing_jobresult", "billing_jobfile"),
        GUARDS,
    ]
