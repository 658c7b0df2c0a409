"""What the sweep looks for among sessions and notes, found by an index of its own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # built beside the clinic's work, however long the tables are

    dependencies = [
        ('clinic_sessions', '0009_override_of_the_day'),
        ('programs', '0004_one_live_program'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='note',
            index=models.Index(condition=models.Q(('status__in', ['draft', 'cosign_pending'])), fields=['session'], name='note_open'),
        ),
        AddIndexConcurrently(
            model_name='session',
            index=models.Index(condition=models.Q(('status__in', ['held', 'scheduled'])), fields=['program'], name='session_ahead'),
        ),
        AddIndexConcurrently(
            model_name='session',
            index=models.Index(condition=models.Q(('status__in', ['checked_in', 'in_progress'])), fields=['ends_at'], name='session_here'),
        ),
        AddIndexConcurrently(
            model_name='session',
            index=models.Index(condition=models.Q(('left_at__isnull', False), ('status__in', ['held', 'scheduled', 'checked_in', 'in_progress'])), fields=['left_at'], name='session_left'),
        ),
    ]
