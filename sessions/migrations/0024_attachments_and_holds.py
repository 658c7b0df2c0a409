"""Attachments, whose bytes lie sealed, and legal holds, with what the database itself refuses about them."""

import django.db.models.deletion
import kapclinic.core.ids
from django.db import migrations, models

from sessions.files.guards import OPERATIONS


class Migration(migrations.Migration):

    dependencies = [
        ("clinic_sessions", "0023_rights_of_clients"),
        ('practice', '0005_desk_payments'),
    ]

    operations = [
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('file_name', models.CharField(max_length=200)),
                ('media_type', models.CharField(choices=[('application/pdf', 'Pdf'), ('image/png', 'Png'), ('image/jpeg', 'Jpeg')], max_length=20)),
                ('size', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.client')),
            ],
        ),
        migrations.CreateModel(
            name='AttachmentContent',
            fields=[
                ('attachment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='content', serialize=False, to='clinic_sessions.attachment')),
                ('sealed', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='AttachmentVoid',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(max_length=1000)),
                ('attachment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='void', to='clinic_sessions.attachment')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LegalHold',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(max_length=1000)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.client')),
            ],
        ),
        migrations.CreateModel(
            name='LegalHoldLift',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(blank=True, max_length=1000)),
                ('hold', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='lift', to='clinic_sessions.legalhold')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddIndex(
            model_name='attachment',
            index=models.Index(fields=['client', '-created_at'], name='attachment_client'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.CheckConstraint(condition=models.Q(('media_type__in', ['application/pdf', 'image/png', 'image/jpeg'])), name='attachment_media_type'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.CheckConstraint(condition=models.Q(('size__range', (1, 20971520))), name='attachment_size'),
        ),
        migrations.AddConstraint(
            model_name='legalhold',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='legal_hold_reason'),
        ),
        *OPERATIONS,
    ]
