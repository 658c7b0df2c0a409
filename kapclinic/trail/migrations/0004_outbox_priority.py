"""Messages leave by priority: an alarm overtakes whatever waits. The table is not written anew, and not read."""

from typing import ClassVar

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

# Only what may still leave has to know; those that left or were cancelled keep the default.
ORDER = """
UPDATE trail_outbox SET priority = CASE WHEN recipient_kind = 'client' THEN 2 ELSE 0 END
WHERE status IN ('pending', 'sending', 'dead')
  AND (recipient_kind = 'client' OR key LIKE 'alarm:%' OR key LIKE 'safety_alert:%')
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("trail", "0003_step_turns")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="outbox",
            name="priority",
            field=models.PositiveSmallIntegerField(
                choices=[(0, "Safety"), (1, "Staff"), (2, "Client")], default=1
            ),
        ),
        AddConstraintNotValid(
            model_name="outbox",
            constraint=models.CheckConstraint(
                condition=models.Q(("priority__in", [0, 1, 2])), name="outbox_priority"
            ),
        ),
        migrations.RunSQL(ORDER, migrations.RunSQL.noop),
    ]
