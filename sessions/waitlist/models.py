"""Tables of the waitlist: who waits, and the slots that were offered."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q

from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet, AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Room, SessionKind
from programs.models import Modality, Program
from sessions.booking.models import Session, TsTzRange

ANY = "any"
MODALITIES = [(ANY, "any"), *Modality.choices]


class WaitlistQuerySet(AuditedQuerySet["WaitlistEntry"]):
    def visible_to(self, user: Any) -> WaitlistQuerySet:
        return self.filter(program__location__in=list(user.locations))

    def waiting(self) -> WaitlistQuerySet:
        return self.filter(status=WaitlistEntry.Status.WAITING)


class WaitlistEntry(AuditedModel):
    """A client waits for a session of one kind that starts in [window_from, window_to).

    The days and hours are those on which the client can come (none: any), local time of the location. `auto_fill`
    is the client's agreement to be booked without being asked.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        FILLED = "filled"
        WITHDRAWN = "withdrawn"
        EXPIRED = "expired"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="waitlist")
    kind = models.CharField(max_length=15, choices=SessionKind.choices)
    modality = models.CharField(max_length=10, choices=MODALITIES, default=ANY)
    window_from = models.DateTimeField()
    window_to = models.DateTimeField()
    preferred_days = ArrayField(models.PositiveSmallIntegerField(), default=list)
    preferred_hours = models.JSONField(null=True)  # {"from": "09:00", "to": "12:00"}, local time
    auto_fill = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    filled_by = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, related_name="waited_for")
    reason = models.CharField(max_length=1000, blank=True)  # of the withdrawal

    objects: ClassVar[Any] = WaitlistQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="waitlist_window", condition=Q(window_from__lt=F("window_to"))),
            models.CheckConstraint(name="waitlist_kind", condition=Q(kind__in=list(SessionKind.values))),
            models.CheckConstraint(
                name="waitlist_modality", condition=Q(modality__in=[ANY, *Modality.values])
            ),
            models.CheckConstraint(
                name="waitlist_status",
                condition=Q(status__in=["waiting", "filled", "withdrawn", "expired"]),
            ),
            models.CheckConstraint(
                name="waitlist_filled_has_session",
                condition=Q(status="filled", filled_by__isnull=False)
                | (~Q(status="filled") & Q(filled_by__isnull=True)),
            ),
            ExclusionConstraint(
                name="waitlist_once",
                expressions=[
                    ("program", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    (TsTzRange("window_from", "window_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(status="waiting"),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["window_to"], condition=Q(status="waiting"), name="waitlist_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.window_from}-{self.window_to}"


class OfferQuerySet(AppendOnlyQuerySet["WaitlistOffer"]):
    def visible_to(self, user: Any) -> OfferQuerySet:
        return self.filter(entry__program__location__in=list(user.locations))


class WaitlistOffer(AppendOnlyModel):
    """A freed slot that one who waits could have: what a booking of it would hold, and the rank among all offers.

    A row of the front desk's worklist (`slot_freed`) points here until the slot or the wait is over.
    """

    entry = models.ForeignKey(WaitlistEntry, on_delete=models.PROTECT, related_name="offers")
    freed_by = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    modality = models.CharField(max_length=10, choices=Modality.choices)
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, related_name="+")
    staff = models.JSONField()  # [{"user", "role"}]

    objects: ClassVar[Any] = OfferQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="waitlist_offer_order", condition=Q(starts_at__lt=F("ends_at"))),
            models.CheckConstraint(
                name="waitlist_offer_modality", condition=Q(modality__in=list(Modality.values))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank} {self.starts_at}"
