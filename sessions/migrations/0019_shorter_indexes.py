"""Indexes that only repeat the beginning of a longer one go. Beside the clinic's work, and without a look at the rows.

Django would make the foreign keys anew, which reads both tables; the database loses the indexes alone.
"""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

REPEATED = [  # model, field, table, column, index, the field without it
    ("addendum", "note", "clinic_sessions_addendum", "note_id", "clinic_sessions_addendum_note_id_4a7324ee", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='addenda', to='clinic_sessions.note')),
    ("administration", "session", "clinic_sessions_administration", "session_id", "clinic_sessions_administration_session_id_af7ed08a", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='administrations', to='clinic_sessions.session')),
    ("attestation", "session", "clinic_sessions_attestation", "session_id", "clinic_sessions_attestation_session_id_04697ce0", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='attestations', to='clinic_sessions.session')),
    ("drugcount", "location", "clinic_sessions_drugcount", "location_id", "clinic_sessions_drugcount_location_id_164fae9f", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
    ("drugcountline", "count", "clinic_sessions_drugcountline", "count_id", "clinic_sessions_drugcountline_count_id_3c700460", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='clinic_sessions.drugcount')),
    ("drugentry", "lot", "clinic_sessions_drugentry", "lot_id", "clinic_sessions_drugentry_lot_id_ec480fb4", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='clinic_sessions.druglot')),
    ("evidencebundle", "session", "clinic_sessions_evidencebundle", "session_id", "clinic_sessions_evidencebundle_session_id_35cd9d23", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='evidence_bundles', to='clinic_sessions.session')),
    ("moveundo", "session", "clinic_sessions_moveundo", "session_id", "clinic_sessions_moveundo_session_id_0889eaa2", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='undos', to='clinic_sessions.session')),
    ("obligation", "program", "clinic_sessions_obligation", "program_id", "clinic_sessions_obligation_program_id_b442d258", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='obligations', to='programs.program')),
    ("psychotherapynote", "author", "clinic_sessions_psychotherapynote", "author_id", "clinic_sessions_psychotherapynote_author_id_ce7578be", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
    ("reading", "session", "clinic_sessions_reading", "session_id", "clinic_sessions_reading_session_id_a7bb67ca", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='clinic_sessions.session')),
    ("recordentry", "session", "clinic_sessions_recordentry", "session_id", "clinic_sessions_recordentry_session_id_64a02d2b", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='record_entries', to='clinic_sessions.session')),
    ("session", "client", "clinic_sessions_session", "client_id", "clinic_sessions_session_client_id_352b0e10", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='practice.client')),
    ("session", "location", "clinic_sessions_session", "location_id", "clinic_sessions_session_location_id_950c3e85", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location')),
    ("session", "program", "clinic_sessions_session", "program_id", "clinic_sessions_session_program_id_3434f841", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='programs.program')),
]


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY

    dependencies: ClassVar = [("clinic_sessions", "0018_checks_by_the_month")]

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
        RemoveIndexConcurrently(model_name="allocation", name="allocation_session"),
    ]
