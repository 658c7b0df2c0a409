"""Indexes by which the sweep costs what changed: what leaves next, old answers, the rows of a matter."""

from typing import ClassVar

from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # built beside the clinic's work, however long the tables are

    dependencies: ClassVar = [("trail", "0004_outbox_priority")]

    operations: ClassVar = [
        ValidateConstraint(model_name="outbox", name="outbox_priority"),
        AddIndexConcurrently(
            model_name="outbox",
            index=models.Index(
                condition=models.Q(("status__in", ["pending", "sending"])),
                fields=["channel", "priority", "next_at", "id"],
                name="outbox_queue",
            ),
        ),
        RemoveIndexConcurrently(model_name="outbox", name="outbox_waiting"),
        AddIndexConcurrently(
            model_name="idempotencyrecord",
            index=models.Index(fields=["created_at"], name="idempotency_age"),
        ),
        AddIndexConcurrently(
            model_name="task",
            index=models.Index(fields=["subject_id", "kind"], name="task_subject"),
        ),
    ]
