"""Tables of monitoring."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from kapclinic.core.audited import AppendOnlyModel, AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Location, User
from sessions.booking.models import Session


class Reading(AppendOnlyModel):
    """Vital signs at one moment: mmHg, beats and breaths per minute, percent, MOAA/S 0-5, etCO2 in mmHg.

    `not_obtainable` names those of pressure and heart rate that somebody tried to measure in vain. `unusual` is what
    was told at once to look at again, as rows of sign, last and now; empty when the value was confirmed.

    `measured_at` is when they were taken, `recorded_at` when they were entered; a late entry keeps both.
    """

    joins: ClassVar[bool] = True

    class Phase(models.TextChoices):
        PRE_DOSE = "pre_dose"
        IN_SESSION = "in_session"

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="readings", db_index=False)
    phase = models.CharField(max_length=10, choices=Phase.choices)
    systolic = models.PositiveSmallIntegerField(null=True)
    diastolic = models.PositiveSmallIntegerField(null=True)
    heart_rate = models.PositiveSmallIntegerField(null=True)
    spo2 = models.PositiveSmallIntegerField(null=True)
    respiratory_rate = models.PositiveSmallIntegerField(null=True)
    sedation = models.PositiveSmallIntegerField(null=True)
    etco2 = models.PositiveSmallIntegerField(null=True)
    not_obtainable = ArrayField(models.CharField(max_length=20), default=list)
    unusual = models.JSONField(default=list)
    measured_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=10, default="manual")
    action_taken = models.CharField(max_length=1000, blank=True)
    bands = models.JSONField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="reading_pressure", condition=Q(systolic__gt=F("diastolic"))),
            models.CheckConstraint(name="reading_not_ahead", condition=Q(measured_at__lte=F("recorded_at"))),
            *(
                models.CheckConstraint(
                    name=f"reading_{sign}_or_why",
                    condition=Q(**{f"{sign}__isnull": False}) ^ Q(not_obtainable__contains=[sign]),
                )
                for sign in ("systolic", "diastolic", "heart_rate")
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["session", "measured_at"], name="reading_session")
        ]

    def __str__(self) -> str:
        return f"reading {self.pk}"


class ReadingVoid(AppendOnlyModel):
    """A reading that does not count, and why; the reading itself stays."""

    reading = models.OneToOneField(Reading, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"void of {self.reading_id}"


class Check(AuditedModel):
    """Vital signs that the protocol asks for at a planned moment, `minute` minutes after the first dose.

    A recheck has no minute of its own: an amber or red reading (`after_reading`) asked for it.
    """

    joins: ClassVar[bool] = True

    class Kind(models.TextChoices):
        PLANNED = "planned"
        AFTER_END = "after_end"  # from the end of an infusion on
        BEFORE_LEAVING = "before_leaving"
        RECHECK = "recheck"

    class State(models.TextChoices):
        DUE = "due"
        DONE = "done"
        LATE = "late"
        MISSED = "missed"
        NOT_TAKEN = "not_taken"

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="checks")
    kind = models.CharField(max_length=15, choices=Kind.choices, default=Kind.PLANNED)
    minute = models.PositiveSmallIntegerField(null=True)
    after_reading = models.ForeignKey(Reading, on_delete=models.PROTECT, null=True, related_name="rechecks")
    planned_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    reading = models.ForeignKey(Reading, on_delete=models.PROTECT, null=True, related_name="checks")
    reason = models.CharField(max_length=1000, blank=True)
    ended_at = models.DateTimeField(null=True)  # asked for no more: the session is over

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["session", "planned_at"], condition=~Q(kind="recheck"), name="check_once"
            ),
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(
                    kind="recheck",
                    reading__isnull=True,
                    ended_at__isnull=True,
                    state__in=["due", "late", "missed"],
                ),
                name="check_one_recheck",
            ),
            models.CheckConstraint(
                name="check_kind",
                condition=Q(kind="recheck", minute__isnull=True, after_reading__isnull=False)
                | Q(
                    kind__in=["planned", "after_end", "before_leaving"],
                    minute__isnull=False,
                    after_reading__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="check_state", condition=Q(state__in=["due", "done", "late", "missed", "not_taken"])
            ),
            models.CheckConstraint(
                name="check_done_has_reading", condition=~Q(state="done") | Q(reading__isnull=False)
            ),
            models.CheckConstraint(
                name="check_not_taken_has_reason", condition=~Q(state="not_taken") | ~Q(reason="")
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["planned_at"],
                condition=Q(reading__isnull=True, ended_at__isnull=True, state__in=["due", "late"]),
                name="check_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} check at {self.planned_at}"


class AlarmQuerySet(AuditedQuerySet["Alarm"]):
    def visible_to(self, user: Any) -> AlarmQuerySet:
        return self.filter(location__in=list(user.locations))


class Alarm(AuditedModel):
    """Something that somebody must look at and acknowledge with an action: a red reading, an overdue check.

    A clinician raises a red trigger by hand, whatever the numbers say; `note` is clinical text of the record.
    `location` is its session's, which a trigger holds: so the alarms of a place are found without its sessions.
    """

    joins: ClassVar[bool] = True

    class Cause(models.TextChoices):
        AMBER = "amber_reading"
        RED = "red_reading"
        LATE = "check_late"
        MISSED = "check_missed"
        TRIGGER = "red_trigger"

    class Trigger(models.TextChoices):
        AGITATION = "severe_agitation"
        PSYCHOSIS = "psychosis"
        CHEST_PAIN = "chest_pain"
        NEURO_SIGN = "new_neuro_sign"
        SUICIDAL = "si_with_intent"
        APNOEA = "apnoea"
        AIRWAY = "airway"
        UNRESPONSIVE = "unresponsive"
        SEIZURE = "seizure"

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="alarms")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+", db_index=False)
    cause = models.CharField(max_length=15, choices=Cause.choices)
    reading = models.ForeignKey(Reading, on_delete=models.PROTECT, null=True, related_name="alarms")
    trigger = models.CharField(max_length=20, choices=Trigger.choices, blank=True, default="")
    note = models.CharField(max_length=1000, blank=True, default="")
    check_row = models.ForeignKey(Check, on_delete=models.PROTECT, null=True, related_name="alarms")
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    escalation = models.PositiveSmallIntegerField(default=0)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=1000, blank=True)

    objects: ClassVar[Any] = AlarmQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["cause", "reading"], name="alarm_once_per_reading"),
            models.UniqueConstraint(fields=["cause", "check_row"], name="alarm_once_per_check"),
            models.CheckConstraint(name="alarm_state", condition=Q(state__in=["open", "acknowledged"])),
            models.CheckConstraint(
                name="alarm_cause",
                condition=Q(cause__in=["amber_reading", "red_reading"], reading__isnull=False, trigger="")
                | Q(cause__in=["check_late", "check_missed"], check_row__isnull=False, trigger="")
                | Q(
                    cause="red_trigger",
                    trigger__in=[
                        "severe_agitation",
                        "psychosis",
                        "chest_pain",
                        "new_neuro_sign",
                        "si_with_intent",
                        "apnoea",
                        "airway",
                        "unresponsive",
                        "seizure",
                    ],
                ),
            ),
            models.CheckConstraint(
                name="alarm_acknowledged",
                condition=Q(state="open") | (Q(acknowledged_at__isnull=False) & ~Q(action="")),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["session"], condition=Q(state="open"), name="alarm_open"),
            models.Index(
                fields=["created_at"], condition=Q(state="open", escalation__lt=2), name="alarm_climbing"
            ),
            models.Index(fields=["location", "-created_at", "id"], name="alarm_place"),
            models.Index(fields=["-created_at", "id"], name="alarm_newest"),  # of several places together
        ]

    def __str__(self) -> str:
        return self.cause
