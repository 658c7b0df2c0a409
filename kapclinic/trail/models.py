"""Tables of the trail. Actors, clients, locations and subjects are plain UUIDs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce

from kapclinic.core.audited import AppendOnlyModel, AuditedModel, AuditedQuerySet
from kapclinic.core.ids import uuid7

# What events at the doors are about: who signs in, what they are let do, and who asks without having signed in.
DOORS = ("auth", "calendar", "calendar_feed", "door", "staff", "token")


class AuditEvent(AppendOnlyModel):
    """One act: who (`created_by`) did or read what, when, from which address, and whether it was refused.

    All events of one request have its `request_id`; both are empty for what the worker or a command did.
    """

    joins: ClassVar[bool] = True
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField(null=True)
    clients = ArrayField(models.UUIDField(), default=list)
    roles = ArrayField(models.CharField(max_length=30), default=list)
    outcome = models.CharField(max_length=10, choices=[("ok", "done"), ("refused", "refused")], default="ok")
    detail = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True)
    request_id = models.UUIDField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            GinIndex(fields=["clients"], name="audit_clients"),
            models.Index(fields=["created_at"], condition=Q(object_type__in=DOORS), name="audit_doors"),
            models.Index(fields=["created_by", "created_at"], name="audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_id}"


class AuditSeal(models.Model):
    """The chain over the events: each link hashes the link before it and its event."""

    append_only: ClassVar[bool] = True
    sequence = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="seal")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash[:12]}"


class IdempotencyRecord(models.Model):
    """The first 2xx answer to (user, method, path, key); the body is kept as an HMAC only.

    `answer` is sealed, in base64 (`answers.py`), or no more than an id; a constraint takes nothing else.
    """

    joins: ClassVar[bool] = True
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user_id = models.UUIDField()
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=400)
    key = models.CharField(max_length=255)
    body_hmac = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField(null=True)
    etag = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user_id", "method", "path", "key"], name="idempotency_once")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["created_at"], name="idempotency_age")]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Outbox(models.Model):
    """A message that must leave the house: written with the fact, sent by the sweep, at least once.

    `key` is unique, so a fact makes one message however often it is told; ids only, no clinical text. `cancelled`
    was not sent because nobody needs it any more; `dead` was given up and waits for somebody to look.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        SENDING = "sending"
        SENT = "sent"
        DEAD = "dead"
        CANCELLED = "cancelled"

    class Channel(models.TextChoices):
        EMAIL = "email"
        SMS = "sms"

    class Recipient(models.TextChoices):
        STAFF = "staff"
        CLIENT = "client"

    class Priority(models.IntegerChoices):
        """What leaves first: an alarm or a danger overtakes whatever waits."""

        SAFETY = 0
        STAFF = 1
        CLIENT = 2

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=200, unique=True)
    template = models.CharField(max_length=60)
    channel = models.CharField(max_length=5, choices=Channel.choices, default=Channel.EMAIL)
    recipient_kind = models.CharField(max_length=6, choices=Recipient.choices, default=Recipient.STAFF)
    recipient = models.UUIDField()
    subject_id = models.UUIDField(null=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.STAFF)
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["channel", "priority", "next_at", "id"],
                name="outbox_queue",
                condition=Q(status__in=["pending", "sending"]),
            ),
            models.Index(fields=["created_at"], name="outbox_dead", condition=Q(status="dead")),
            models.Index(fields=["subject_id"], name="outbox_subject"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="outbox_status",
                condition=Q(status__in=["pending", "sending", "sent", "dead", "cancelled"]),
            ),
            models.CheckConstraint(name="outbox_channel", condition=Q(channel__in=["email", "sms"])),
            models.CheckConstraint(
                name="outbox_recipient_kind", condition=Q(recipient_kind__in=["staff", "client"])
            ),
            models.CheckConstraint(name="outbox_priority", condition=Q(priority__in=[0, 1, 2])),
        ]

    def __str__(self) -> str:
        return self.key


class Heartbeat(models.Model):
    """A periodic step: when the last run that ended had begun, and until when somebody is at it."""

    name = models.CharField(max_length=40, primary_key=True)
    period_seconds = models.PositiveIntegerField(default=60)
    beat_at = models.DateTimeField(null=True)
    busy_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class FieldKeyWord(models.Model):
    """One sealed word, by which FIELD_KEYS are known to be those of this record (`keys`). There is one row at most."""

    ONE = 1

    id = models.PositiveSmallIntegerField(primary_key=True)
    sealed = models.BinaryField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="field_key_word_one", condition=Q(id=1))
        ]

    def __str__(self) -> str:
        return "the sealed word"


