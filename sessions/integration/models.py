"""The obligation: the integration owed for one dose."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from kapclinic.core.audited import AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Client, User
from programs.models import Program
from sessions.booking.models import Session


class ObligationQuerySet(AuditedQuerySet["Obligation"]):
    def visible_to(self, user: Any) -> ObligationQuerySet:
        return self.filter(program__location__in=list(user.locations))

    def open(self) -> ObligationQuerySet:
        """Still owed: the next dose waits for these (R5)."""
        return self.filter(state__in=[Obligation.State.DUE, Obligation.State.BOOKED, Obligation.State.MISSED])


class Obligation(AuditedModel):
    """The integration owed for one dosing session, in elapsed hours from its first dose; boosters add none.

    `escalations` is a list of {"at", "step", "roles"}: each step is taken once.
    """

    joins: ClassVar[bool] = True

    class State(models.TextChoices):
        DUE = "due"
        BOOKED = "booked"
        MET = "met"
        MET_LATE = "met_late"
        MISSED = "missed"
        WAIVED = "waived"
        VOIDED = "voided"

    dosing_session = models.OneToOneField(Session, on_delete=models.PROTECT, related_name="obligation")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="obligations", db_index=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    therapist = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    dosed_at = models.DateTimeField()
    window_start = models.DateTimeField()
    window_end = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    integration_session = models.OneToOneField(
        Session, on_delete=models.PROTECT, null=True, related_name="fulfils"
    )
    escalations = models.JSONField(default=list)
    reason = models.CharField(max_length=1000, blank=True)  # of the waiver

    objects: ClassVar[Any] = ObligationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="obligation_window", condition=Q(window_start__lt=F("window_end"))),
            models.CheckConstraint(
                name="obligation_state",
                condition=Q(state__in=["due", "booked", "met", "met_late", "missed", "waived", "voided"]),
            ),
            models.CheckConstraint(
                name="obligation_booked_has_session",
                condition=~Q(state__in=["booked", "met", "met_late"]) | Q(integration_session__isnull=False),
            ),
            models.CheckConstraint(
                name="obligation_due_has_none",
                condition=~Q(state__in=["due", "missed"]) | Q(integration_session__isnull=True),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["window_end"], condition=Q(state__in=["due", "booked"]), name="obligation_waiting"
            ),
            models.Index(fields=["window_end"], condition=Q(state="missed"), name="obligation_missed"),
            models.Index(fields=["program", "state"], name="obligation_program"),
            models.Index(fields=["window_end", "id"], name="obligation_window"),  # the list, without a filter
        ]

    def __str__(self) -> str:
        return f"integration for {self.dosing_session_id}"
