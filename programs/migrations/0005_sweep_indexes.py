"""Courses that were ended early, found by an index of their own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # built beside the clinic's work, however long the tables are

    dependencies = [
        ('programs', '0004_one_live_program'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='program',
            index=models.Index(condition=models.Q(('status', 'discontinued')), fields=['id'], name='program_discontinued'),
        ),
    ]
