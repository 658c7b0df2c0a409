"""Imports: what was sent and what came of it; rows that wait lie sealed."""

import django.contrib.postgres.fields
import django.db.models.deletion
import kapclinic.core.ids
import simple_history.models
from django.db import migrations, models

from sessions.imports.guards import OPERATIONS


class Migration(migrations.Migration):

    dependencies = [
        ('clinic_sessions', '0025_client_links'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalImport',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('kind', models.CharField(choices=[('clients', 'Clients'), ('appointments', 'Appointments'), ('measures', 'Measures')], max_length=12)),
                ('dry_run', models.BooleanField(default=False)),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('sha256', models.CharField(max_length=64)),
                ('size', models.PositiveIntegerField()),
                ('total', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('done', 'Done'), ('failed', 'Failed'), ('undoing', 'Undoing'), ('undone', 'Undone')], default='queued', max_length=8)),
                ('failure', models.CharField(blank=True, choices=[('rows', 'Rows'), ('not_permitted', 'Not Permitted'), ('broken', 'Broken')], max_length=15)),
                ('wrong', models.PositiveIntegerField(default=0)),
                ('errors', models.JSONField(default=list)),
                ('warnings', models.JSONField(default=list)),
                ('hanging', models.PositiveIntegerField(default=0)),
                ('ended_at', models.DateTimeField(null=True)),
                ('undo_reason', models.CharField(blank=True, max_length=1000)),
                ('undo_by', models.UUIDField(null=True)),
                ('undone_at', models.DateTimeField(null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical import',
                'verbose_name_plural': 'historical imports',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('kind', models.CharField(choices=[('clients', 'Clients'), ('appointments', 'Appointments'), ('measures', 'Measures')], max_length=12)),
                ('dry_run', models.BooleanField(default=False)),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('sha256', models.CharField(max_length=64)),
                ('size', models.PositiveIntegerField()),
                ('total', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('done', 'Done'), ('failed', 'Failed'), ('undoing', 'Undoing'), ('undone', 'Undone')], default='queued', max_length=8)),
                ('failure', models.CharField(blank=True, choices=[('rows', 'Rows'), ('not_permitted', 'Not Permitted'), ('broken', 'Broken')], max_length=15)),
                ('wrong', models.PositiveIntegerField(default=0)),
                ('errors', models.JSONField(default=list)),
                ('warnings', models.JSONField(default=list)),
                ('hanging', models.PositiveIntegerField(default=0)),
                ('ended_at', models.DateTimeField(null=True)),
                ('undo_reason', models.CharField(blank=True, max_length=1000)),
                ('undo_by', models.UUIDField(null=True)),
                ('undone_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='ImportedRow',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('row', models.PositiveIntegerField()),
                ('object_id', models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name='ImportContent',
            fields=[
                ('of', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='content', serialize=False, to='clinic_sessions.import')),
                ('sealed', models.BinaryField()),
            ],
        ),
        migrations.AddIndex(
            model_name='import',
            index=models.Index(fields=['-created_at'], name='import_newest'),
        ),
        migrations.AddIndex(
            model_name='import',
            index=models.Index(condition=models.Q(('state__in', ['queued', 'undoing'])), fields=['created_at'], name='import_open'),
        ),
        migrations.AddConstraint(
            model_name='import',
            constraint=models.UniqueConstraint(condition=models.Q(('dry_run', False), ('state__in', ['queued', 'done', 'undoing'])), fields=('sha256',), name='import_once'),
        ),
        migrations.AddConstraint(
            model_name='import',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['clients', 'appointments', 'measures'])), name='import_kind'),
        ),
        migrations.AddConstraint(
            model_name='import',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('failure', ''), ('state', 'queued'), ('undo_by__isnull', True)), models.Q(('ended_at__isnull', False), ('failure__in', ['rows', 'not_permitted', 'broken']), ('state', 'failed')), models.Q(('ended_at__isnull', False), ('failure', ''), ('state', 'done')), models.Q(('dry_run', False), ('ended_at__isnull', False), ('state', 'undoing'), ('undo_by__isnull', False), models.Q(('undo_reason', ''), _negated=True)), models.Q(('dry_run', False), ('state', 'undone'), ('undo_by__isnull', False), ('undone_at__isnull', False), models.Q(('undo_reason', ''), _negated=True)), _connector='OR'), name='import_state'),
        ),
        migrations.AddField(
            model_name='importedrow',
            name='of',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='clinic_sessions.import'),
        ),
        migrations.AddConstraint(
            model_name='importedrow',
            constraint=models.UniqueConstraint(fields=('of', 'row'), name='imported_row_once'),
        ),
        *OPERATIONS,
    ]
