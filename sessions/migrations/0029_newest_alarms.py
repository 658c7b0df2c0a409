"""The newest alarms of several places together are found by an index."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("clinic_sessions", "0028_witnesses_asked")]

    operations: ClassVar = [
        migrations.AddIndex("alarm", models.Index(fields=["-created_at", "id"], name="alarm_newest")),
    ]
