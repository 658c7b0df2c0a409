"""Tables of second factors: what somebody proves who they are with, beside their password."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from kapclinic.core import crypto
from kapclinic.core.audited import AuditedModel
from kapclinic.core.ids import uuid7

LATEST = timedelta(days=2)  # `factors.rules.RESET_WITHIN`, as the database holds it


class SecondFactor(models.Model):
    """An authenticator app or a passkey of a staff member; it counts from `confirmed_at` until `removed_at`.

    `sealed` is the app's shared secret, under a key of FIELD_KEYS. `last_step` is the last time step of which a code
    was taken: none counts twice (RFC 6238, 5.2). Of a passkey its public key alone is here.
    """

    class Kind(models.TextChoices):
        TOTP = "totp"
        PASSKEY = "passkey"

    undeletable: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("practice.User", on_delete=models.PROTECT, related_name="factors")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=80, blank=True)
    sealed = models.BinaryField(null=True)
    credential = models.BinaryField(null=True)
    public_key = models.BinaryField(null=True)
    sign_count = models.BigIntegerField(default=0)
    transports = ArrayField(models.CharField(max_length=20), default=list)
    last_step = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="factor_is_whole",
                condition=Q(kind="totp", sealed__isnull=False, credential__isnull=True)
                | Q(kind="passkey", sealed__isnull=True, confirmed_at__isnull=True)
                | Q(
                    kind="passkey",
                    sealed__isnull=True,
                    credential__isnull=False,
                    public_key__isnull=False,
                ),
            ),
            models.UniqueConstraint(
                fields=["credential"], condition=Q(removed_at__isnull=True), name="factor_credential_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user"], condition=Q(removed_at__isnull=True), name="factor_alive")
        ]

    def __str__(self) -> str:
        return self.name or self.kind

    def bound_to(self) -> bytes:
        return crypto.bound_to(self._meta.db_table, self.pk, self.user_id)


class RecoveryCode(models.Model):
    """One of ten codes that stand in for a second factor, each once. A new set replaces the old one.

    What is kept is its SHA-256, sealed under a key of FIELD_KEYS: a copy of the table is nothing to guess at. `number`
    stands first in the code, so that one is compared and not ten.
    """

    undeletable: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("practice.User", on_delete=models.PROTECT, related_name="recovery_codes")
    number = models.PositiveSmallIntegerField()
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="recovery_code_number", condition=Q(number__lte=9)),
            models.UniqueConstraint(
                fields=["user", "number"], condition=Q(replaced_at__isnull=True), name="recovery_code_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)

    def bound_to(self) -> bytes:
        return crypto.bound_to(self._meta.db_table, self.pk, self.user_id)


class FactorChallenge(models.Model):
    """What a passkey is asked to sign, for a few minutes; whoever answers takes the row away. One browser alone is
    asked to enrol and to prove; a witness answers at a colleague's."""

    class Purpose(models.TextChoices):
        ENROL = "enrol"
        PROVE = "prove"
        WITNESS = "witness"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("practice.User", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    challenge = models.BinaryField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.purpose


class FactorReset(AuditedModel):
    """Somebody lost all that they prove themselves with: one person asks for the reset, another one decides in time."""

    class State(models.TextChoices):
        ASKED = "asked"
        APPROVED = "approved"
        DECLINED = "declined"
        EXPIRED = "expired"  # nobody decided in time: `factors.rules.state_of` says so before a row does

    user = models.ForeignKey("practice.User", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=1000)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user"], condition=Q(state="asked"), name="factor_reset_once"),
            models.CheckConstraint(name="factor_reset_of_another", condition=~Q(created_by=F("user"))),
            models.CheckConstraint(name="factor_reset_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="factor_reset_by_two",
                condition=Q(state__in=["asked", "expired"], decided_by__isnull=True, decided_at__isnull=True)
                | Q(state="declined", decided_by__isnull=False, decided_at__isnull=False)
                | (
                    Q(
                        state="approved",
                        decided_by__isnull=False,
                        decided_at__isnull=False,  # what is compared with nothing is let pass
                        decided_at__lte=F("created_at") + LATEST,
                    )
                    & ~Q(decided_by=F("created_by"))
                    & ~Q(decided_by=F("user"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.state}"


class PrivateNoteOpening(AuditedModel):
    """An author has nothing left that could open their private notes: a medical director and an administrator do so.

    `sealed_at` is the seal that it is about: it opens no later one.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        APPROVED = "approved"
        DECLINED = "declined"
        EXPIRED = "expired"  # nobody decided in time: `factors.rules.state_of` says so before a row does

    user = models.ForeignKey("practice.User", on_delete=models.PROTECT, related_name="+")
    sealed_at = models.DateTimeField()
    reason = models.CharField(max_length=1000)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user"], condition=Q(state="asked"), name="note_opening_once"),
            models.CheckConstraint(name="note_opening_of_another", condition=~Q(created_by=F("user"))),
            models.CheckConstraint(name="note_opening_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="note_opening_by_two",
                condition=Q(state__in=["asked", "expired"], decided_by__isnull=True, decided_at__isnull=True)
                | Q(state="declined", decided_by__isnull=False, decided_at__isnull=False)
                | (
                    Q(
                        state="approved",
                        decided_by__isnull=False,
                        decided_at__isnull=False,  # what is compared with nothing is let pass
                        decided_at__lte=F("created_at") + LATEST,
                    )
                    & ~Q(decided_by=F("created_by"))
                    & ~Q(decided_by=F("user"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.state}"
