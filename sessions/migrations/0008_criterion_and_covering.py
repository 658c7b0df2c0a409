"""A serious event says by which criterion (not asked of what was recorded before); why somebody signs for another."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic_sessions', '0007_goings_and_undoings'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalnote',
            name='covering_reason',
            field=models.CharField(blank=True, max_length=1000),
        ),
        migrations.AddField(
            model_name='note',
            name='covering_reason',
            field=models.CharField(blank=True, max_length=1000),
        ),
        AddConstraintNotValid(
            model_name='adverseevent',
            constraint=models.CheckConstraint(condition=models.Q(('serious', False), ('seriousness__len__gt', 0), _connector='OR'), name='adverse_event_criterion'),
        ),
    ]
