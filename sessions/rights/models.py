"""Tables of a client's rights in their record."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet, AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Client
from sessions.notes.models import Addendum, Note


class DisclosureQuerySet(AppendOnlyQuerySet["Disclosure"]):
    def visible_to(self, user: Any) -> DisclosureQuerySet:
        """Of the clients of the user's own locations."""
        return self.filter(client__locations__overlap=list(user.locations))


class Disclosure(AppendOnlyModel):
    """Something of the record went to somebody outside: when, to whom, what, and why (45 CFR 164.528(b))."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    recipient = models.CharField(max_length=300)
    purpose = models.CharField(max_length=1000)
    what = models.CharField(max_length=1000)
    disclosed_on = models.DateField()

    objects: ClassVar[Any] = DisclosureQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="disclosure_words", condition=~Q(recipient="") & ~Q(purpose="") & ~Q(what="")
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "-disclosed_on"], name="disclosure_client")
        ]

    def __str__(self) -> str:
        return f"disclosure {self.pk}"


class DisclosureVoid(AppendOnlyModel):
    """It was written down by mistake: nothing went out, or another client's did."""

    disclosure = models.OneToOneField(Disclosure, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"void of {self.disclosure_id}"


class AmendmentQuerySet(AuditedQuerySet["AmendmentRequest"]):
    def visible_to(self, user: Any) -> AmendmentQuerySet:
        """Of the clients of the user's own locations."""
        return self.filter(client__locations__overlap=list(user.locations))


class AmendmentRequest(AuditedModel):
    """A client asks to have the record corrected, in their own words (45 CFR 164.526).

    It is answered by `due_on`, which is put off once at most. Accepted, `addendum` says what the record says now, and
    `note_addendum` is the row under the note that was asked about. Denied, `basis` says why, and the client's statement
    of `disagreement` stays with it. Once it is answered nothing else of it changes.
    """

    class State(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        DENIED = "denied"
        VOIDED = "voided"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    note = models.ForeignKey(Note, on_delete=models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    received_on = models.DateField()
    due_on = models.DateField()
    extended_at = models.DateTimeField(null=True)
    extension_reason = models.CharField(max_length=1000, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    addendum = models.TextField(blank=True)
    note_addendum = models.OneToOneField(
        Addendum, on_delete=models.PROTECT, null=True, related_name="amendment_request"
    )
    basis = models.CharField(max_length=2000, blank=True)
    void_reason = models.CharField(max_length=1000, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    disagreement = models.TextField(blank=True)
    disagreed_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = AmendmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="amendment_state",
                condition=Q(state="open", decided_at__isnull=True, addendum="", basis="", void_reason="")
                | Q(state="accepted", decided_at__isnull=False, basis="", void_reason="") & ~Q(addendum="")
                | Q(state="denied", decided_at__isnull=False, addendum="", void_reason="") & ~Q(basis="")
                | Q(state="voided", decided_at__isnull=False, addendum="", basis="") & ~Q(void_reason=""),
            ),
            models.CheckConstraint(
                name="amendment_note",
                condition=Q(note_addendum__isnull=True) | Q(state="accepted", note__isnull=False),
            ),
            models.CheckConstraint(
                name="amendment_disagreement",
                condition=Q(disagreement="", disagreed_at__isnull=True)
                | Q(state="denied", disagreed_at__isnull=False) & ~Q(disagreement=""),
            ),
            models.CheckConstraint(name="amendment_due", condition=Q(due_on__gt=F("received_on"))),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "-received_on"], name="amendment_client"),
            models.Index(fields=["due_on"], condition=Q(state="open"), name="amendment_open"),
        ]

    def __str__(self) -> str:
        return f"amendment request {self.pk}"
