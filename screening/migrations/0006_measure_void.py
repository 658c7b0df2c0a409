"""Measures that were recorded in error."""

import django.db.models.deletion
import kapclinic.core.ids
from django.db import migrations, models

from kapclinic.core.triggers import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('screening', '0005_safety_releases'),
    ]

    operations = [
        migrations.CreateModel(
            name='MeasureVoid',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(max_length=1000)),
                ('measure', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='void', to='screening.measure')),
            ],
            options={
                'abstract': False,
            },
        ),
        append_only('screening_measurevoid'),
    ]
