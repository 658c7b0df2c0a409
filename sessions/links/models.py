"""Tables of links: the link that was sent to a client, and what they answered by it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from kapclinic.core.audited import AppendOnlyModel, AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Client, User
from programs.models import Program
from screening.models import Consent, Screening
from sessions.booking.models import Session


class LinkQuerySet(AuditedQuerySet["ClientLink"]):
    def visible_to(self, user: Any) -> LinkQuerySet:
        """Links of programs at the user's own locations."""
        return self.filter(program__location__in=list(user.locations))


class ClientLink(AuditedModel):
    """One secret address for one client, for one purpose and one thing, that works once and until `expires_at`.

    Only the SHA-256 of its token is kept; the token has 256 random bits, so the digest tells nothing. `tries` counts
    birth dates that were wrong. Used, it points to a `ClientAnswer`, which a clinician takes over (`taken_at`) where
    one must look. `created_by` is who sent it; the worker sends some with its reminders.
    """

    class Purpose(models.TextChoices):
        MEASURE = "measure"
        CONSENT = "consent"
        INTAKE = "intake"
        CONFIRM = "confirm"

    class State(models.TextChoices):
        LIVE = "live"
        USED = "used"
        LOCKED = "locked"
        REVOKED = "revoked"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    instrument = models.CharField(max_length=20, blank=True)
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, related_name="+")
    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, null=True, related_name="+")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.LIVE)
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # locked or revoked
    taken_at = models.DateTimeField(null=True)
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects: ClassVar[Any] = LinkQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="link_subject",
                condition=Q(purpose="measure", consent=None, screening=None, session=None) & ~Q(instrument="")
                | Q(purpose="consent", instrument="", consent__isnull=False, screening=None, session=None)
                | Q(purpose="intake", instrument="", consent=None, screening__isnull=False, session=None)
                | Q(purpose="confirm", instrument="", consent=None, screening=None, session__isnull=False),
            ),
            models.CheckConstraint(
                name="link_state",
                condition=Q(state="live", used_at=None, ended_at=None)
                | Q(state="used", used_at__isnull=False, ended_at=None)
                | Q(state__in=["locked", "revoked"], used_at=None, ended_at__isnull=False),
            ),
            models.CheckConstraint(name="link_tries", condition=Q(tries__lte=5)),
            models.CheckConstraint(
                name="link_taken",
                condition=Q(taken_at=None, taken_by=None)
                | Q(state="used", taken_at__isnull=False, taken_by__isnull=False),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["program", "-created_at"], name="link_program")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} link {self.pk}"


class ClientAnswer(AppendOnlyModel):
    """What a client answered by a link, as they gave it; once for each link.

    `answers` by purpose. confirm: {"coming": bool, "wish"?, "fasting"?: bool, "ride"?: {"name", "phone",
    "relationship"}, "medicines"?: [text]}; intake: {"answers": {CODE: {"value", "note"?}}, "medicines": [text]};
    measure and consent: {"measure"} and {"consent"}, the id of what was recorded.
    """

    link = models.OneToOneField(ClientLink, on_delete=models.PROTECT, related_name="answer")
    language = models.CharField(max_length=8)
    answers = models.JSONField()

    def __str__(self) -> str:
        return f"answer to link {self.link_id}"
