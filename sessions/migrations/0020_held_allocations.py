"""The few allocations that are held have an index of their own, so that a booking reads no others. Beside the work."""

from typing import ClassVar

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY

    dependencies: ClassVar = [("clinic_sessions", "0019_shorter_indexes")]

    operations: ClassVar = [
        AddIndexConcurrently(
            model_name="allocation",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False), ("released_at__isnull", True)),
                fields=["resource", "expires_at"],
                name="allocation_held",
            ),
        ),
    ]
