"""Sessions, notes and therapists tell the sweep when they change. Whatever waits for its note is looked at once."""

from typing import ClassVar

from django.db import migrations

from kapclinic.core.triggers import noted

UNSIGNED, TO_BILL = "note_unsigned", "session_to_bill"
OVER = "('completed', 'cancelled', 'no_show')"

# Who owes a note may be the course's therapist; another one is then asked.
THERAPIST = """
CREATE OR REPLACE FUNCTION programs_note_therapist() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO trail_changed (topic, subject_id)
    SELECT 'note_unsigned', id FROM clinic_sessions_session WHERE program_id = NEW.id AND status = 'completed';
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER programs_program_therapist_changed AFTER UPDATE ON programs_program FOR EACH ROW
    WHEN (OLD.therapist_id IS DISTINCT FROM NEW.therapist_id) EXECUTE FUNCTION programs_note_therapist();
"""
NO_THERAPIST = """
DROP TRIGGER programs_program_therapist_changed ON programs_program;
DROP FUNCTION programs_note_therapist();
"""

# Once, for what changed before there were triggers.
WAITING = """
INSERT INTO trail_changed (topic, subject_id)
SELECT 'note_unsigned', s.id FROM clinic_sessions_session s
WHERE s.status = 'completed'
  AND NOT EXISTS (SELECT FROM clinic_sessions_note n WHERE n.session_id = s.id AND n.status <> 'discarded')
UNION
SELECT 'note_unsigned', session_id FROM clinic_sessions_note WHERE status = 'draft'
"""


class Migration(migrations.Migration):
    atomic = False  # no lock outlives the statement that takes it

    dependencies: ClassVar = [
        ("clinic_sessions", "0010_sweep_indexes"),
        ("programs", "0005_sweep_indexes"),
        ("trail", "0006_changed"),
    ]

    operations: ClassVar = [
        noted(
            "clinic_sessions_session",
            on="INSERT",
            topics=(UNSIGNED, TO_BILL),
            when=f"NEW.status IN {OVER}",
        ),
        noted(
            "clinic_sessions_session",
            on="UPDATE",
            topics=(UNSIGNED, TO_BILL),
            when=f"(OLD.status IN {OVER} OR NEW.status IN {OVER})"
            " AND (OLD.status IS DISTINCT FROM NEW.status OR OLD.staff IS DISTINCT FROM NEW.staff)",
        ),
        noted(
            "clinic_sessions_note", on="INSERT", topics=(UNSIGNED, TO_BILL), subject="session_id"
        ),
        noted(
            "clinic_sessions_note",
            on="UPDATE",
            topics=(UNSIGNED, TO_BILL),
            subject="session_id",
            when="OLD.status IS DISTINCT FROM NEW.status OR OLD.author_id IS DISTINCT FROM NEW.author_id",
        ),
        migrations.RunSQL(THERAPIST, NO_THERAPIST),
        migrations.RunSQL(WAITING, migrations.RunSQL.noop),
    ]
