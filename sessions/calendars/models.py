"""Tables of calendars."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from kapclinic.core.audited import AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Role, Room, User


class FeedQuerySet(AuditedQuerySet["CalendarFeed"]):
    def visible_to(self, user: Any) -> FeedQuerySet:
        """The user's own, those of rooms that they made, and for an administrator those of all rooms of the place."""
        mine = Q(user=user) | Q(room__isnull=False, created_by=user.pk)
        if Role.ADMIN in user.role_set:
            mine |= Q(room__location__in=list(user.locations))
        return self.filter(mine)


class CalendarFeed(AuditedModel):
    """A secret address at which one user's or one room's sessions can be read, until it is revoked.

    Only the SHA-256 of its token is kept; the token has 256 random bits, so the digest tells nothing.
    """

    class State(models.TextChoices):
        LIVE = "live"
        REVOKED = "revoked"

    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.LIVE)
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = FeedQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="feed_of_one",
                condition=Q(user__isnull=False, room__isnull=True) | Q(user__isnull=True, room__isnull=False),
            ),
            models.CheckConstraint(
                name="feed_state",
                condition=Q(state="live", revoked_at__isnull=True)
                | Q(state="revoked", revoked_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"calendar of {self.resource}"

    @property
    def resource(self) -> Any:
        """Whose time it shows: the id that allocations name."""
        return self.user_id or self.room_id
