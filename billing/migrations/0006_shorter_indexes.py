"""Indexes that only repeat the beginning of a longer one go. Beside the clinic's work, and without a look at the rows.

Django would make the foreign keys anew, which reads both tables; the database loses the indexes alone.
"""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

REPEATED = [  # model, field, table, column, index, the field without it
    ("charge", "client", "billing_charge", "client_id", "billing_charge_client_id_c366508e", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='practice.client')),
    ("charge", "location", "billing_charge", "location_id", "billing_charge_location_id_0ea4774b", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
    ("payment", "client", "billing_payment", "client_id", "billing_payment_client_id_a94724d9", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='practice.client')),
    ("payment", "location", "billing_payment", "location_id", "billing_payment_location_id_31fff5da", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
    ("receipt", "client", "billing_receipt", "client_id", "billing_receipt_client_id_ac32ecd6", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='practice.client')),
    ("superbill", "client", "billing_superbill", "client_id", "billing_superbill_client_id_873ce907", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='practice.client')),
]


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY

    dependencies: ClassVar = [("billing", "0005_noted_changes")]

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
