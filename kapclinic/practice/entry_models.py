"""How somebody comes in: bearer tokens, and how often a password was wrong."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from kapclinic.core.ids import uuid7


class AuthToken(models.Model):
    """A bearer token of a staff member: only its SHA-256 is kept, and it ends."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)  # to the hour (`practice.tokens`)

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
