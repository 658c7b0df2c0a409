"""For which day an override was said; older ones stay good for any."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic_sessions', '0008_criterion_and_covering'),
    ]

    operations = [
        migrations.AddField(
            model_name='gateoverride',
            name='for_day',
            field=models.DateField(null=True),
        ),
    ]
