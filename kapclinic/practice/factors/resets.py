"""Somebody lost all that they prove themselves with: one person asks for the reset, another one approves it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, IllegalTransition, Invalid, NotPermitted
from kapclinic.practice import notices
from kapclinic.practice.factor_models import FactorReset
from kapclinic.practice.factors import rules
from kapclinic.practice.factors.enrolling import take_all
from kapclinic.practice.models import Role, User
from kapclinic.practice.rules import ADMIN, DIRECTOR
from kapclinic.trail.services import queue_message

DECIDERS = ADMIN | DIRECTOR


class NoFactor(Conflict):
    code, title = "no_second_factor", "This person has no second factor"


class ResetAsked(Conflict):
    code, title = "reset_asked", "A reset is asked for already"


class ResetOver(IllegalTransition):
    title = "This was decided before, or is too old"


class SecondPerson(NotPermitted):
    """Neither who asked nor the owner approves; one of the two is an administrator."""

    code, title = "second_person_required", "Another person approves this"


@transaction.atomic
def ask_for_reset(*, user_id: UUID, reason: str, by: User, at: datetime) -> FactorReset:
    """An administrator or a medical director says that somebody lost theirs. Nothing happens until another approves.

    :raises NotPermitted: by another role
    :raises SecondPerson: for oneself
    :raises NoFactor: :raises ResetAsked: when there is nothing to do, or it is asked for already
    :raises Invalid: for an unknown person
    """
    transitions.require_role(by, DECIDERS, what="Asking for a reset")
    owner: User | None = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if owner is None:
        raise Invalid.field("user", "There is no such staff member.", code="not_found")
    if owner.pk == by.pk:
        raise SecondPerson("Somebody else asks for yours.")
    if not owner.has_factor:
        raise NoFactor("There is nothing to take away.")
    for old in FactorReset.objects.select_for_update().filter(user=owner, state=FactorReset.State.ASKED):
        if state_of(old, at=at) == FactorReset.State.ASKED:
            raise ResetAsked("Approve or decline that one.", reset=str(old.pk))
        old.state = FactorReset.State.EXPIRED
        old.save_by(by, at=at)
    return FactorReset(user=owner, reason=reason).save_by(by, at=at)


def state_of(row: FactorReset, *, at: datetime) -> str:
    """asked, approved, declined, or expired: nobody decided in time."""
    return rules.state_of(row.state, asked_at=row.created_at, at=at)


def _decide(row: FactorReset, state: str, *, by: User, at: datetime) -> FactorReset:
    row.state, row.decided_by, row.decided_at = state, by.pk, at
    return row.save_by(by, at=at)


def _asked(reset_id: UUID, *, by: User, at: datetime) -> tuple[FactorReset, User]:
    """The row and whose factors they are, both locked: the owner first, as everywhere."""
    transitions.require_role(by, DECIDERS, what="Deciding on a reset")
    whose = FactorReset.objects.values_list("user_id", flat=True).get(pk=reset_id)
    owner: User = User.objects.select_for_update(no_key=True).get(pk=whose)
    row: FactorReset = FactorReset.objects.select_for_update(of=("self",)).get(pk=reset_id)
    if (state := state_of(row, at=at)) != FactorReset.State.ASKED:
        raise ResetOver("Ask for a new one.", state=state)
    return row, owner


@transaction.atomic
def approve_reset(*, reset_id: UUID, by: User, at: datetime) -> FactorReset:
    """A second person agrees: factors, recovery codes, tokens and browsers of the owner end, who is told by mail.

    :raises NotPermitted: by another role
    :raises SecondPerson: by who asked or the owner, when neither of the two is an administrator, and when who asked has
        left since or has neither role any more
    :raises ResetOver: when it was decided before, or asked for more than two days ago
    """
    row, owner = _asked(reset_id, by=by, at=at)
    asker = User.objects.get(pk=row.created_by)
    stands = asker.role_set & DECIDERS if asker.is_active else frozenset()
    if by.pk in {row.created_by, row.user_id} or not stands or Role.ADMIN not in by.role_set | stands:
        raise SecondPerson("A second person approves this; one of the two is an administrator.")
    take_all(owner, by=by, at=at)
    queue_message(
        key=f"{notices.FACTORS_RESET}:{row.pk}",
        template=notices.FACTORS_RESET,
        recipient=owner.pk,
        subject_id=row.pk,
        at=at,
    )
    return _decide(row, FactorReset.State.APPROVED, by=by, at=at)


@transaction.atomic
def decline_reset(*, reset_id: UUID, by: User, at: datetime) -> FactorReset:
    """It is not done: by anybody who may decide, or by who asked and thought better of it.

    :raises NotPermitted: by another role
    :raises ResetOver: when it was decided before, or asked for more than two days ago
    """
    row, _ = _asked(reset_id, by=by, at=at)
    return _decide(row, FactorReset.State.DECLINED, by=by, at=at)
