"""Guards that the database holds by itself."""

from typing import ClassVar

from django.db import migrations

from kapclinic.core.triggers import append_only


class Migration(migrations.Migration):
    dependencies: ClassVar = [("practice", "0001_initial")]

    operations: ClassVar = [
        migrations.RunSQL("CREATE SEQUENCE practice_mrn START 1000", "DROP SEQUENCE practice_mrn"),
        append_only(
            "practice_historicallocation",
            "practice_historicalroom",
            "practice_historicaluser",
            "practice_historicalworkinghours",
            "practice_historicaltimeoff",
            "practice_historicalclient",
        ),
    ]
