"""Each clinician who owes a note has a row of their own; a cosigner gives a note back; phrases; who signed, in parts;
who has read an override.

Open rows about sessions as a whole are looked at by the next sweep, which puts those of the clinicians in their place.
"""

import django.db.models.deletion
import kapclinic.core.ids
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from sessions.dosing.guards import READING_OPERATIONS
from sessions.notes.guards import RETURN_OPERATIONS

LISTED = """
INSERT INTO trail_changed (topic, subject_id)
SELECT kind, subject_id FROM trail_task WHERE state = 'open' AND kind = 'note_unsigned'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('clinic_sessions', '0021_times_of_care'),
        ('trail', '0008_partitions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalPhrase',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('name', models.CharField(max_length=60)),
                ('text', models.CharField(max_length=4000)),
                ('retired_at', models.DateTimeField(null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical phrase',
                'verbose_name_plural': 'historical phrases',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='NoteReturn',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('comment', models.CharField(max_length=1000)),
                ('signed_at', models.DateTimeField()),
                ('signature', models.CharField(max_length=250)),
                ('content_hash', models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='OwedNote',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='Phrase',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('name', models.CharField(max_length=60)),
                ('text', models.CharField(max_length=4000)),
                ('retired_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='historicalnote',
            name='signed_as',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='note',
            name='signed_as',
            field=models.JSONField(null=True),
        ),
        migrations.AddConstraint(
            model_name='note',
            constraint=models.CheckConstraint(condition=models.Q(('signed_as__isnull', True), ('status__in', ['cosign_pending', 'signed']), _connector='OR'), name='note_signed_as'),
        ),
        migrations.AddField(
            model_name='historicalphrase',
            name='author',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='notereturn',
            name='note',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='clinic_sessions.note'),
        ),
        migrations.AddField(
            model_name='notereturn',
            name='returned_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='owednote',
            name='clinician',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='owednote',
            name='session',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='owed_notes', to='clinic_sessions.session'),
        ),
        migrations.AddField(
            model_name='phrase',
            name='author',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='notereturn',
            constraint=models.UniqueConstraint(fields=('note', 'signed_at'), name='note_return_once'),
        ),
        migrations.AddConstraint(
            model_name='notereturn',
            constraint=models.CheckConstraint(condition=models.Q(('returned_by', models.F('created_by'))), name='note_return_by'),
        ),
        migrations.AddConstraint(
            model_name='owednote',
            constraint=models.UniqueConstraint(fields=('session', 'clinician'), name='owed_note_once'),
        ),
        migrations.AddConstraint(
            model_name='phrase',
            constraint=models.UniqueConstraint(condition=models.Q(('retired_at__isnull', True)), fields=('author', 'name'), name='phrase_once'),
        ),
        migrations.CreateModel(
            name='GateOverrideReading',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
            ],
        ),
        migrations.AddField(
            model_name='gateoverridereading',
            name='override',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='reading', to='clinic_sessions.gateoverride'),
        ),
        migrations.AddField(
            model_name='gateoverridereading',
            name='read_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='gateoverridereading',
            constraint=models.CheckConstraint(condition=models.Q(('read_by', models.F('created_by'))), name='override_reading_by'),
        ),
        *RETURN_OPERATIONS,
        *READING_OPERATIONS,
        migrations.RunSQL(LISTED, migrations.RunSQL.noop),
    ]
