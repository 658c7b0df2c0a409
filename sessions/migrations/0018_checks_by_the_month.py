"""The history of checks is kept by the month of its date. The table is written anew, and held alone meanwhile."""

from typing import ClassVar

from django.db import migrations

from kapclinic.core.triggers import by_month


class Migration(migrations.Migration):
    dependencies: ClassVar = [("clinic_sessions", "0017_alarm_place"), ("trail", "0008_partitions")]

    operations: ClassVar = [
        by_month("clinic_sessions_historicalcheck", of="history_date", key="history_id"),
    ]
