"""Tables of the course."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from kapclinic.core.audited import AppendOnlyModel, AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Client, Location, User
from programs import policy


class ProgramType(models.TextChoices):
    KAP = "kap"
    INFUSION_ONLY = "infusion_only"


class Route(models.TextChoices):
    SUBLINGUAL = "sublingual"
    INTRAMUSCULAR = "intramuscular"
    INTRAVENOUS = "intravenous"
    INTRANASAL = "intranasal"
    ORAL = "oral"


class Modality(models.TextChoices):
    IN_PERSON = "in_person"
    VIDEO = "video"


class Phase(models.TextChoices):
    SCREENING = "screening"
    PREPARATION = "preparation"
    DOSING = "dosing"
    INTEGRATION = "integration"
    MAINTENANCE = "maintenance"


class Protocol(AuditedModel):
    """One edition of a clinic's way of doing it. Approved, it never changes: a change is a new edition.

    Minutes count from the first dose unless said; hours are elapsed hours; doses in `dose["unit"]` (mg or mg/kg).
    """

    class Status(models.TextChoices):
        DRAFT = "draft"
        APPROVED = "approved"

    name = models.CharField(max_length=120)
    edition = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    program_type = models.CharField(max_length=20, choices=ProgramType.choices)
    route = models.CharField(max_length=20, choices=Route.choices)
    planned_doses = models.PositiveSmallIntegerField()
    min_gap_hours = models.PositiveSmallIntegerField()
    span_days = models.JSONField()  # [fewest, most] days from first to last dose
    min_preparations = models.PositiveSmallIntegerField()
    integration = models.JSONField()  # {"from_hours", "to_hours", "outer_hours"?, "early_hours"?}
    checks_min = models.JSONField()  # minutes after the dose at which vital signs are due
    min_stay_min = models.PositiveSmallIntegerField()
    bands = models.JSONField()
    dose = models.JSONField()  # {"warn", "cap", "unit"}
    lengths_min = models.JSONField()
    resources = models.JSONField()  # [{"role", "from_min", "to_min", "mode", "any_of"?, "count"?}] of a dose
    fasting_hours = models.JSONField()
    limits = models.JSONField()
    home_dosing = models.BooleanField(default=False)
    gates = models.JSONField(default=dict)  # {"code": mode} of the gates that are policy
    measures = models.JSONField(
        default=list
    )  # [{"instrument", "offsets_days"}]: what is asked around each dose
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["name", "edition"], name="protocol_edition_once"),
            models.CheckConstraint(
                name="protocol_approval",
                condition=Q(status="draft", approved_at__isnull=True, approved_by__isnull=True)
                | Q(status="approved", approved_at__isnull=False, approved_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.edition})"

    @property
    def owes_integration(self) -> bool:
        return self.program_type == ProgramType.KAP

    @property
    def gate_modes(self) -> dict[str, str]:
        """How each gate that is policy counts; an edition from before these gates takes the default."""
        modes: dict[str, str] = self.gates
        return policy.GATES | modes

    def length_of(self, kind: str) -> int:
        """Minutes of a session of `kind`."""
        return int(self.lengths_min[kind])


class ProgramQuerySet(AuditedQuerySet["Program"]):
    def visible_to(self, user: Any) -> ProgramQuerySet:
        return self.filter(location__in=list(user.locations))


class Program(AuditedModel):
    """One client's course on one frozen protocol version. A client has one that goes on (PR7).

    `continues` is the course that was completed when this one was opened. `planned_doses` and `min_gap_hours` are its
    own where they are not those of the protocol, inside of what that allows, for the `plan_reason`.
    """

    joins: ClassVar[bool] = True

    class Status(models.TextChoices):
        ACTIVE = "active"
        ON_HOLD = "on_hold"
        COMPLETED = "completed"
        DISCONTINUED = "discontinued"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="programs")
    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="programs")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+", db_index=False)
    therapist = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    prescriber = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    diagnosis = models.CharField(max_length=8, blank=True)
    goals = models.TextField(blank=True)
    pathway_reason = models.TextField(blank=True)
    pathway = models.JSONField(
        default=dict
    )  # {"goals", "preference", "past_experience", "readiness", "reasons"}
    accepted_modalities = ArrayField(models.CharField(max_length=10, choices=Modality.choices))
    preferred_days = ArrayField(models.PositiveSmallIntegerField(), default=list)
    preferred_hours = models.JSONField(null=True)  # {"from": "09:00", "to": "12:00"}, local time
    status = models.CharField(max_length=15, choices=Status.choices, default=Status.ACTIVE)
    phase = models.CharField(max_length=15, choices=Phase.choices, default=Phase.SCREENING)
    status_reason = models.CharField(max_length=1000, blank=True)
    continues = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    planned_doses = models.PositiveSmallIntegerField(null=True)
    min_gap_hours = models.PositiveSmallIntegerField(null=True)
    plan_reason = models.CharField(max_length=1000, blank=True)
    maintain_every_days = models.PositiveSmallIntegerField(null=True)  # of its maintenance sessions
    maintain_until = models.DateField(null=True)  # the last local day of these

    objects: ClassVar[Any] = ProgramQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="program_status",
                condition=Q(status__in=["active", "on_hold", "completed", "discontinued"]),
            ),
            models.CheckConstraint(name="program_phase", condition=Q(phase__in=list(Phase.values))),
            models.UniqueConstraint(
                fields=["client"], condition=Q(status__in=["active", "on_hold"]), name="program_live_once"
            ),
            models.CheckConstraint(
                name="program_plan",
                condition=Q(planned_doses__isnull=True, min_gap_hours__isnull=True, plan_reason="")
                | (
                    (
                        Q(planned_doses__isnull=False, planned_doses__gt=0)
                        | Q(planned_doses__isnull=True, min_gap_hours__isnull=False)
                    )
                    & ~Q(plan_reason="")
                ),
            ),
            models.CheckConstraint(
                name="program_maintained",
                condition=Q(maintain_every_days__isnull=True, maintain_until__isnull=True)
                | Q(maintain_every_days__isnull=False, maintain_every_days__gt=0),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["location", "-created_at"], name="program_location"),
            models.Index(fields=["id"], condition=Q(status="discontinued"), name="program_discontinued"),
            models.Index(
                fields=["id"], condition=Q(status="active", phase="preparation"), name="program_preparing"
            ),
        ]

    def __str__(self) -> str:
        return f"program {self.pk}"

    @property
    def doses_planned(self) -> int:
        """How many doses this course plans: its own number, else the protocol's."""
        return self.protocol.planned_doses if self.planned_doses is None else self.planned_doses

    @property
    def gap_hours(self) -> int:
        """Elapsed hours between two doses of this course at least: its own number, else the protocol's."""
        return self.protocol.min_gap_hours if self.min_gap_hours is None else self.min_gap_hours


