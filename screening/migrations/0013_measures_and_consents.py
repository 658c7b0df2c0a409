"""Totals without answers, flags of findings, the clinic's own consent texts, and who signed for the client.

The checks of measures and consents are not asked of older rows: none has a total alone, and no older signature says
by whom it was given. One of those may still be revoked.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import kapclinic.core.ids
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from kapclinic.core.triggers import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('programs', '0008_measures'),
        ("screening", "0012_client_links"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ConsentDocument',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('document', models.CharField(max_length=30)),
                ('language', models.CharField(max_length=8)),
                ('document_version', models.CharField(max_length=10)),
                ('effective_on', models.DateField()),
                ('text', models.TextField()),
                ('content_hash', models.CharField(max_length=64)),
            ],
        ),
        migrations.AddField(
            model_name='consent',
            name='signer_relationship',
            field=models.CharField(blank=True, choices=[('self', 'Self'), ('guardian', 'Guardian'), ('proxy', 'Proxy')], max_length=10),
        ),
        migrations.AddField(
            model_name='finding',
            name='flags',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None),
        ),
        migrations.AddField(
            model_name='historicalconsent',
            name='signer_relationship',
            field=models.CharField(blank=True, choices=[('self', 'Self'), ('guardian', 'Guardian'), ('proxy', 'Proxy')], max_length=10),
        ),
        migrations.AddField(
            model_name='historicalfinding',
            name='flags',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None),
        ),
        migrations.AddField(
            model_name='measure',
            name='item_alert',
            field=models.BooleanField(null=True),
        ),
        AddConstraintNotValid(
            model_name='measure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('flags__contains', ['total_only']), _negated=True), ('item_alert__isnull', True)), models.Q(models.Q(models.Q(('instrument__in', ['madrs', 'qids_sr16']), ('item_alert__isnull', False)), models.Q(('instrument__in', ['cadss', 'dast10']), ('item_alert__isnull', True)), _connector='OR'), ('answers', []), ('flags__contains', ['total_only']), ('total__isnull', False)), _connector='OR'), name='measure_total_only'),
        ),
        migrations.AddConstraint(
            model_name='consentdocument',
            constraint=models.UniqueConstraint(fields=('document', 'language', 'document_version'), name='consent_document_once'),
        ),
        migrations.AddConstraint(
            model_name='consentdocument',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('text', ''), _negated=True), models.Q(('document_version', ''), _negated=True), ('content_hash__regex', '^[0-9a-f]{64}$')), name='consent_document_words'),
        ),
        migrations.AddConstraint(
            model_name='consentdocument',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['en', 'es'])), name='consent_document_language'),
        ),
        migrations.AddField(
            model_name='consent',
            name='own_document',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='screening.consentdocument'),
        ),
        migrations.AddField(
            model_name='historicalconsent',
            name='own_document',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='screening.consentdocument'),
        ),
        AddConstraintNotValid(
            model_name='consent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'signed'), _negated=True), ('signer_relationship__in', ['self', 'guardian', 'proxy']), _connector='OR'), name='consent_relationship'),
        ),
        append_only('screening_consentdocument'),
    ]
