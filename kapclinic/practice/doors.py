"""Verbs of the doors: how often somebody may guess a password, whose word it is, and what ends with it.

At the login an e-mail is counted by its key (`core.emails`), known or not. Whoever is signed in has tries of their own
at their password, for a signature, a step-up or a new password: what strangers guess at the login takes none of them.
A try is taken before the password is looked at, so guesses that are made at once get no more tries than guesses made in
turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from kapclinic.core.errors import FieldError, Invalid
from kapclinic.practice.entry_models import LoginFailures
from kapclinic.practice.models import SYSTEM_ID, Actor, User
from kapclinic.practice.notices import PASSWORD_RESET
from kapclinic.practice.rules import token_digest
from kapclinic.trail.rules import STRANGER
from kapclinic.trail.services import log_act, queue_message
from kapclinic.trail.strangers import note_stranger

FORGOTTEN = timedelta(days=1)  # a wrong password that old counts no more

# Takes a try, unless the door is locked: no row then. The last one locks it, and opens it again if it was right.
TAKE_TRY = """
INSERT INTO practice_loginfailures AS f (email_digest, count, locked_until, tried_at)
VALUES (%(digest)s::varchar, CASE WHEN %(most)s::int > 1 THEN 1 ELSE 0 END,
    CASE WHEN %(most)s::int > 1 THEN NULL ELSE %(until)s::timestamptz END, %(at)s::timestamptz)
ON CONFLICT (email_digest) DO UPDATE SET
    count = CASE WHEN f.count + 1 < %(most)s::int THEN f.count + 1 ELSE 0 END,
    locked_until = CASE WHEN f.count + 1 < %(most)s::int THEN NULL ELSE %(until)s::timestamptz END,
    tried_at = %(at)s::timestamptz
