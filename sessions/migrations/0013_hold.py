"""A session and its program are locked by one statement."""

from typing import ClassVar

from django.db import migrations

from sessions.booking.sql.hold import DROP_HOLD, MAKE_HOLD


class Migration(migrations.Migration):
    dependencies: ClassVar = [("clinic_sessions", "0012_reminder_looks"), ("programs", "0004_one_live_program")]

    operations: ClassVar = [migrations.RunSQL(MAKE_HOLD, DROP_HOLD)]
