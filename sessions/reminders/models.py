"""Tables of reminders."""

from __future__ import annotations

from datetime import time
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from kapclinic.core.audited import AuditedModel
from kapclinic.practice.models import Location
from kapclinic.trail.models import Outbox


def usual_hours() -> list[int]:
    return [48, 24, 2]


def every_channel() -> list[str]:
    return list(Outbox.Channel.values)


class ReminderPlan(AuditedModel):
    """When and by which way the clients of one location are reminded. Its id is the location's own.

    `hours_before` are elapsed hours before a session; quiet hours are wall-clock time where the client lives,
    half-open. A location without a row keeps the defaults.
    """

    location = models.OneToOneField(Location, on_delete=models.PROTECT, related_name="+")
    hours_before = ArrayField(models.PositiveSmallIntegerField(), default=usual_hours)
    on_booking = models.BooleanField(default=True)
    channels = ArrayField(models.CharField(max_length=5), default=every_channel)
    quiet_from = models.TimeField(default=time(21))
    quiet_to = models.TimeField(default=time(8))
    sender_name = models.CharField(max_length=60, blank=True)  # empty: the location's name
    emergency_phone = models.CharField(max_length=60, default="911 or 988")
    emergency_text = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="reminder_plan_of_location", condition=Q(id=F("location"))),
            models.CheckConstraint(
                name="reminder_plan_channels", condition=Q(channels__contained_by=["email", "sms"])
            ),
            models.CheckConstraint(name="reminder_plan_emergency", condition=~Q(emergency_phone="")),
        ]

    def __str__(self) -> str:
        return f"reminders of {self.location_id}"


class ReminderLook(models.Model):
    """What the sweep saw when it last worked out a session's messages, and when it looks again though nothing changes.

    Its id is the session's. Only the sweep reads it, and without a row it looks anew: nothing else hangs on it.
    """

    id = models.UUIDField(primary_key=True)
    seen = models.CharField(max_length=32)
    look_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"look at {self.pk}"
