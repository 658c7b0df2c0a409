"""Allergies, and the word that none is known: tables that are only added to."""

import django.db.models.deletion
import kapclinic.core.ids
from django.db import migrations, models

from kapclinic.core.triggers import append_only
from screening.guards import OF_ALLERGIES


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0004_correction_limit'),
        ('screening', '0008_sweep_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Allergy',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('substance', models.CharField(max_length=200)),
                ('reaction', models.CharField(blank=True, max_length=500)),
                ('severity', models.CharField(blank=True, choices=[('mild', 'Mild'), ('moderate', 'Moderate'), ('severe', 'Severe'), ('life_threatening', 'Life Threatening')], max_length=20)),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='allergies', to='practice.client')),
            ],
        ),
        migrations.CreateModel(
            name='AllergyVoid',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(max_length=1000)),
                ('allergy', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='void', to='screening.allergy')),
            ],
        ),
        migrations.CreateModel(
            name='NoneKnown',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.client')),
            ],
        ),
        migrations.CreateModel(
            name='NoneKnownEnd',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(blank=True, max_length=1000)),
                ('allergy', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='screening.allergy')),
                ('none_known', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='end', to='screening.noneknown')),
            ],
        ),
        migrations.AddIndex(
            model_name='allergy',
            index=models.Index(fields=['client'], name='allergy_client'),
        ),
        migrations.AddConstraint(
            model_name='allergy',
            constraint=models.CheckConstraint(condition=models.Q(('substance', ''), _negated=True), name='allergy_names_a_substance'),
        ),
        migrations.AddConstraint(
            model_name='allergy',
            constraint=models.CheckConstraint(condition=models.Q(('severity__in', ['', 'mild', 'moderate', 'severe', 'life_threatening'])), name='allergy_severity'),
        ),
        migrations.AddConstraint(
            model_name='allergyvoid',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='allergy_void_in_words'),
        ),
        migrations.AddIndex(
            model_name='noneknown',
            index=models.Index(fields=['client', '-created_at'], name='none_known_client'),
        ),
        migrations.AddConstraint(
            model_name='noneknownend',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('allergy__isnull', False), ('reason', '')), models.Q(('allergy__isnull', True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='none_known_end_says_why'),
        ),
        append_only('screening_allergy', 'screening_allergyvoid', 'screening_noneknown', 'screening_noneknownend'),
        *OF_ALLERGIES,
    ]
