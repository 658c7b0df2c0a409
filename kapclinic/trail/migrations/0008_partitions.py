"""Audit events are kept by the month of their key. The table is written anew, and held alone meanwhile."""

from typing import ClassVar

from django.db import migrations

from kapclinic.core.triggers import by_month
from kapclinic.trail.sql import DROP_PARTITIONS, PARTITIONS


class Migration(migrations.Migration):
    dependencies: ClassVar = [("trail", "0007_take_key")]

    operations: ClassVar = [
        migrations.RunSQL(PARTITIONS, DROP_PARTITIONS),
        by_month("trail_auditevent", of="id"),
    ]
