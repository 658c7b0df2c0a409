"""Tests of a client, and what the next course takes over of the one before."""

import django.db.models.deletion
import kapclinic.core.ids
from django.db import migrations, models

from kapclinic.core.triggers import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0005_desk_payments'),
        ('screening', '0010_shorter_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='LabResult',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('kind', models.CharField(choices=[('urine_hcg', 'urine pregnancy test'), ('drug_screen', 'drug screen'), ('liver', 'liver values'), ('tsh', 'TSH'), ('ecg', 'ECG'), ('urinalysis', 'urinalysis')], max_length=20)),
                ('result', models.CharField(choices=[('negative', 'Negative'), ('positive', 'Positive'), ('normal', 'Normal'), ('abnormal', 'Abnormal'), ('inconclusive', 'Inconclusive')], max_length=20)),
                ('value', models.DecimalField(decimal_places=3, max_digits=10, null=True)),
                ('unit', models.CharField(blank=True, max_length=20)),
                ('taken_at', models.DateTimeField()),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lab_results', to='practice.client')),
            ],
        ),
        migrations.CreateModel(
            name='LabResultVoid',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(max_length=1000)),
                ('lab_result', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='void', to='screening.labresult')),
            ],
        ),
        migrations.AddIndex(
            model_name='labresult',
            index=models.Index(fields=['client', 'kind', '-taken_at'], name='lab_result_client'),
        ),
        migrations.AddConstraint(
            model_name='labresult',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['urine_hcg', 'drug_screen']), ('result__in', ['negative', 'positive', 'inconclusive'])), models.Q(('kind__in', ['liver', 'tsh', 'ecg', 'urinalysis']), ('result__in', ['normal', 'abnormal', 'inconclusive'])), _connector='OR'), name='lab_result_word'),
        ),
        migrations.AddConstraint(
            model_name='labresult',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('unit', ''), ('value__isnull', True)), models.Q(('value__gte', 0), models.Q(('unit', ''), _negated=True)), _connector='OR'), name='lab_result_value'),
        ),
        migrations.AddConstraint(
            model_name='labresultvoid',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='lab_result_void_in_words'),
        ),
        migrations.AddField(
            model_name='consent',
            name='carried_from',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='screening.consent'),
        ),
        migrations.AddField(
            model_name='historicalconsent',
            name='carried_from',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='screening.consent'),
        ),
        migrations.AddField(
            model_name='historicalscreening',
            name='carried_from',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='screening.screening'),
        ),
        migrations.AddField(
            model_name='screening',
            name='carried_from',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='screening.screening'),
        ),
        append_only('screening_labresult', 'screening_labresultvoid'),
    ]
