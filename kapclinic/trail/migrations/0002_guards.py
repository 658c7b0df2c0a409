"""Guards that the database holds by itself."""

from typing import ClassVar

from django.db import migrations

from kapclinic.core.triggers import append_only


class Migration(migrations.Migration):
    dependencies: ClassVar = [("trail", "0001_initial")]

    operations: ClassVar = [
        append_only("trail_auditevent", "trail_auditseal", "trail_historicaltask"),
    ]
