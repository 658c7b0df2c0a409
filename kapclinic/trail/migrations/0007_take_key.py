"""An Idempotency-Key is locked and looked up by one statement."""

from typing import ClassVar

from django.db import migrations

from kapclinic.trail.sql import DROP_TAKE_KEY, TAKE_KEY


class Migration(migrations.Migration):
    dependencies: ClassVar = [("trail", "0006_changed")]

    operations: ClassVar = [migrations.RunSQL(TAKE_KEY, DROP_TAKE_KEY)]
