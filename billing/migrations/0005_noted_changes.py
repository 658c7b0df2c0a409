"""A charge tells the sweep that its session changed. Whatever waits for its charge is looked at once."""

from typing import ClassVar

from django.db import migrations

from kapclinic.core.triggers import noted

WAITING = """
INSERT INTO trail_changed (topic, subject_id)
SELECT 'session_to_bill', s.id FROM clinic_sessions_session s
WHERE s.status = 'completed'
  AND EXISTS (SELECT FROM clinic_sessions_note n WHERE n.session_id = s.id AND n.status = 'signed')
  AND NOT EXISTS (
      SELECT FROM billing_charge c
      WHERE c.session_id = s.id AND c.reverses_id IS NULL
        AND NOT EXISTS (SELECT FROM billing_charge r WHERE r.reverses_id = c.id))
"""


class Migration(migrations.Migration):
    atomic = False  # no lock outlives the statement that takes it

    dependencies: ClassVar = [
        ("billing", "0004_one_person"),
        ("clinic_sessions", "0011_noted_changes"),
    ]

    operations: ClassVar = [
        noted("billing_charge", on="INSERT", topics=("session_to_bill",), subject="session_id"),
        migrations.RunSQL(WAITING, migrations.RunSQL.noop),
    ]
