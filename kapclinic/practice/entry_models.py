"""How somebody comes in: bearer tokens, and how often a password was wrong."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kapclinic.core.ids import uuid7


class AuthToken(models.Model):
    """A bearer token of a staff member: only its SHA-256 is kept, and it ends.

    `roles` and `locations` narrow it: a request by it has of the owner's present ones these alone; null is all of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    roles = ArrayField(models.CharField(max_length=30), null=True)
    locations = ArrayField(models.UUIDField(), null=True)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)  # to the hour (`practice.tokens`)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="token_roles", condition=Q(roles__isnull=True) | Q(roles__len__gt=0)),
            models.CheckConstraint(
                name="token_locations", condition=Q(locations__isnull=True) | Q(locations__len__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LoginFailures(models.Model):
    """Wrong passwords in a row for the key of one e-mail, known or not; `locked_until` closes the door for a while."""

    email_digest = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["tried_at"], name="login_failures_age")]

    def __str__(self) -> str:
        return self.email_digest[:12]
