"""How long a broken glass stands at a location, and until when an account may have one."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("practice", "0009_doors"),
    ]

    operations = [
        migrations.AddField(
            model_name='historicallocation',
            name='break_glass_minutes',
            field=models.PositiveSmallIntegerField(default=240),
        ),
        migrations.AddField(
            model_name='historicaluser',
            name='glass_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='location',
            name='break_glass_minutes',
            field=models.PositiveSmallIntegerField(default=240),
        ),
        migrations.AddField(
            model_name='user',
            name='glass_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name='location',
            constraint=models.CheckConstraint(condition=models.Q(('break_glass_minutes__range', (5, 240))), name='location_glass'),
        ),
    ]
