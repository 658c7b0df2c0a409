"""Guards that the database holds by itself."""

from typing import ClassVar

from django.db import migrations

from kapclinic.core.triggers import append_only, frozen_when


class Migration(migrations.Migration):
    dependencies: ClassVar = [("programs", "0001_initial")]

    operations: ClassVar = [
        append_only("programs_historicalprotocol", "programs_historicalprogram", "programs_historicalphasespan"),
        frozen_when("programs_protocol", "OLD.status = 'approved'"),
    ]
