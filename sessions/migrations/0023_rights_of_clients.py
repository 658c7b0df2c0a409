"""Disclosures, and requests to amend the record, with what the database itself refuses about them."""

import django.db.models.deletion
import kapclinic.core.ids
import simple_history.models
from django.db import migrations, models

from sessions.rights.guards import OPERATIONS


class Migration(migrations.Migration):

    dependencies = [
        ("clinic_sessions", "0022_notes_owed_and_returned"),
        ('practice', '0005_desk_payments'),
    ]

    operations = [
        migrations.CreateModel(
            name='Disclosure',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('recipient', models.CharField(max_length=300)),
                ('purpose', models.CharField(max_length=1000)),
                ('what', models.CharField(max_length=1000)),
                ('disclosed_on', models.DateField()),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.client')),
            ],
        ),
        migrations.CreateModel(
            name='DisclosureVoid',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(max_length=1000)),
                ('disclosure', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='void', to='clinic_sessions.disclosure')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='HistoricalAmendmentRequest',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('text', models.TextField()),
                ('received_on', models.DateField()),
                ('due_on', models.DateField()),
                ('extended_at', models.DateTimeField(null=True)),
                ('extension_reason', models.CharField(blank=True, max_length=1000)),
                ('state', models.CharField(choices=[('open', 'Open'), ('accepted', 'Accepted'), ('denied', 'Denied'), ('voided', 'Voided')], default='open', max_length=8)),
                ('addendum', models.TextField(blank=True)),
                ('basis', models.CharField(blank=True, max_length=2000)),
                ('void_reason', models.CharField(blank=True, max_length=1000)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.UUIDField(null=True)),
                ('disagreement', models.TextField(blank=True)),
                ('disagreed_at', models.DateTimeField(null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='practice.client')),
                ('note', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='clinic_sessions.note')),
                ('note_addendum', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='clinic_sessions.addendum')),
            ],
            options={
                'verbose_name': 'historical amendment request',
                'verbose_name_plural': 'historical amendment requests',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='AmendmentRequest',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('text', models.TextField()),
                ('received_on', models.DateField()),
                ('due_on', models.DateField()),
                ('extended_at', models.DateTimeField(null=True)),
                ('extension_reason', models.CharField(blank=True, max_length=1000)),
                ('state', models.CharField(choices=[('open', 'Open'), ('accepted', 'Accepted'), ('denied', 'Denied'), ('voided', 'Voided')], default='open', max_length=8)),
                ('addendum', models.TextField(blank=True)),
                ('basis', models.CharField(blank=True, max_length=2000)),
                ('void_reason', models.CharField(blank=True, max_length=1000)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.UUIDField(null=True)),
                ('disagreement', models.TextField(blank=True)),
                ('disagreed_at', models.DateTimeField(null=True)),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.client')),
                ('note', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinic_sessions.note')),
                ('note_addendum', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='amendment_request', to='clinic_sessions.addendum')),
            ],
            options={
                'indexes': [models.Index(fields=['client', '-received_on'], name='amendment_client'), models.Index(condition=models.Q(('state', 'open')), fields=['due_on'], name='amendment_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('addendum', ''), ('basis', ''), ('decided_at__isnull', True), ('state', 'open'), ('void_reason', '')), models.Q(('basis', ''), ('decided_at__isnull', False), ('state', 'accepted'), ('void_reason', ''), models.Q(('addendum', ''), _negated=True)), models.Q(('addendum', ''), ('decided_at__isnull', False), ('state', 'denied'), ('void_reason', ''), models.Q(('basis', ''), _negated=True)), models.Q(('addendum', ''), ('basis', ''), ('decided_at__isnull', False), ('state', 'voided'), models.Q(('void_reason', ''), _negated=True)), _connector='OR'), name='amendment_state'), models.CheckConstraint(condition=models.Q(('note_addendum__isnull', True), models.Q(('note__isnull', False), ('state', 'accepted')), _connector='OR'), name='amendment_note'), models.CheckConstraint(condition=models.Q(models.Q(('disagreed_at__isnull', True), ('disagreement', '')), models.Q(('disagreed_at__isnull', False), ('state', 'denied'), models.Q(('disagreement', ''), _negated=True)), _connector='OR'), name='amendment_disagreement'), models.CheckConstraint(condition=models.Q(('due_on__gt', models.F('received_on'))), name='amendment_due')],
            },
        ),
        migrations.AddIndex(
            model_name='disclosure',
            index=models.Index(fields=['client', '-disclosed_on'], name='disclosure_client'),
        ),
        migrations.AddConstraint(
            model_name='disclosure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('recipient', ''), _negated=True), models.Q(('purpose', ''), _negated=True), models.Q(('what', ''), _negated=True)), name='disclosure_words'),
        ),
        *OPERATIONS,
    ]
