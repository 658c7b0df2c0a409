"""Rechecks, checks after an infusion, red triggers, and the index of the monitoring board."""

import django.db.models.deletion
from django.db import migrations, models

KINDS = [
    ("planned", "Planned"),
    ("after_end", "After End"),
    ("before_leaving", "Before Leaving"),
    ("recheck", "Recheck"),
]
CAUSES = [
    ("amber_reading", "Amber"),
    ("red_reading", "Red"),
    ("check_late", "Late"),
    ("check_missed", "Missed"),
    ("red_trigger", "Trigger"),
]
TRIGGERS = [
    ("severe_agitation", "Agitation"),
    ("psychosis", "Psychosis"),
    ("chest_pain", "Chest Pain"),
    ("new_neuro_sign", "Neuro Sign"),
    ("si_with_intent", "Suicidal"),
]


class Migration(migrations.Migration):

    dependencies = [
        ("clinic_sessions", "0007_orders_attested"),
    ]

    operations = [
        migrations.AddField(
            model_name="check",
            name="kind",
            field=models.CharField(choices=KINDS, default="planned", max_length=15),
        ),
        migrations.AlterField(
            model_name="check",
            name="minute",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="alarm",
            name="trigger",
            field=models.CharField(blank=True, choices=TRIGGERS, default="", max_length=20),
        ),
        migrations.AddField(
            model_name="alarm",
            name="note",
            field=models.CharField(blank=True, default="", max_length=1000),
        ),
        migrations.AlterField(
            model_name="alarm",
            name="cause",
            field=models.CharField(choices=CAUSES, max_length=15),
        ),
        migrations.AddField(
            model_name="historicalcheck",
            name="kind",
            field=models.CharField(choices=KINDS, default="planned", max_length=15),
        ),
        migrations.AlterField(
            model_name="historicalcheck",
            name="minute",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="historicalalarm",
            name="trigger",
            field=models.CharField(blank=True, choices=TRIGGERS, default="", max_length=20),
        ),
        migrations.AddField(
            model_name="historicalalarm",
            name="note",
            field=models.CharField(blank=True, default="", max_length=1000),
        ),
        migrations.AlterField(
            model_name="historicalalarm",
            name="cause",
            field=models.CharField(choices=CAUSES, max_length=15),
        ),
        migrations.AddField(
            model_name="check",
            name="after_reading",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rechecks",
                to="clinic_sessions.reading",
            ),
        ),
        migrations.AddField(
            model_name="historicalcheck",
            name="after_reading",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="clinic_sessions.reading",
            ),
        ),
        migrations.RemoveConstraint(model_name="check", name="check_once"),
        migrations.AddConstraint(
            model_name="check",
            constraint=models.UniqueConstraint(
                condition=~models.Q(kind="recheck"), fields=("session", "planned_at"), name="check_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="check",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    kind="recheck",
                    reading__isnull=True,
                    ended_at__isnull=True,
                    state__in=["due", "late", "missed"],
                ),
                fields=("session",),
                name="check_one_recheck",
            ),
        ),
        migrations.AddConstraint(
            model_name="check",
            constraint=models.CheckConstraint(
                condition=models.Q(kind="recheck", minute__isnull=True, after_reading__isnull=False)
                | models.Q(
                    kind__in=["planned", "after_end", "before_leaving"],
                    minute__isnull=False,
                    after_reading__isnull=True,
                ),
                name="check_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="alarm",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    cause__in=["amber_reading", "red_reading"], reading__isnull=False, trigger=""
                )
                | models.Q(cause__in=["check_late", "check_missed"], check_row__isnull=False, trigger="")
                | models.Q(cause="red_trigger", trigger__in=[code for code, _ in TRIGGERS]),
                name="alarm_cause",
            ),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(
                condition=models.Q(kind="dosing", status__in=["checked_in", "in_progress"]),
                fields=["location"],
                name="session_watched",
            ),
        ),
    ]
