"""Indexes that only repeat the beginning of a longer one go. Beside the clinic's work, and without a look at the rows.

Django would make the foreign keys anew, which reads both tables; the database loses the indexes alone.
"""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

REPEATED = [  # model, field, table, column, index, the field without it
    ("program", "location", "programs_program", "location_id", "programs_program_location_id_c1d1a95b", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
]


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY

    dependencies: ClassVar = [("programs", "0005_sweep_indexes")]

    operations: ClassVar = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {index}",
                    f"CREATE INDEX CONCURRENTLY {index} ON {table} ({column})",
                )
                for _, _, table, column, index, _ in REPEATED
            ],
            state_operations=[
                migrations.AlterField(model, name, field) for model, name, _, _, _, field in REPEATED
            ],
        ),
    ]
