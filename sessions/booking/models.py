"""Tables of booking: the session, its allocations, its stages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    DateTimeRangeField,
    IntegerRangeField,
    RangeBoundary,
    RangeOperators,
)
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Deferrable, F, Func, Q

from kapclinic.core.audited import AppendOnlyModel, AuditedModel, AuditedQuerySet, UUIDModel
from kapclinic.practice.models import Client, Location, Room, SessionKind
from programs.models import Modality, Program


class SessionQuerySet(AuditedQuerySet["Session"]):
    def visible_to(self, user: Any) -> SessionQuerySet:
        """Sessions at the user's own locations."""
        return self.filter(location__in=list(user.locations))

    def standing(self) -> SessionQuerySet:
        """Sessions that hold their resources: neither cancelled nor missed."""
        return self.exclude(status__in=[Session.Status.CANCELLED, Session.Status.NO_SHOW])


class Session(AuditedModel):
    """One appointment of a program, of one kind, at one location (also by video: the staff sit there).

    `staff` says who is to be there ([{"user", "role"}]); the allocations hold their time. `held` is capacity kept
    for an integration that a planned dose will owe (`for_dose`).
    """

    joins: ClassVar[bool] = True

    class Status(models.TextChoices):
        HELD = "held"
        SCHEDULED = "scheduled"
        CHECKED_IN = "checked_in"
        IN_PROGRESS = "in_progress"
        COMPLETED = "completed"
        CANCELLED = "cancelled"
        NO_SHOW = "no_show"

    class Source(models.TextChoices):
        STAFF = "staff"
        SCHEDULER = "scheduler"

    class Outcome(models.TextChoices):
        DOSED = "dosed"
        NOT_DOSED = "not_dosed"
        TRANSFERRED = "transferred"

    class WeightSource(models.TextChoices):
        MEASURED = "measured"
        OBSERVED = "observed"  # read off on video by a clinician
        REPORTED = "reported"  # what the client says: no dose is reckoned with it

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="sessions", db_index=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="sessions", db_index=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+", db_index=False)
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, related_name="+")
    staff = models.JSONField(default=list)
    kind = models.CharField(max_length=15, choices=SessionKind.choices)
    number = models.PositiveSmallIntegerField()
    modality = models.CharField(max_length=10, choices=Modality.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.SCHEDULED)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.STAFF)
    for_dose = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="integrations")
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    client_confirmed_at = models.DateTimeField(null=True)
    client_location = models.JSONField(null=True)
    video_url = models.CharField(max_length=300, blank=True)  # its own; else its staff's or its location's
    escort = models.JSONField(null=True)
    escort_confirmed_at = models.DateTimeField(null=True)  # for the present start: another one is asked anew
    fasting_since = models.DateTimeField(null=True)
    weight_kg = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    weighed_at = models.DateTimeField(null=True)
    weight_source = models.CharField(
        max_length=10, choices=WeightSource.choices, default=WeightSource.MEASURED
    )
    weight_confirmed = models.BooleanField(default=True)  # near the last one, or a clinician stands for it
    checked_in_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)  # its person, room or hours went, and nobody has booked it anew
    reason = models.CharField(
        max_length=1000, blank=True
    )  # of the last cancel, no-show, not-dosed or reschedule
    override_reason = models.CharField(max_length=1000, blank=True)

    objects: ClassVar[Any] = SessionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="session_order", condition=Q(starts_at__lt=F("ends_at"))),
            models.CheckConstraint(
                name="session_status",
                condition=Q(
                    status__in=[
                        "held",
                        "scheduled",
                        "checked_in",
                        "in_progress",
                        "completed",
                        "cancelled",
                        "no_show",
                    ]
                ),
            ),
            models.CheckConstraint(name="session_kind", condition=Q(kind__in=list(SessionKind.values))),
            models.CheckConstraint(
                name="session_weight_source",
                condition=Q(weight_source__in=["measured", "observed", "reported"]),
            ),
            models.CheckConstraint(
                name="session_outcome_of_dose", condition=Q(outcome="") | Q(kind="dosing")
            ),
            models.CheckConstraint(
                name="session_held_for_dose", condition=~Q(status="held") | Q(for_dose__isnull=False)
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["location", "starts_at"], name="session_day"),
            models.Index(fields=["program", "kind", "starts_at"], name="session_program"),
            models.Index(fields=["client", "starts_at"], name="session_client"),
            models.Index(
                fields=["location"],
                condition=Q(kind="dosing", status__in=["checked_in", "in_progress"]),
                name="session_watched",
            ),
            GinIndex(fields=["staff"], name="session_staff"),
            # What the sweep looks for: few rows each, however many sessions there were.
            models.Index(
                fields=["program"], condition=Q(status__in=["held", "scheduled"]), name="session_ahead"
            ),
            models.Index(
                fields=["ends_at"], condition=Q(status__in=["checked_in", "in_progress"]), name="session_here"
            ),
            models.Index(
                fields=["left_at"],
                condition=Q(
                    left_at__isnull=False, status__in=["held", "scheduled", "checked_in", "in_progress"]
                ),
                name="session_left",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class HoldQuerySet(AuditedQuerySet["SessionHold"]):
    def visible_to(self, user: Any) -> HoldQuerySet:
        return self.filter(program__location__in=list(user.locations))


class SessionHold(AuditedModel):
    """A slot kept for some minutes while somebody decides: it holds what the booking would, and ends by itself."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=15, choices=SessionKind.choices)
    modality = models.CharField(max_length=10, choices=Modality.choices)
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, related_name="+")
    staff = models.JSONField(default=list)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    extended_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = HoldQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="hold_order", condition=Q(starts_at__lt=F("ends_at"))),
            models.CheckConstraint(name="hold_kind", condition=Q(kind__in=list(SessionKind.values))),
        ]

    def __str__(self) -> str:
        return f"hold of {self.starts_at}"

    @property
    def client_id(self) -> Any:
        return self.program.client_id


class TsTzRange(Func):
    """`tstzrange(from, to, '[)')` of two columns: half-open, so back-to-back is allowed."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Allocation(UUIDModel):
    """One resource held from–to for a session, or until `expires_at` for a hold.

    A row is only ever released; a move releases it and makes new rows.

    Lanes: exclusive use takes [0,100), one monitoring place of an NP [n,n+1), a deliberate override one from 100 on.
    """

    joins: ClassVar[bool] = True
    undeletable: ClassVar[bool] = True

    class Kind(models.TextChoices):
        ROOM = "room"
        STAFF = "staff"
        CLIENT = "client"

    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, related_name="allocations")
    hold = models.ForeignKey(SessionHold, on_delete=models.PROTECT, null=True, related_name="allocations")
    expires_at = models.DateTimeField(null=True)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    resource = models.UUIDField()
    role = models.CharField(max_length=30, blank=True)
    lanes = IntegerRangeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="allocation_order", condition=Q(starts_at__lt=F("ends_at"))),
            models.CheckConstraint(
                name="allocation_of_one",
                condition=Q(session__isnull=False, hold__isnull=True, expires_at__isnull=True)
                | Q(session__isnull=True, hold__isnull=False, expires_at__isnull=False),
            ),
            models.CheckConstraint(name="allocation_lanes", condition=Q(lanes__isempty=False)),
            models.CheckConstraint(
                name="allocation_client_exclusive", condition=~Q(kind="client") | Q(lanes__contains=0)
            ),
            ExclusionConstraint(
                name="allocation_no_clash",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("lanes", RangeOperators.OVERLAPS),
                    (TsTzRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(released_at__isnull=True),
                deferrable=Deferrable.IMMEDIATE,
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["resource", "starts_at"], name="allocation_resource"),
            models.Index(  # the few that are held: a hold that is over is looked for at each booking
                fields=["resource", "expires_at"],
                name="allocation_held",
                condition=Q(expires_at__isnull=False, released_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.resource}"


class Stage(AppendOnlyModel):
    """Where the client is during the visit, beside the status: a row each time somebody says so."""

    class Name(models.TextChoices):
        ROOMED = "roomed"
        IN_SESSION = "in_session"
        RECOVERY = "in_recovery"
        READY = "ready"
        CHECKED_OUT = "checked_out"

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="stages")
    stage = models.CharField(max_length=12, choices=Name.choices)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.stage


class MoveUndo(AppendOnlyModel):
    """A move of a session that was taken back, or whose time was typed wrong: what was said before stays here.

    `moment` is when it was said to have happened, `done_by` and `done_at` who wrote that down and when; with
    `corrected_to` the move stands, at that time.
    """

    class Move(models.TextChoices):
        CHECK_IN = "check_in"
        START = "start"
        COMPLETE = "complete"
        NO_SHOW = "no_show"

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="undos", db_index=False)
    move = models.CharField(max_length=10, choices=Move.choices)
    moment = models.DateTimeField()
    done_by = models.UUIDField()
    done_at = models.DateTimeField()
    corrected_to = models.DateTimeField(null=True)
    reason = models.CharField(max_length=1000)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="move_undo_move", condition=Q(move__in=["check_in", "start", "complete", "no_show"])
            ),
            models.CheckConstraint(name="move_undo_in_words", condition=~Q(reason="")),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["session", "created_at"], name="move_undo_session")
        ]

    def __str__(self) -> str:
        return f"undo of {self.move}"
