"""Exports of the whole practice: what was asked for and decided, and for some days the sealed pieces of the archive."""

import django.contrib.postgres.fields
import django.db.models.deletion
import kapclinic.core.ids
import simple_history.models
from django.db import migrations, models

from billing.records.guards import PRACTICE_OPERATIONS


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0014_record_exports'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalPracticeExport',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('reason', models.CharField(max_length=1000)),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('refused', 'Refused')], default='waiting', max_length=8)),
                ('failure', models.CharField(blank=True, choices=[('stopped', 'Stopped'), ('not_permitted', 'Not Permitted'), ('broken', 'Broken')], max_length=15)),
                ('decided_by', models.UUIDField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('refusal', models.CharField(blank=True, max_length=1000)),
                ('rows', models.BigIntegerField(null=True)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.BigIntegerField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical practice export',
                'verbose_name_plural': 'historical practice exports',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='PracticeExport',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('reason', models.CharField(max_length=1000)),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('refused', 'Refused')], default='waiting', max_length=8)),
                ('failure', models.CharField(blank=True, choices=[('stopped', 'Stopped'), ('not_permitted', 'Not Permitted'), ('broken', 'Broken')], max_length=15)),
                ('decided_by', models.UUIDField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('refusal', models.CharField(blank=True, max_length=1000)),
                ('rows', models.BigIntegerField(null=True)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.BigIntegerField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['-created_at'], name='practice_export_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='practice_export_reason'), models.CheckConstraint(condition=models.Q(('locations__len__gte', 1)), name='practice_export_locations'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True)), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('decided_by', models.F('created_by')), _negated=True)), _connector='OR'), name='practice_export_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('decided_by__isnull', True), ('ended_at__isnull', True), ('failure', ''), ('sha256', ''), ('state', 'waiting')), models.Q(('decided_by__isnull', False), ('ended_at__isnull', True), ('state__in', ['queued', 'running']), ('failure', ''), ('sha256', '')), models.Q(('decided_by__isnull', False), ('ended_at__isnull', False), ('failure', ''), ('state', 'done'), ('expires_at__isnull', False), ('rows__isnull', False), ('size__isnull', False), models.Q(('sha256', ''), _negated=True)), models.Q(('ended_at__isnull', False), ('failure__in', ['stopped', 'not_permitted', 'broken']), ('sha256', ''), ('state', 'failed')), models.Q(('decided_by__isnull', False), ('ended_at__isnull', False), ('failure', ''), ('sha256', ''), ('state', 'refused'), models.Q(('refusal', ''), _negated=True)), _connector='OR'), name='practice_export_state'), models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('ended_at',), name='practice_export_one_at_a_time', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='PracticeExportPiece',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('size', models.PositiveIntegerField()),
                ('sealed', models.BinaryField()),
                ('export', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='pieces', to='billing.practiceexport')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('export', 'position'), name='practice_export_piece_position')],
            },
        ),
        *PRACTICE_OPERATIONS,
    ]
