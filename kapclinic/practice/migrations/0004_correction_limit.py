"""How much a correction may add to a lot before somebody answers for it."""

from decimal import Decimal

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0003_people'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicallocation',
            name='correction_limit_mg',
            field=models.DecimalField(decimal_places=3, default=Decimal('100'), max_digits=9),
        ),
        migrations.AddField(
            model_name='location',
            name='correction_limit_mg',
            field=models.DecimalField(decimal_places=3, default=Decimal('100'), max_digits=9),
        ),
        migrations.AddConstraint(
            model_name='location',
            constraint=models.CheckConstraint(condition=models.Q(('correction_limit_mg__gte', 0)), name='location_correction_limit'),
        ),
    ]
