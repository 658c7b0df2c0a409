"""An alarm is at the location of its session: the alarms of a place are found and counted without its sessions."""

import django.db.models.deletion
from django.db import migrations, models

from sessions.monitoring.guards import OPERATIONS

# At once, not at the end: a table with checks still to be made can't be altered.
FILL = """
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE clinic_sessions_alarm a SET location_id = s.location_id
  FROM clinic_sessions_session s WHERE s.id = a.session_id;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('clinic_sessions', '0016_longer_holds'),
        ('practice', '0004_correction_limit'),
    ]

    operations = [
        migrations.AddField(
            model_name='alarm',
            name='location',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location'),
        ),
        migrations.AddField(
            model_name='historicalalarm',
            name='location',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='practice.location'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='alarm',
            name='location',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.location'),
        ),
        migrations.AddIndex(
            model_name='alarm',
            index=models.Index(fields=['location', '-created_at', 'id'], name='alarm_place'),
        ),
        *OPERATIONS,
    ]
