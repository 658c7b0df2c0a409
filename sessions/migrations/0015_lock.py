"""What a booking locks is locked by one statement, with the key of its request where it has one."""

from typing import ClassVar

from django.db import migrations

from sessions.booking.sql.lock import DROP_LOCK, DROP_LOCK_COURSE, MAKE_LOCK, MAKE_LOCK_COURSE


class Migration(migrations.Migration):
    dependencies: ClassVar = [("clinic_sessions", "0014_obligation_window"), ("practice", "0003_people")]

    operations: ClassVar = [
        migrations.RunSQL(MAKE_LOCK, DROP_LOCK),
        migrations.RunSQL(MAKE_LOCK_COURSE, DROP_LOCK_COURSE),
    ]
