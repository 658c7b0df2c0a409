"""Indexes that only repeat the beginning of a longer one go. Beside the clinic's work, and without a look at the rows.

Django would make the foreign keys anew, which reads both tables; the database loses the indexes alone.
"""

from typing import ClassVar

import django.db.models.deletion
from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

REPEATED = [  # model, field, table, column, index, the field without it
    ("alertrelease", "alert", "screening_alertrelease", "alert_id", "screening_alertrelease_alert_id_7d919345", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='screening.safetyalert')),
    ("clearance", "program", "screening_clearance", "program_id", "screening_clearance_program_id_0b0b28ad", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='clearances', to='programs.program')),
    ("consent", "program", "screening_consent", "program_id", "screening_consent_program_id_7d6b1324", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='programs.program')),
    ("finding", "screening", "screening_finding", "screening_id", "screening_finding_screening_id_77b5b727", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='screening.screening')),
    ("measure", "program", "screening_measure", "program_id", "screening_measure_program_id_9d4871b7", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='measures', to='programs.program')),
    ("medicationmapping", "medication", "screening_medicationmapping", "medication_id", "screening_medicationmapping_medication_id_96709b3b", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='mappings', to='screening.medication')),
    ("safetyplan", "client", "screening_safetyplan", "client_id", "screening_safetyplan_client_id_b62233d9", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='safety_plans', to='practice.client')),
    ("screening", "program", "screening_screening", "program_id", "screening_screening_program_id_b02b77e2", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='screenings', to='programs.program')),
    ("suspendingfact", "client", "screening_suspendingfact", "client_id", "screening_suspendingfact_client_id_a18c5edb", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='suspending_facts', to='practice.client')),
    ("suspension", "clearance", "screening_suspension", "clearance_id", "screening_suspension_clearance_id_5d6f4a52", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='suspensions', to='screening.clearance')),
]


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY

    dependencies: ClassVar = [("screening", "0009_allergies")]

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
        RemoveIndexConcurrently(model_name="medication", name="medication_client"),
        RemoveIndexConcurrently(model_name="safetyalert", name="safety_alert_program"),
    ]