class PhaseSpan(AuditedModel):
    """When a program was in a phase; the open span is the present phase."""

    joins: ClassVar[bool] = True
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="spans")
    phase = models.CharField(max_length=15, choices=Phase.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["program"], condition=Q(ended_at__isnull=True), name="phase_open_once"
            ),
            models.CheckConstraint(
                name="phase_order", condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at"))
            ),
            models.CheckConstraint(name="phase_known", condition=Q(phase__in=list(Phase.values))),
        ]

    def __str__(self) -> str:
        return f"{self.phase} {self.started_at}"


class LegalRule(AppendOnlyModel):
    """A rule of law that the director added to those that ship; what is not so any more is voided (rules/legal.py)."""

    code = models.CharField(max_length=60)
    jurisdiction = models.CharField(max_length=5)
    effect = models.CharField(max_length=60)
    starts = models.DateField(null=True)
    ends = models.DateField(null=True)
    source = models.CharField(max_length=500)
    checked_on = models.DateField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="legal_rule_dates",
                condition=Q(starts__isnull=True) | Q(ends__isnull=True) | Q(ends__gte=F("starts")),
            ),
            models.CheckConstraint(
                name="legal_rule_place", condition=Q(jurisdiction__regex=r"^US(-[A-Z]{2})?$")
            ),
            models.CheckConstraint(
                name="legal_rule_words", condition=~Q(code="") & ~Q(effect="") & ~Q(source="")
            ),
        ]

    def __str__(self) -> str:
        return self.code


class LegalRuleVoid(AppendOnlyModel):
    """A rule that was added in error, and why."""

    rule = models.OneToOneField(LegalRule, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"void of {self.rule_id}"
