"""Clearances that are near their end, found by an index of their own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # built beside the clinic's work, however long the tables are

    dependencies = [
        ('programs', '0005_sweep_indexes'),
        ('screening', '0007_drawn_signatures'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='clearance',
            index=models.Index(condition=models.Q(('decision', 'cleared'), ('voided_at__isnull', True)), fields=['expires_on'], name='clearance_ends'),
        ),
    ]
