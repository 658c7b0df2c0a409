"""A pathway in words, a plan of its own inside its protocol, and a rhythm of maintenance."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0005_desk_payments'),
        ('programs', '0006_shorter_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalprogram',
            name='maintain_every_days',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='historicalprogram',
            name='maintain_until',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='historicalprogram',
            name='min_gap_hours',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='historicalprogram',
            name='pathway',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='historicalprogram',
            name='plan_reason',
            field=models.CharField(blank=True, max_length=1000),
        ),
        migrations.AddField(
            model_name='historicalprogram',
            name='planned_doses',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='program',
            name='maintain_every_days',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='program',
            name='maintain_until',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='program',
            name='min_gap_hours',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='program',
            name='pathway',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='program',
            name='plan_reason',
            field=models.CharField(blank=True, max_length=1000),
        ),
        migrations.AddField(
            model_name='program',
            name='planned_doses',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name='program',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('min_gap_hours__isnull', True), ('plan_reason', ''), ('planned_doses__isnull', True)), models.Q(models.Q(models.Q(('planned_doses__gt', 0), ('planned_doses__isnull', False)), models.Q(('min_gap_hours__isnull', False), ('planned_doses__isnull', True)), _connector='OR'), models.Q(('plan_reason', ''), _negated=True)), _connector='OR'), name='program_plan'),
        ),
        migrations.AddConstraint(
            model_name='program',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('maintain_every_days__isnull', True), ('maintain_until__isnull', True)), models.Q(('maintain_every_days__gt', 0), ('maintain_every_days__isnull', False)), _connector='OR'), name='program_maintained'),
        ),
    ]