class AnchorKeeping(models.Model):
    """One row: when the ends of the chains were last kept outside, which they were, and what is in the way since when.

    It only says what is to be done; whether the chains hold is told by the anchors themselves.
    """

    name = models.CharField(max_length=20, primary_key=True)
    kept_at = models.DateTimeField(null=True)
    kept_heads = models.CharField(max_length=64, blank=True)
    failing_since = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.name


class BackupWord(models.Model):
    """One row: what the service of the backups last said, for a web that does not see its file."""

    name = models.CharField(max_length=20, primary_key=True)
    told_at = models.DateTimeField()
    newest_began_at = models.DateTimeField(null=True)  # of the newest checked backup
    ok = models.BooleanField()

    def __str__(self) -> str:
        return self.name


class Changed(models.Model):
    """Something that changed since the sweep last looked at it; triggers write it, the sweep takes it away.

    `topic` is what is to be looked at: the kind of a worklist row. Any number of rows for one subject is one look.
    """

    topic = models.CharField(max_length=60)
    subject_id = models.UUIDField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["topic", "subject_id"], name="changed_topic")
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.subject_id}"


class BreakGlassQuerySet(AuditedQuerySet["BreakGlass"]):
    def visible_to(self, user: Any) -> BreakGlassQuerySet:
        """What the user broke; for the director and the administrator also what was broken at their locations."""
        own = Q(created_by=user.pk)
        if user.role_set & {"medical_director", "admin"}:
            own |= Q(locations__overlap=list(user.locations))
        return self.filter(own)


class BreakGlass(AuditedModel):
    """A clinician (`created_by`) opened the record of a client of another location, for a `reason`, for some hours.

    `clients` are the registrations of the person, `locations` theirs, and `roles` those of the clinician, all as they
    were at that moment: with other roles it stands no more. What was said never changes; it ends once, and is reviewed
    once, by somebody else.
    """

    client = models.UUIDField()
    clients = ArrayField(models.UUIDField())
    locations = ArrayField(models.UUIDField())
    roles = ArrayField(models.CharField(max_length=30))
    reason = models.CharField(max_length=1000)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.UUIDField(null=True)
    finding = models.CharField(max_length=1000, blank=True)

    objects: ClassVar[Any] = BreakGlassQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="break_glass_hours",
                condition=Q(
                    expires_at__gt=F("created_at"), expires_at__lte=F("created_at") + timedelta(hours=4)
                ),
            ),
            models.CheckConstraint(name="break_glass_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="break_glass_ended", condition=Q(ended_at=None) | Q(ended_at__gte=F("created_at"))
            ),
            models.CheckConstraint(
                name="break_glass_review",
                condition=Q(reviewed_at=None, reviewed_by=None, finding="")
                | (
                    Q(reviewed_at__isnull=False, reviewed_by__isnull=False)
                    & ~Q(finding="")
                    & ~Q(reviewed_by=F("created_by"))
                ),
            ),
            ExclusionConstraint(
                name="break_glass_once",
                expressions=[
                    ("created_by", RangeOperators.EQUAL),
                    ("client", RangeOperators.EQUAL),
                    (
                        Func(
                            "created_at",
                            Coalesce("ended_at", "expires_at"),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["created_by", "expires_at"], name="break_glass_user", condition=Q(ended_at=None)
            ),
            GinIndex(fields=["locations"], name="break_glass_places"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class TaskQuerySet(AuditedQuerySet["Task"]):
    def visible_to(self, user: Any) -> TaskQuerySet:
        """Rows of the user's locations that are for one of their roles or for them; the director sees all."""
        mine = self.filter(location__in=user.location_ids)
        if "medical_director" in user.role_set:
            return mine
        return mine.filter(Q(roles__overlap=sorted(user.role_set)) | Q(assignee=user.pk))

    def open(self) -> TaskQuerySet:
        return self.filter(state=Task.State.OPEN)


class Task(AuditedModel):
    """A worklist row: something that somebody of `roles` must do, until it is done.

    `escalation` counts how often it was carried up; each step adds roles and never takes any away.
    """

    joins: ClassVar[bool] = True

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"

    kind = models.CharField(max_length=60)
    roles = ArrayField(models.CharField(max_length=30))
    assignee = models.UUIDField(null=True)
    location = models.UUIDField()
    client = models.UUIDField(null=True)
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    due_at = models.DateTimeField()
    escalation = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    done_at = models.DateTimeField(null=True)
    done_by = models.UUIDField(null=True)
    outcome = models.CharField(max_length=1000, blank=True)

    objects: ClassVar[Any] = TaskQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["kind", "subject_id"], condition=Q(state="open"), name="task_open_once"
            ),
            models.CheckConstraint(name="task_state", condition=Q(state__in=["open", "done"])),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["location", "due_at"], condition=Q(state="open"), name="task_open"),
            models.Index(fields=["subject_id", "kind"], name="task_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"
