"""What suspends a clearance, and what upholds it, as rows that are only added; a screening is weighed more than once.

A screening that was submitted before this has been weighed once, and its findings are those of that weighing.
"""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

import kapclinic.core.ids
from kapclinic.core.triggers import append_only, frozen_when

ALWAYS = ("version", "updated_at")
CODES = [
    ("new_medication", "a medicine that was not weighed"),
    ("cssrs_high", "a C-SSRS of the tier high"),
    ("pregnancy_positive", "a pregnancy test that does not allow the dose"),
    ("serious_event", "a serious adverse event"),
    ("new_condition", "a new condition"),
    ("pressure_trend", "a resting blood pressure beyond hold on two days"),
]
THAWED = RunSQL(
    "DROP TRIGGER screening_screening_frozen ON screening_screening; DROP FUNCTION screening_screening_frozen();",
    RunSQL.noop,
)
# Submitted again: a later moment and the next weighing, and never a draft again.
FORWARD = RunSQL(
    "CREATE TRIGGER screening_screening_forward BEFORE UPDATE ON screening_screening FOR EACH ROW WHEN ("
    "OLD.status <> 'draft' AND (NEW.status = 'draft' OR NEW.weighing < OLD.weighing"
    " OR NEW.submitted_at < OLD.submitted_at"
    " OR (NEW.submitted_at <> OLD.submitted_at AND NEW.weighing = OLD.weighing))"
    ") EXECUTE FUNCTION kap_refuse_change();",
    "DROP TRIGGER screening_screening_forward ON screening_screening;",
)


def fact(name: str, *fields: tuple[str, models.Field]) -> migrations.CreateModel:
    base: list[tuple[str, models.Field]] = [
        ("id", models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
        ("created_at", models.DateTimeField(editable=False)),
        ("created_by", models.UUIDField(editable=False)),
    ]
    return migrations.CreateModel(name=name, fields=[*base, *fields])


def link(to: str, related_name: str) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to=to)


def weighing(model: str) -> migrations.AddField:
    return migrations.AddField(model, "weighing", models.PositiveSmallIntegerField(default=1))


class Migration(migrations.Migration):
    dependencies: ClassVar = [("practice", "0002_guards"), ("screening", "0003_medication_parts")]

    operations: ClassVar = [
        fact(
            "SuspendingFact",
            ("client", link("practice.client", "suspending_facts")),
            ("code", models.CharField(choices=CODES, max_length=20)),
            ("subject_type", models.CharField(max_length=20)),
            ("subject_id", models.UUIDField()),
            ("at", models.DateTimeField()),
        ),
        fact(
            "Suspension",
            ("clearance", link("screening.clearance", "suspensions")),
            ("fact", link("screening.suspendingfact", "suspensions")),
        ),
        fact(
            "Uphold",
            (
                "suspension",
                models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT, related_name="uphold", to="screening.suspension"
                ),
            ),
            ("rationale", models.TextField()),
            ("resolution", models.TextField()),
        ),
        migrations.AddIndex(
            "suspendingfact", models.Index(fields=["client", "code", "-at"], name="suspending_client")
        ),
        migrations.AddConstraint(
            "suspendingfact",
            models.CheckConstraint(condition=models.Q(code__in=[code for code, _ in CODES]), name="suspending_code"),
        ),
        migrations.AddConstraint(
            "suspension", models.UniqueConstraint(fields=("clearance", "fact"), name="suspension_once")
        ),
        migrations.AddConstraint(
            "uphold",
            models.CheckConstraint(
                condition=~models.Q(rationale="") & ~models.Q(resolution=""), name="uphold_in_words"
            ),
        ),
        append_only("screening_suspendingfact", "screening_suspension", "screening_uphold"),
        migrations.RemoveConstraint("finding", "finding_once"),
        *(weighing(model) for model in ("finding", "historicalfinding", "screening", "historicalscreening")),
        migrations.AddConstraint(
            "finding",
            models.UniqueConstraint(
                fields=("screening", "weighing", "code", "medication"), name="finding_once", nulls_distinct=False
            ),
        ),
        THAWED,
        frozen_when(
            "screening_screening",
            "OLD.status <> 'draft'",
            unless_changes=(*ALWAYS, "status", "decided_at", "submitted_at", "weighing"),
        ),
        FORWARD,
    ]