WHERE f.locked_until IS NULL OR f.locked_until <= %(at)s::timestamptz
RETURNING locked_until IS NOT NULL
"""


class Try(Enum):
    """What became of asking for a try."""

    LOCKED = "locked"  # none is left for a while
    TAKEN = "taken"
    LAST = "last"  # if it is wrong, the door is locked


def take_try(*, key: str, at: datetime) -> Try:
    """Take one try at the password behind the key of an e-mail. Call it outside of a transaction that may be undone."""
    values = {
        "digest": token_digest(key),
        "most": settings.LOGIN_ATTEMPTS,
        "until": at + timedelta(seconds=settings.LOGIN_LOCK_SECONDS),
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE_TRY, values)
        row = cursor.fetchone()
    if row is None:
        return Try.LOCKED
    return Try.LAST if row[0] else Try.TAKEN


def clear_tries(*, key: str) -> None:
    """Whoever had these tries is in."""
    LoginFailures.objects.filter(pk=token_digest(key)).delete()


def forget_old_tries(*, at: datetime) -> int:
    """Drop what was counted of e-mails that nobody has tried for a day, so that guessing at many keeps no rows."""
    old = LoginFailures.objects.filter(tried_at__lt=at - FORGOTTEN).exclude(locked_until__gt=at)
    return old.delete()[0]


def login_locked_until(*, key: str, at: datetime) -> datetime | None:
    """When the door opens again to the key of an e-mail, known or not; None when it is open."""
    rows = LoginFailures.objects.filter(pk=token_digest(key), locked_until__gt=at)
    return rows.values_list("locked_until", flat=True).first()


def _own(user: User) -> str:
    """The name under which wrong passwords of who is signed in are counted.

    It begins with a space, which the key of an e-mail, whatever is typed as one, never does.
    """
    return f" own|{user.pk}"


def own_locked_until(*, user: User, at: datetime) -> datetime | None:
    """When their own password is looked at again, after too many wrong ones within their own sessions."""
    return login_locked_until(key=_own(user), at=at)


def _wrong(user: User, password: str, *, at: datetime) -> Try | None:
    """The try that a wrong password took, or was refused; None for the right one."""
    tried = take_try(key=_own(user), at=at)
    if tried is Try.LOCKED or not (user.is_active and user.check_password(password)):
        return tried
    clear_tries(key=_own(user))
    return None


def confirm_password(*, user: User, password: str, at: datetime) -> bool:
    """Whether this is the password of whoever is signed in, for a signature, a step-up or a change of it.

    A wrong one counts towards a lock of such passwords alone (LOGIN_ATTEMPTS, LOGIN_LOCK_SECONDS) and leaves an audit
    event. Call it outside the transaction of the request: both must outlive a refusal.
    """
    tried = _wrong(user, password, at=at)
    if tried is None:
        return True
    code = "password_locked" if tried is Try.LOCKED else "wrong_password"
    log_act(
        by=user.pk,
        roles=user.role_set,
        action="auth.confirm_password",
        object_type="staff",
        object_id=user.pk,
        outcome="refused",
        detail=_detail(code, tried),
        at=at,
    )
    return False


def _detail(code: str, tried: Try) -> dict[str, object]:
    return {"code": code, "locked": True} if tried is Try.LAST else {"code": code}


def note_wrong_login(*, user: User | None, tried: Try, at: datetime, code: str = "wrong_credentials") -> None:
    """Write down that somebody tried to sign in and did not, also when the password was right and more was asked.

    Each wrong password of an account that is there is written down: its lock bounds them. What nobody has, and what
    comes while the door is locked, is bounded as all that strangers do (`trail.strangers`). The e-mail is not kept.
    """
    if user is not None and tried is not Try.LOCKED:
        log_act(
            by=STRANGER,
            roles=(),
            action="auth.login",
            object_type="staff",
            object_id=user.pk,
            outcome="refused",
            detail=_detail(code, tried),
            at=at,
        )
        return
    note_stranger(
        action="auth.login",
        object_type="auth",
        object_id=user.pk if user is not None else None,
        code="too_many_attempts" if tried is Try.LOCKED else code,
        once=tried is Try.LOCKED,
        at=at,
    )


# --- whose word a password is ------------------------------------------------------------------------------


def set_password(*, user: User, password: str, by: Actor, at: datetime, field: str = "password") -> None:
    """Set the password after the validators agree; the caller saves.

    :raises Invalid: naming each rule that it breaks
    """
    try:
        validate_password(password, user)
    except ValidationError as exc:
        raise Invalid(
            " ".join(exc.messages),
            errors=[FieldError(f"/{field}", "weak", message) for message in exc.messages],
        ) from exc
    user.set_password(password)
    user.password_set_by, user.password_set_at = by.pk, at


def first_password(*, user: User, password: str, by: Actor, at: datetime) -> None:
    """The password that a new account begins with; the caller saves. One that a colleague chose is changed by its owner
    before anything else, as one that they set anew; one that a command is given belongs to whoever runs it.

    :raises Invalid: for a weak one
    """
    set_password(user=user, password=password, by=by, at=at)
    user.password_change_required = by.pk != SYSTEM_ID


@transaction.atomic
def change_password(*, user: User, password: str, at: datetime) -> User:
    """The person chooses their own password, having given the old one. All else that was signed in ends.

    :raises Invalid: for a weak one, or the one that it was
    """
    mine: User = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if mine.check_password(password):
        raise Invalid.field(
            "new_password", "This is the password that you have: choose another.", code="same"
        )
    set_password(user=mine, password=password, by=mine, at=at, field="new_password")
    mine.password_change_required = False
    end_entries(user=mine, at=at)
    return mine.save_by(mine, at=at)


def give_password(*, user: User, password: str, reason: str, by: Actor, at: datetime) -> None:
    """Somebody else sets the password of an account that is there; the caller saves, and ends what was signed in.

    It leaves an audit event of its own, which says whose the password before was; the owner is told by e-mail, and
    chooses one of their own before anything else. Source: clinic policy, after NIST SP 800-63B-4, 4.2. Their private
    notes are sealed, where they have a second factor or the clinic asks for one (`seal_notes`).

    :raises Invalid: for a weak one, or for one's own, which takes the old one
    """
    if user.pk == by.pk:
        raise Invalid.field("password", "Change your own password with the old one.", code="own")
    before = {
        "set_by": str(user.password_set_by) if user.password_set_by else None,
        "set_at": user.password_set_at.isoformat() if user.password_set_at else None,
    }
    set_password(user=user, password=password, by=by, at=at)
    for key in (user.email_key, _own(user)):
        clear_tries(key=key)  # whoever guessed, guessed at another password
    user.password_change_required = True
    note_of_account(user, "staff.password_reset", {"reason": reason, "before": before}, by=by, at=at)
    if user.has_factor or settings.REQUIRE_SECOND_FACTOR:
        seal_notes(user=user, because="password_reset", by=by, at=at)
    if user.is_active:
        key = f"{PASSWORD_RESET}:{user.pk}:{user.version + 1}"
        queue_message(key=key, template=PASSWORD_RESET, recipient=user.pk, subject_id=user.pk, at=at)


def seal_notes(*, user: User, because: str, by: Actor, at: datetime) -> None:
    """Seal the private notes of somebody whose way in others have changed; the caller saves.

    They stay so until the author opens them with what they had before (`factors.opening`). Of a second reset the first
    moment stays: what came after it proves nothing. Source: 45 CFR 164.508(a)(2), psychotherapy notes are their
    author's; that a reset seals them is clinic policy.
    """
    if user.notes_sealed_at is None:
        user.notes_sealed_at = at
        note_of_account(user, "staff.private_notes_sealed", {"because": because}, by=by, at=at)


def open_notes(*, user: User, how: str, by: Actor, at: datetime) -> None:
    """They are the author's again; the caller has seen why, and saves."""
    user.notes_sealed_at = None
    note_of_account(user, "staff.private_notes_opened", {"how": how}, by=by, at=at)


