"""Private notes that a reset sealed: their author opens them with what they had before it, or two people do."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, IllegalTransition, Invalid, NotPermitted
from kapclinic.practice import doors, notices
from kapclinic.practice.factor_models import PrivateNoteOpening
from kapclinic.practice.factors import rules, selectors
from kapclinic.practice.factors.resets import DECIDERS, SecondPerson
from kapclinic.practice.models import Role, User
from kapclinic.trail.services import queue_message

State = PrivateNoteOpening.State
PAIR = frozenset({Role.ADMIN, Role.MEDICAL_DIRECTOR})


class PrivateNotesSealed(NotPermitted):
    """`methods`: what opens them (`POST auth/private-notes/open/`); where it is empty, two people do."""

    code, title = "private_notes_sealed", "Your private notes are sealed since your way in was reset"


class NotSealed(Conflict):
    code, title = "private_notes_not_sealed", "These private notes are not sealed"


class NothingOlder(Conflict):
    """A medical director and an administrator open them together (`POST private-note-openings/`)."""

    code, title = "no_second_factor", "Nothing that you had before the reset is left"


class FactorExists(Conflict):
    """Somebody who lost it has it reset first."""

    code, title = "second_factor_exists", "The author can open them"


class OpeningAsked(Conflict):
    code, title = "opening_asked", "An opening is asked for already"


class OpeningOver(IllegalTransition):
    title = "This was decided before, is too old, or is about an earlier seal"


def require_open(user: User) -> None:
    """Refuse the author's private notes while they are sealed.

    :raises PrivateNotesSealed: with `methods`
    """
    if user.notes_sealed_at is not None:
        ways = selectors.methods(user, before=user.notes_sealed_at)
        raise PrivateNotesSealed("Open them with your second factor or a recovery code.", methods=ways)


def seal_to_open(user: User) -> datetime:
    """Since when the person's own notes are sealed: what they set up later opens them not. Call it in the transaction
    that opens them: the account is locked first, as everywhere, and their factors after it.

    :raises NotSealed: :raises NothingOlder: when there is nothing to open, or nothing to open it with
    """
    owner: User = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if owner.notes_sealed_at is None:
        raise NotSealed("There is nothing to open.")
    if not selectors.methods(owner, before=owner.notes_sealed_at):
        raise NothingOlder("A medical director and an administrator open them together.")
    return owner.notes_sealed_at


@transaction.atomic
def open_own(*, user: User, sealed_at: datetime, at: datetime) -> None:
    """The author has shown what counted before `sealed_at`: their private notes are theirs again.

    :raises NotSealed: when another seal, or none, stands by now
    """
    owner: User = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if owner.notes_sealed_at != sealed_at:
        raise NotSealed("There is nothing to open.")
    doors.open_notes(user=owner, how="second_factor", by=owner, at=at)
    owner.save_by(owner, at=at)


@transaction.atomic
def ask_for_opening(*, user_id: UUID, reason: str, by: User, at: datetime) -> PrivateNoteOpening:
    """A medical director or an administrator says that an author has nothing left. The author is told by mail; nothing
    happens until a person of the other role approves.

    :raises NotPermitted: by another role
    :raises SecondPerson: for oneself
    :raises NotSealed: :raises FactorExists: :raises OpeningAsked: when there is nothing to do, or not by this way
    :raises Invalid: for an unknown person, or one whose account is closed
    """
    transitions.require_role(by, DECIDERS, what="Asking for an opening")
    owner: User | None = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if owner is None:
        raise Invalid.field("user", "There is no such staff member.", code="not_found")
    if owner.pk == by.pk:
        raise SecondPerson("Somebody else asks for yours.")
    if not owner.is_active:
        raise Invalid.field("user", "This account is closed.", code="closed")
    sealed_at = _sealed(owner)
    for old in PrivateNoteOpening.objects.select_for_update().filter(user=owner, state=State.ASKED):
        if state_of(old, owner=owner, at=at) == State.ASKED:
            raise OpeningAsked("Approve or decline that one.", opening=str(old.pk))
        old.state = State.EXPIRED
        old.save_by(by, at=at)
    row = PrivateNoteOpening(user=owner, reason=reason, sealed_at=sealed_at).save_by(by, at=at)
    _tell(row, notices.OPENING_ASKED, at=at)
    return row


def _sealed(owner: User) -> datetime:
    """:raises NotSealed: :raises FactorExists: when two people have nothing to open"""
    if owner.notes_sealed_at is None:
        raise NotSealed("There is nothing to open.")
    if selectors.methods(owner, before=owner.notes_sealed_at):
        raise FactorExists("The author opens them with what they had before the reset.")
    return owner.notes_sealed_at


def state_of(row: PrivateNoteOpening, *, owner: User, at: datetime) -> str:
    """asked, approved, declined, or expired: nobody decided in time, or it is about an earlier seal."""
    same = row.sealed_at == owner.notes_sealed_at
    return rules.state_of(row.state, asked_at=row.created_at, at=at, stands=same)


def _tell(row: PrivateNoteOpening, template: str, *, at: datetime) -> None:
    queue_message(
        key=f"{template}:{row.pk}", template=template, recipient=row.user_id, subject_id=row.pk, at=at
    )


def _decide(row: PrivateNoteOpening, state: str, *, by: User, at: datetime) -> PrivateNoteOpening:
    row.state, row.decided_by, row.decided_at = state, by.pk, at
    return row.save_by(by, at=at)


def _asked(opening_id: UUID, *, by: User, at: datetime) -> tuple[PrivateNoteOpening, User]:
    """The row and its author, both locked: the author first, as everywhere."""
    transitions.require_role(by, DECIDERS, what="Deciding on an opening")
    author = PrivateNoteOpening.objects.values_list("user_id", flat=True).get(pk=opening_id)
    owner: User = User.objects.select_for_update(no_key=True).get(pk=author)
    row: PrivateNoteOpening = PrivateNoteOpening.objects.select_for_update(of=("self",)).get(pk=opening_id)
    state = state_of(row, owner=owner, at=at)
    if state != State.ASKED or not owner.is_active:
        raise OpeningOver("Ask for a new one.", state=state)
    return row, owner


@transaction.atomic
def approve_opening(*, opening_id: UUID, by: User, at: datetime) -> PrivateNoteOpening:
    """A second person agrees: of the two one is a medical director and the other one an administrator.

    :raises NotPermitted: by another role
    :raises SecondPerson: by who asked or the author, and when the two do not hold both roles
    :raises FactorExists: when the author can open them by now
    :raises OpeningOver: when it was decided before, was asked for more than two days ago, or is about an earlier seal
    """
    row, owner = _asked(opening_id, by=by, at=at)
    asker = User.objects.get(pk=row.created_by)
    if by.pk in {row.created_by, row.user_id} or not _are_both(asker, by):
        raise SecondPerson("A second person approves this: a medical director and an administrator together.")
    _sealed(owner)
    row = _decide(row, State.APPROVED, by=by, at=at)  # before the seal goes: its guard asks for this
    doors.open_notes(user=owner, how="two_people", by=by, at=at)
    owner.save_by(by, at=at)
    _tell(row, notices.OPENING_DONE, at=at)
    return row


def _are_both(one: User, other: User) -> bool:
    """Does each of the two stand for one of the roles? Who asked and has left since stands for none."""
    mine, theirs = one.role_set & PAIR, other.role_set & PAIR
    return one.is_active and bool(mine and theirs) and mine | theirs == PAIR


@transaction.atomic
def decline_opening(*, opening_id: UUID, by: User, at: datetime) -> PrivateNoteOpening:
    """It is not done: by anybody who may decide, or by who asked and thought better of it.

    :raises NotPermitted: by another role
    :raises SecondPerson: by the author
    :raises OpeningOver: as `approve_opening`
    """
    row, owner = _asked(opening_id, by=by, at=at)
    if owner.pk == by.pk:
        raise SecondPerson("Somebody else decides on yours.")
    return _decide(row, State.DECLINED, by=by, at=at)
