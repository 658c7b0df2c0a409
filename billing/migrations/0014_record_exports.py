"""Record exports: what was asked for, and for some days the sealed bytes of what was made."""

import django.contrib.postgres.fields
import django.db.models.deletion
import kapclinic.core.ids
import simple_history.models
from django.db import migrations, models

from billing.records.guards import OPERATIONS


class Migration(migrations.Migration):

    dependencies = [
        ("billing", "0013_what_stands"),
        ('practice', '0005_desk_payments'),
    ]

    operations = [
        migrations.CreateModel(
            name='RecordExport',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('reason', models.CharField(max_length=1000)),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=8)),
                ('failure', models.CharField(blank=True, choices=[('stopped', 'Stopped'), ('not_permitted', 'Not Permitted'), ('broken', 'Broken')], max_length=15)),
                ('total', models.PositiveIntegerField()),
                ('left_out', models.JSONField(default=list)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.BigIntegerField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.client')),
            ],
        ),
        migrations.CreateModel(
            name='HistoricalRecordExport',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('reason', models.CharField(max_length=1000)),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=8)),
                ('failure', models.CharField(blank=True, choices=[('stopped', 'Stopped'), ('not_permitted', 'Not Permitted'), ('broken', 'Broken')], max_length=15)),
                ('total', models.PositiveIntegerField()),
                ('left_out', models.JSONField(default=list)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.BigIntegerField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='practice.client')),
            ],
            options={
                'verbose_name': 'historical record export',
                'verbose_name_plural': 'historical record exports',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='RecordExportFile',
            fields=[
                ('export', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='file', serialize=False, to='billing.recordexport')),
                ('sealed', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='RecordExportPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('section', 'Section'), ('evidence', 'Evidence'), ('superbill', 'Superbill'), ('receipt', 'Receipt'), ('statement', 'Statement'), ('estimate', 'Estimate'), ('letter', 'Letter'), ('attachment', 'Attachment')], max_length=10)),
                ('subject', models.UUIDField(null=True)),
                ('name', models.CharField(max_length=120)),
                ('sealed', models.BinaryField(null=True)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('export', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='billing.recordexport')),
            ],
        ),
        migrations.AddIndex(
            model_name='recordexport',
            index=models.Index(fields=['-created_at'], name='record_export_newest'),
        ),
        migrations.AddIndex(
            model_name='recordexport',
            index=models.Index(condition=models.Q(('state__in', ['queued', 'running'])), fields=['created_at'], name='record_export_open'),
        ),
        migrations.AddConstraint(
            model_name='recordexport',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='record_export_reason'),
        ),
        migrations.AddConstraint(
            model_name='recordexport',
            constraint=models.CheckConstraint(condition=models.Q(('locations__len__gte', 1)), name='record_export_locations'),
        ),
        migrations.AddConstraint(
            model_name='recordexport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('failure', ''), ('sha256', ''), ('state__in', ['queued', 'running'])), models.Q(('ended_at__isnull', False), ('expires_at__isnull', False), ('failure', ''), ('state', 'done'), models.Q(('sha256', ''), _negated=True)), models.Q(('ended_at__isnull', False), ('failure__in', ['stopped', 'not_permitted', 'broken']), ('sha256', ''), ('state', 'failed')), _connector='OR'), name='record_export_state'),
        ),
        migrations.AddConstraint(
            model_name='recordexportpart',
            constraint=models.UniqueConstraint(fields=('export', 'position'), name='record_export_part_position'),
        ),
        migrations.AddConstraint(
            model_name='recordexportpart',
            constraint=models.UniqueConstraint(fields=('export', 'name'), name='record_export_part_name'),
        ),
        *OPERATIONS,
    ]
