"""Whether the front desk of a location takes payments; nobody's does until the administrator says so."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0004_correction_limit'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicallocation',
            name='desk_takes_payments',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='location',
            name='desk_takes_payments',
            field=models.BooleanField(default=False),
        ),
    ]
