"""A session is to be charged from its completion on, signed or not: those that nobody has signed are looked at once."""

from typing import ClassVar

from django.db import migrations

WAITING = """
INSERT INTO trail_changed (topic, subject_id)
SELECT 'session_to_bill', s.id FROM clinic_sessions_session s
WHERE s.status = 'completed'
  AND NOT EXISTS (
      SELECT FROM billing_charge c
      WHERE c.session_id = s.id AND c.reverses_id IS NULL
        AND NOT EXISTS (SELECT FROM billing_charge r WHERE r.reverses_id = c.id))
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("billing", "0011_jobs")]

    operations: ClassVar = [migrations.RunSQL(WAITING, migrations.RunSQL.noop)]
