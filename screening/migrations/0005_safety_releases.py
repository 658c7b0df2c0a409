"""Safety plans, and what releases the doses that a safety alert holds: tables that are only added to."""

import django.db.models.deletion
import kapclinic.core.ids
from django.conf import settings
from django.db import migrations, models

from kapclinic.core.triggers import append_only
from screening.guards import OPERATIONS


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0003_people'),
        ('programs', '0002_guards'),
        ('screening', '0004_suspensions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AlertRelease',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('rationale', models.TextField(blank=True)),
                ('not_alone', models.BooleanField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SafetyPlan',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('text', models.TextField()),
                ('made_on', models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name='SafetyPlanVoid',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(max_length=1000)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='safetyalert',
            name='safety_alert_cause',
        ),
        migrations.AlterField(
            model_name='historicalsafetyalert',
            name='cause',
            field=models.CharField(choices=[('phq9_item_9', 'Item 9'), ('qids_item_12', 'Qids Item 12'), ('madrs_item_10', 'Madrs Item 10'), ('cssrs_high', 'Cssrs High'), ('cssrs_moderate', 'Cssrs Moderate'), ('cssrs_incomplete', 'Cssrs Incomplete'), ('screening_si', 'Screening Si'), ('phq9_worsening', 'Phq9 Worsening'), ('vital_sign', 'Vital Sign')], max_length=20),
        ),
        migrations.AlterField(
            model_name='safetyalert',
            name='cause',
            field=models.CharField(choices=[('phq9_item_9', 'Item 9'), ('qids_item_12', 'Qids Item 12'), ('madrs_item_10', 'Madrs Item 10'), ('cssrs_high', 'Cssrs High'), ('cssrs_moderate', 'Cssrs Moderate'), ('cssrs_incomplete', 'Cssrs Incomplete'), ('screening_si', 'Screening Si'), ('phq9_worsening', 'Phq9 Worsening'), ('vital_sign', 'Vital Sign')], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='safetyalert',
            constraint=models.CheckConstraint(condition=models.Q(('cause__in', ['phq9_item_9', 'qids_item_12', 'madrs_item_10', 'cssrs_high', 'cssrs_moderate', 'cssrs_incomplete', 'screening_si', 'phq9_worsening', 'vital_sign'])), name='safety_alert_cause'),
        ),
        migrations.AddField(
            model_name='alertrelease',
            name='alert',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='screening.safetyalert'),
        ),
        migrations.AddField(
            model_name='alertrelease',
            name='measure',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='screening.measure'),
        ),
        migrations.AddField(
            model_name='safetyplan',
            name='client',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='safety_plans', to='practice.client'),
        ),
        migrations.AddField(
            model_name='alertrelease',
            name='safety_plan',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='screening.safetyplan'),
        ),
        migrations.AddField(
            model_name='safetyplanvoid',
            name='plan',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='void', to='screening.safetyplan'),
        ),
        migrations.AddIndex(
            model_name='safetyplan',
            index=models.Index(fields=['client', '-made_on'], name='safety_plan_client'),
        ),
        migrations.AddConstraint(
            model_name='safetyplan',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='safety_plan_in_words'),
        ),
        migrations.AddIndex(
            model_name='alertrelease',
            index=models.Index(fields=['alert', '-created_at'], name='alert_release_alert'),
        ),
        migrations.AddConstraint(
            model_name='alertrelease',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('rationale', ''), _negated=True), ('measure__isnull', True)), models.Q(('measure__isnull', False), ('not_alone__isnull', True), ('rationale', ''), ('safety_plan__isnull', True)), _connector='OR'), name='alert_release_says_why'),
        ),
        migrations.AddConstraint(
            model_name='safetyplanvoid',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='safety_plan_void_in_words'),
        ),
        append_only('screening_safetyplan', 'screening_safetyplanvoid', 'screening_alertrelease'),
        *OPERATIONS,
    ]