# --- what ends ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """What an account was before it is changed; None stands for one that is new."""

    roles: frozenset[str]
    is_active: bool
    password: str


def standing(user: User) -> Standing | None:
    return None if user._state.adding else Standing(user.role_set, user.is_active, user.password)


def end_entries(*, user: User, at: datetime) -> None:
    """End every browser's session and every token of the person; the caller saves."""
    user.sign_in_round += 1
    user.tokens.filter(revoked_at__isnull=True).update(revoked_at=at)


@transaction.atomic
def end_all_entries(*, reason: str, by: Actor, at: datetime) -> int:
    """End what anybody is signed in by, each account with an audit event of its own; returns how many accounts.

    After a restore: whoever was shut out since the moment that it went back to is in again. Source: clinic policy,
    after 45 CFR 164.308(a)(3)(ii)(C), termination of access.
    """
    people = list(User.objects.select_for_update(no_key=True).order_by("pk"))
    for user in people:
        end_entries(user=user, at=at)
        note_of_account(user, "staff.signed_out", {"reason": reason}, by=by, at=at)
        user.save_by(by, at=at)
    return len(people)


def end_with(*, user: User, was: Standing | None, by: Actor, at: datetime) -> None:
    """End what was signed in, when the roles, the password or the account itself changed; the caller saves.

    Each change of roles, each closing and each opening again is an audit event of its own. Source: 45 CFR
    170.315(d)(2), changes to user privileges. An account that is opened again begins anew: nothing from before lets
    anybody in.
    """
    if was is None:
        return
    if user.role_set != was.roles:
        told = {"before": sorted(was.roles), "after": sorted(user.role_set)}
        note_of_account(user, "staff.roles_changed", told, by=by, at=at)
    if user.is_active != was.is_active:
        note_of_account(user, "staff.reopened" if user.is_active else "staff.closed", {}, by=by, at=at)
    if (user.role_set, user.is_active, user.password) != (was.roles, was.is_active, was.password):
        end_entries(user=user, at=at)


def note_of_account(
    user: User, action: str, detail: Mapping[str, object], *, by: Actor, at: datetime
) -> None:
    log_act(
        by=by.pk,
        roles=by.role_set,
        action=action,
        object_type="staff",
        object_id=user.pk,
        detail=detail,
        at=at,
    )
