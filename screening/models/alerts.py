"""What a safety alert is about, what releases the doses that it holds, and the safety plans behind a release."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet
from kapclinic.practice.models import Client


class AlertCause(models.TextChoices):
    """Why somebody may be in danger."""

    ITEM_9 = "phq9_item_9"
    QIDS_ITEM_12 = "qids_item_12"
    MADRS_ITEM_10 = "madrs_item_10"
    CSSRS_HIGH = "cssrs_high"
    CSSRS_MODERATE = "cssrs_moderate"
    CSSRS_INCOMPLETE = "cssrs_incomplete"
    SCREENING_SI = "screening_si"
    PHQ9_WORSENING = "phq9_worsening"
    VITAL_SIGN = "vital_sign"


# While one of these is not released, the client gets no dose, in whatever program (clinical policy 6.2).
HOLDING = (
    AlertCause.CSSRS_HIGH,
    AlertCause.CSSRS_MODERATE,
    AlertCause.CSSRS_INCOMPLETE,
    AlertCause.SCREENING_SI,
)


class SafetyPlanQuerySet(AppendOnlyQuerySet["SafetyPlan"]):
    def visible_to(self, user: Any) -> SafetyPlanQuerySet:
        """Plans of clients at the user's own locations."""
        return self.filter(client__locations__overlap=list(user.locations))

    def standing(self) -> SafetyPlanQuerySet:
        """Plans that nobody voided."""
        return self.filter(void__isnull=True)


class SafetyPlan(AppendOnlyModel):
    """What a client and a clinician agreed on for a crisis. A newer plan is a new row."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="safety_plans", db_index=False)
    text = models.TextField()
    made_on = models.DateField()

    objects: ClassVar[Any] = SafetyPlanQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="safety_plan_in_words", condition=~Q(text=""))
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "-made_on"], name="safety_plan_client")
        ]

    def __str__(self) -> str:
        return f"safety plan {self.made_on}"


class SafetyPlanVoid(AppendOnlyModel):
    """A safety plan was written down by mistake: no release stands on it any more."""

    plan = models.OneToOneField(SafetyPlan, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=1000)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="safety_plan_void_in_words", condition=~Q(reason=""))
        ]

    def __str__(self) -> str:
        return f"void of plan {self.plan_id}"


class AlertReleaseQuerySet(AppendOnlyQuerySet["AlertRelease"]):
    def standing(self) -> AlertReleaseQuerySet:
        """Releases whose safety plan or C-SSRS, where they name one, was not voided."""
        return self.filter(safety_plan__void__isnull=True, measure__void__isnull=True)


class AlertRelease(AppendOnlyModel):
    """A clinician's words that doses need not wait for a safety alert any more, or the complete C-SSRS that says so.

    A release that stands on a safety plan falls with it; then the alert may be released again.
    """

    alert = models.ForeignKey(
        "screening.SafetyAlert", on_delete=models.PROTECT, related_name="releases", db_index=False
    )
    rationale = models.TextField(blank=True)
    safety_plan = models.ForeignKey(SafetyPlan, on_delete=models.PROTECT, null=True, related_name="releases")
    not_alone = models.BooleanField(null=True)  # somebody stays with the client
    measure = models.ForeignKey("screening.Measure", on_delete=models.PROTECT, null=True, related_name="+")

    objects: ClassVar[Any] = AlertReleaseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="alert_release_says_why",
                condition=(~Q(rationale="") & Q(measure__isnull=True))
                | Q(rationale="", measure__isnull=False, safety_plan__isnull=True, not_alone__isnull=True),
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["alert", "-created_at"], name="alert_release_alert")
        ]

    def __str__(self) -> str:
        return f"release of alert {self.alert_id}"
