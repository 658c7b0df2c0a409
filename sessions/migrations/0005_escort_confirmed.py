"""When the escort was confirmed for the present start.

Of sessions that have one, by their history: when this escort was noted, if the session stood at its present start then.
One that was moved since is asked again.
"""

from typing import ClassVar

from django.db import migrations, models

CARRY = """
UPDATE clinic_sessions_session AS s SET escort_confirmed_at = noted.history_date
FROM (
    SELECT DISTINCT ON (h.id) h.id, h.history_date, h.starts_at
    FROM clinic_sessions_historicalsession AS h
    JOIN clinic_sessions_session AS now ON now.id = h.id AND now.escort IS NOT DISTINCT FROM h.escort
    WHERE now.escort IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM clinic_sessions_historicalsession AS other
        WHERE other.id = h.id AND other.history_id > h.history_id AND other.escort IS DISTINCT FROM now.escort
    )
    ORDER BY h.id, h.history_id
) AS noted
WHERE noted.id = s.id AND noted.starts_at = s.starts_at;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("clinic_sessions", "0004_vital_signs_and_weight")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="historicalsession",
            name="escort_confirmed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="session",
            name="escort_confirmed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(CARRY, migrations.RunSQL.noop),
    ]
