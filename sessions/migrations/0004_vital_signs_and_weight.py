"""Vital signs that could not be had, etCO2, more red triggers; where a weight comes from, and whether it stands."""

import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic_sessions', '0003_attestations'),
        ('practice', '0002_guards'),
        ('programs', '0002_guards'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='alarm',
            name='alarm_cause',
        ),
        migrations.AddField(
            model_name='historicalsession',
            name='weight_confirmed',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='historicalsession',
            name='weight_source',
            field=models.CharField(choices=[('measured', 'Measured'), ('observed', 'Observed'), ('reported', 'Reported')], default='measured', max_length=10),
        ),
        migrations.AddField(
            model_name='order',
            name='by_weight',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='reading',
            name='etco2',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='reading',
            name='not_obtainable',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None),
        ),
        migrations.AddField(
            model_name='reading',
            name='unusual',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='session',
            name='weight_confirmed',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='session',
            name='weight_source',
            field=models.CharField(choices=[('measured', 'Measured'), ('observed', 'Observed'), ('reported', 'Reported')], default='measured', max_length=10),
        ),
        migrations.AlterField(
            model_name='alarm',
            name='trigger',
            field=models.CharField(blank=True, choices=[('severe_agitation', 'Agitation'), ('psychosis', 'Psychosis'), ('chest_pain', 'Chest Pain'), ('new_neuro_sign', 'Neuro Sign'), ('si_with_intent', 'Suicidal'), ('apnoea', 'Apnoea'), ('airway', 'Airway'), ('unresponsive', 'Unresponsive'), ('seizure', 'Seizure')], default='', max_length=20),
        ),
        migrations.AlterField(
            model_name='historicalalarm',
            name='trigger',
            field=models.CharField(blank=True, choices=[('severe_agitation', 'Agitation'), ('psychosis', 'Psychosis'), ('chest_pain', 'Chest Pain'), ('new_neuro_sign', 'Neuro Sign'), ('si_with_intent', 'Suicidal'), ('apnoea', 'Apnoea'), ('airway', 'Airway'), ('unresponsive', 'Unresponsive'), ('seizure', 'Seizure')], default='', max_length=20),
        ),
        migrations.AlterField(
            model_name='reading',
            name='diastolic',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='reading',
            name='heart_rate',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='reading',
            name='systolic',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name='alarm',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause__in', ['amber_reading', 'red_reading']), ('reading__isnull', False), ('trigger', '')), models.Q(('cause__in', ['check_late', 'check_missed']), ('check_row__isnull', False), ('trigger', '')), models.Q(('cause', 'red_trigger'), ('trigger__in', ['severe_agitation', 'psychosis', 'chest_pain', 'new_neuro_sign', 'si_with_intent', 'apnoea', 'airway', 'unresponsive', 'seizure'])), _connector='OR'), name='alarm_cause'),
        ),
        migrations.AddConstraint(
            model_name='reading',
            constraint=models.CheckConstraint(condition=models.Q(('systolic__isnull', False), ('not_obtainable__contains', ['systolic']), _connector='XOR'), name='reading_systolic_or_why'),
        ),
        migrations.AddConstraint(
            model_name='reading',
            constraint=models.CheckConstraint(condition=models.Q(('diastolic__isnull', False), ('not_obtainable__contains', ['diastolic']), _connector='XOR'), name='reading_diastolic_or_why'),
        ),
        migrations.AddConstraint(
            model_name='reading',
            constraint=models.CheckConstraint(condition=models.Q(('heart_rate__isnull', False), ('not_obtainable__contains', ['heart_rate']), _connector='XOR'), name='reading_heart_rate_or_why'),
        ),
        migrations.AddConstraint(
            model_name='session',
            constraint=models.CheckConstraint(condition=models.Q(('weight_source__in', ['measured', 'observed', 'reported'])), name='session_weight_source'),
        ),
    ]
