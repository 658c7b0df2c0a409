"""Alarms that are still to be carried up, found by an index of their own, however many nobody answers."""

from typing import ClassVar

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # built beside the clinic's work, however long the table is

    dependencies: ClassVar = [("clinic_sessions", "0029_newest_alarms")]

    operations: ClassVar = [
        AddIndexConcurrently(
            "alarm",
            models.Index(
                fields=["created_at"],
                condition=models.Q(state="open", escalation__lt=2),
                name="alarm_climbing",
            ),
        ),
    ]
