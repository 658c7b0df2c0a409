"""Courses in their preparation, found by an index of their own, however many courses there were."""

from typing import ClassVar

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # built beside the clinic's work, however long the table is

    dependencies: ClassVar = [("programs", "0008_measures")]

    operations: ClassVar = [
        AddIndexConcurrently(
            "program",
            models.Index(
                fields=["id"],
                condition=models.Q(status="active", phase="preparation"),
                name="program_preparing",
            ),
        ),
    ]
