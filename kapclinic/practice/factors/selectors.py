"""Questions about second factors."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from kapclinic.practice.factor_models import FactorReset, PrivateNoteOpening, RecoveryCode, SecondFactor
from kapclinic.practice.factors import rules
from kapclinic.practice.models import User


def alive(user: User, *, before: datetime | None = None) -> QuerySet[SecondFactor]:
    """What the person can prove themselves with now; `before`: of what counted by then already."""
    rows: QuerySet[SecondFactor] = SecondFactor.objects.filter(
        user=user, confirmed_at__isnull=False, removed_at__isnull=True
    )
    if before is not None:
        rows = rows.filter(confirmed_at__lt=before)
    return rows.order_by("confirmed_at", "pk")


def codes_left(user: User, *, before: datetime | None = None) -> QuerySet[RecoveryCode]:
    """Those that count now; `before`: those that counted at that moment, also if their owner has a new set by now.

    What a reset by others took away never counts again.
    """
    rows: QuerySet[RecoveryCode] = RecoveryCode.objects.filter(user=user, used_at__isnull=True)
    if before is None:
        return rows.filter(replaced_at__isnull=True)
    then = rows.filter(Q(replaced_at__isnull=True) | Q(replaced_at__gt=before), created_at__lt=before)
    resets = FactorReset.objects.filter(user=user, state=FactorReset.State.APPROVED)
    return then.exclude(replaced_at__in=resets.values("decided_at"))


def listed(user: User) -> QuerySet[SecondFactor]:
    """`alive`, each with `recovery_codes_left`: how many of the person's recovery codes still count."""
    left = RecoveryCode.objects.filter(
        user=OuterRef("user"), used_at__isnull=True, replaced_at__isnull=True
    ).values("user")
    counted = Subquery(left.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return alive(user).annotate(recovery_codes_left=Coalesce(counted, 0))


def methods(user: User, *, before: datetime | None = None) -> list[str]:
    """How this person can prove who they are, best first: passkey, totp, recovery_code; `before` as in `alive`."""
    kinds = set(alive(user, before=before).values_list("kind", flat=True))
    ways: list[str] = [kind for kind in ("passkey", "totp") if kind in kinds]
    return [*ways, "recovery_code"] if codes_left(user, before=before).exists() else ways


def resets(*, at: datetime) -> QuerySet[FactorReset]:
    """All of them, each with `state_now`, as `rules.state_of` has it."""
    rows: QuerySet[FactorReset] = FactorReset.objects.select_related("user")
    return rows.annotate(state_now=_state_now(at=at))


def openings(*, at: datetime) -> QuerySet[PrivateNoteOpening]:
    """All of them, each with `state_now`, as `rules.state_of` has it."""
    rows: QuerySet[PrivateNoteOpening] = PrivateNoteOpening.objects.select_related("user")
    another = Q(user__notes_sealed_at__isnull=True) | ~Q(user__notes_sealed_at=F("sealed_at"))
    return rows.annotate(state_now=_state_now(another, at=at))


def _state_now(over: Q | None = None, *, at: datetime) -> Case:
    late = Q(created_at__lt=at - rules.RESET_WITHIN)
    asked = Q(state="asked") & (late if over is None else late | over)
    return Case(When(asked, then=Value("expired")), default=F("state"))
