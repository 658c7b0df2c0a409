"""What changed since the sweep last looked, noted by triggers. All open rows that it keeps are looked at once."""

from typing import ClassVar

from django.db import migrations, models

from kapclinic.core.triggers import noted

KINDS = ("note_unsigned", "session_to_bill")
LISTED = """
INSERT INTO trail_changed (topic, subject_id)
SELECT kind, subject_id FROM trail_task WHERE state = 'open' AND kind IN ('note_unsigned', 'session_to_bill')
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("trail", "0005_sweep_indexes")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Changed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("topic", models.CharField(max_length=60)),
                ("subject_id", models.UUIDField()),
            ],
            options={
                "indexes": [models.Index(fields=["topic", "subject_id"], name="changed_topic")],
            },
        ),
        *(
            noted(
                "trail_task",
                on="UPDATE",
                topics=(kind,),
                subject="subject_id",
                when=f"OLD.state = 'open' AND NEW.state = 'done' AND NEW.kind = '{kind}'",
            )
            for kind in KINDS
        ),
        migrations.RunSQL(LISTED, migrations.RunSQL.noop),
    ]
