"""Integrations that were missed and are still owed, counted by an index of their own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # built beside the clinic's work, however long the table is

    dependencies = [
        ('clinic_sessions', '0026_imports'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='obligation',
            index=models.Index(condition=models.Q(('state', 'missed')), fields=['window_end'], name='obligation_missed'),
        ),
    ]
