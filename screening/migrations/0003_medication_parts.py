"""How a medication text was read, part by part, and what a prescriber said that it is: a table that is only added to."""

import django.contrib.postgres.fields
import django.db.models.deletion
import kapclinic.core.ids
from django.db import migrations, models

from kapclinic.core.triggers import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('screening', '0002_guards'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalmedication',
            name='parts',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='medication',
            name='parts',
            field=models.JSONField(default=list),
        ),
        migrations.CreateModel(
            name='MedicationMapping',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('ingredients', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None)),
                ('classes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), size=None)),
                ('list_edition', models.CharField(max_length=20)),
                ('reason', models.CharField(max_length=1000)),
                ('medication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mappings', to='screening.medication')),
            ],
            options={
                'indexes': [models.Index(fields=['medication', '-created_at'], name='medication_mapping')],
                'constraints': [models.CheckConstraint(condition=models.Q(('classes__len__gt', 0), ('ingredients__len__gt', 0), models.Q(('reason', ''), _negated=True)), name='medication_mapping_says_something')],
            },
        ),
        append_only('screening_medicationmapping'),
    ]
