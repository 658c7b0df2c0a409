"""Who may hold which role: a practice keeps an administrator, and nobody gives themselves a clinical role.

Source: clinic policy, after the separation of duties of NIST SP 800-53 AC-5. What an administrator does for others is
seen in the account's history and in the access log; it is not kept from them, since somebody has to let a nurse in.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, NotPermitted
from kapclinic.practice import doors, glass
from kapclinic.practice.models import Actor, Role, User
from kapclinic.practice.rules import CLINICIANS, DIRECTOR

# Taken by whoever takes an administrator away, here and in the trigger: two that close each other's account wait.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('practice:administrators', 0))"


class LastAdministrator(Conflict):
    """Nobody would be left who can open an account."""

    code, title = "last_administrator", "The last administrator stays"


class NeedsDirector(NotPermitted):
    """A clinical role for oneself is given by a medical director (`give_clinical_roles`)."""

    code, title = "needs_director", "A medical director gives this role"


class NoAdministrator(Conflict):
    """The administrator sets the roles of this account."""

    code, title = "not_an_administrator", "The administrator sets these roles"


def refuse_own_roles(user: User, *, before: frozenset[str], by: Actor) -> None:
    """Refuse a clinical role that an actor would give to themselves; `before` is what they held.

    :raises NeedsDirector: naming the roles
    """
    if user.pk == by.pk and (taken := (user.role_set - before) & CLINICIANS):
        raise NeedsDirector(
            "Nobody gives themselves a clinical role: a medical director does that for an administrator.",
            roles=sorted(taken),
        )


def refuse_last_administrator(user: User, *, was: bool) -> None:
    """Refuse that the last active administrator leaves the role or the practice; `was` one until now.

    :raises LastAdministrator: when there is no other
    """
    if not was or is_administrator(user):
        return
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME)
    others = User.objects.filter(is_active=True, roles__contains=[Role.ADMIN]).exclude(pk=user.pk)
    if not others.exists():
        raise LastAdministrator(
            "Make somebody else an administrator first: nobody else could open an account."
        )


def is_administrator(user: User) -> bool:
    return user.is_active and Role.ADMIN in user.role_set


@transaction.atomic
def give_clinical_roles(*, user_id: UUID, roles: Collection[str], by: User, at: datetime) -> User:
    """A medical director gives clinical roles to an administrator, who may not take them; what they hold stays.

    :raises NotPermitted: by anybody else
    :raises NeedsDirector: to oneself: another director does that
    :raises NoAdministrator: to somebody whose roles an administrator sets
    """
    transitions.require_role(by, DIRECTOR, what="Giving a clinical role")
    user: User = User.objects.select_for_update(no_key=True).get(pk=user_id)
    if user.pk == by.pk:
        raise NeedsDirector("Another medical director gives you a role.", roles=sorted(roles))
    if not is_administrator(user):
        raise NoAdministrator("This account's roles are set by an administrator.")
    added = [role for role in roles if role not in user.role_set]
    if not added:
        return user
    was = doors.standing(user)
    user.roles = [*user.roles, *added]
    doors.end_with(user=user, was=was, by=by, at=at)
    glass.end_all(user=user, by=by, at=at)
    return user.save_by(by, at=at)
