"""Verbs that begin and end a second factor. Its owner is told of each by mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from kapclinic.core import chance, crypto
from kapclinic.core.errors import Conflict, IllegalTransition, Invalid, NotFound
from kapclinic.practice import doors, notices
from kapclinic.practice.factor_models import FactorChallenge, RecoveryCode, SecondFactor
from kapclinic.practice.factors import passkeys, proving, rules, selectors
from kapclinic.practice.factors.passkeys import NotProven, Party
from kapclinic.practice.models import Actor, User
from kapclinic.practice.rules import token_digest
from kapclinic.trail.services import queue_message


class TooManyFactors(Conflict):
    code, title = "too_many_factors", "Remove one first"


class EnrolmentOver(IllegalTransition):
    title = "Begin again: this was confirmed before, or is too old"


def _begin(*, user: User, kind: str, at: datetime) -> SecondFactor:
    """One that waits to be confirmed; an earlier one of its kind that still does is dropped."""
    if selectors.alive(user).count() >= rules.MOST_FACTORS:
        raise TooManyFactors(f"You have {rules.MOST_FACTORS} of them already.")
    waiting = SecondFactor.objects.filter(user=user, confirmed_at__isnull=True, removed_at__isnull=True)
    waiting.filter(kind=kind).update(removed_at=at)
    return SecondFactor(user=user, kind=kind, created_at=at)


@transaction.atomic
def begin_totp(*, user: User, at: datetime) -> tuple[SecondFactor, bytes]:
    """An authenticator app that waits for its first code, and its secret, which is shown this once.

    :raises TooManyFactors: beyond ten
    """
    row = _begin(user=user, kind=SecondFactor.Kind.TOTP, at=at)
    secret = chance.token_bytes(rules.SECRET_BYTES)
    row.sealed = crypto.encrypt(rules.secret_text(secret), aad=row.bound_to())
    row.save(force_insert=True)
    return row, secret


@transaction.atomic
def begin_passkey(
    *, user: User, party: Party, at: datetime
) -> tuple[SecondFactor, FactorChallenge, dict[str, Any]]:
    """A passkey that waits to be made, what it is to sign, and what the browser asks it with.

    :raises TooManyFactors: beyond ten
    """
    row = _begin(user=user, kind=SecondFactor.Kind.PASSKEY, at=at)
    row.save(force_insert=True)
    asked = proving.challenge(user=user, purpose=FactorChallenge.Purpose.ENROL, at=at)
    options = passkeys.options_to_enrol(
        party=party,
        challenge=bytes(asked.challenge),
        user_id=user.pk,
        email=user.email,
        name=user.name,
        known=selectors.alive(user),
    )
    return row, asked, options


def _waiting(*, user: User, factor_id: UUID, kind: str, at: datetime) -> SecondFactor:
    """Locked, after its owner, as everywhere.

    :raises NotFound: for one that is not theirs
    :raises EnrolmentOver: for one that was confirmed before, or was begun too long ago
    """
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    rows = SecondFactor.objects.select_for_update().filter(
        pk=factor_id, user=user, kind=kind, removed_at__isnull=True
    )
    row: SecondFactor | None = rows.first()
    if row is None:
        raise NotFound
    if row.confirmed_at is not None or at - row.created_at > rules.ENROL_WITHIN:
        raise EnrolmentOver("Begin again.", state="confirmed" if row.confirmed_at else "expired")
    return row


@transaction.atomic
def confirm_totp(*, user: User, factor_id: UUID, otp: str, at: datetime) -> list[str] | None:
    """The app's first code is right: it counts from now on. Ten new recovery codes; None for a wrong code.

    The caller lets the count of a wrong one stand.

    :raises NotFound: :raises EnrolmentOver: as `_waiting`
    :raises TooManyCodes: after too many wrong ones
    """
    row = _waiting(user=user, factor_id=factor_id, kind=SecondFactor.Kind.TOTP, at=at)
    proving.take_code(user=user, at=at)
    secret = rules.secret_bytes(crypto.decrypt(bytes(row.sealed or b""), aad=row.bound_to()))
    code = rules.tidied(otp)
    step = rules.step_of(secret, code, at=at) if rules.is_totp(code) else None
    if step is None:
        return None
    proving.clear_codes(user=user)
    row.last_step, row.confirmed_at, row.last_used_at = step, at, at
    row.save()
    return _counts(row, user=user, at=at)


@transaction.atomic
def confirm_passkey(
    *,
    user: User,
    factor_id: UUID,
    credential: Mapping[str, Any],
    name: str,
    challenge_id: UUID | None,
    party: Party,
    at: datetime,
) -> list[str]:
    """The passkey has answered: it counts from now on. Ten new recovery codes.

    :raises NotFound: :raises EnrolmentOver: as `_waiting`
    :raises Invalid: for an answer to another question, from another site, or of a passkey that is known already
    """
    row = _waiting(user=user, factor_id=factor_id, kind=SecondFactor.Kind.PASSKEY, at=at)
    try:
        question = proving.answered(
            challenge_id=challenge_id, user=user, purpose=FactorChallenge.Purpose.ENROL, at=at
        )
        made = passkeys.enrolled(credential, party=party, challenge=question)
    except NotProven as exc:
        raise Invalid.field(
            "credential", "This passkey did not answer what was asked.", code="wrong"
        ) from exc
    if SecondFactor.objects.filter(credential=made.credential, removed_at__isnull=True).exists():
        raise Invalid.field("credential", "This passkey is in use already.", code="taken")
    row.credential, row.public_key = made.credential, made.public_key
    row.sign_count, row.transports = made.sign_count, made.transports
    row.name, row.confirmed_at, row.last_used_at = name, at, at
    row.save()
    return _counts(row, user=user, at=at)


def _counts(row: SecondFactor, *, user: User, at: datetime) -> list[str]:
    """From now on nothing that the password alone let in stays in: tokens end, and so does every other browser."""
    owner: User = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not owner.has_factor:
        owner.has_factor = True
        doors.end_entries(user=owner, at=at)
        owner.save_by(owner, at=at)
    user.has_factor, user.version, user.sign_in_round = True, owner.version, owner.sign_in_round
    doors.note_of_account(owner, "staff.second_factor_added", {"kind": row.kind}, by=owner, at=at)
    _tell(user, template=notices.FACTOR_ADDED, subject_id=row.pk, at=at)
    return _new_codes(user=user, at=at)


def _new_codes(*, user: User, at: datetime) -> list[str]:
    _drop_codes(user=user, at=at)
    codes = list(rules.recovery_codes(lambda below: chance.bits(64) % below))
    rows = [RecoveryCode(user=user, number=number, created_at=at) for number in range(len(codes))]
    for row, code in zip(rows, codes, strict=True):
        row.sealed = crypto.encrypt(token_digest(code), aad=row.bound_to())
    RecoveryCode.objects.bulk_create(rows)
    return [rules.as_printed(code) for code in codes]


def _drop_codes(*, user: User, at: datetime) -> None:
    RecoveryCode.objects.filter(user=user, replaced_at__isnull=True).update(replaced_at=at)


def _tell(user: User, *, template: str, subject_id: UUID, at: datetime) -> None:
    queue_message(
        key=f"{template}:{subject_id}", template=template, recipient=user.pk, subject_id=subject_id, at=at
    )


@transaction.atomic
def remove_factor(*, user: User, factor_id: UUID, at: datetime) -> None:
    """End one of one's own, or drop one that waits. With the last one the recovery codes go.

    :raises NotFound: for one that is not theirs
    """
    owner: User = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    rows = SecondFactor.objects.filter(pk=factor_id, user=user, removed_at__isnull=True)
    row = rows.select_for_update().first()
    if row is None:
        raise NotFound
    row.removed_at = at
    row.save()
    if row.confirmed_at is None:
        return
    doors.note_of_account(owner, "staff.second_factor_removed", {"kind": row.kind}, by=owner, at=at)
    _tell(user, template=notices.FACTOR_REMOVED, subject_id=row.pk, at=at)
    if not selectors.alive(user).exists():
        _without(owner, by=owner, at=at)
        user.has_factor, user.version, user.sign_in_round = False, owner.version, owner.sign_in_round


def _without(owner: User, *, by: Actor, at: datetime) -> None:
    _drop_codes(user=owner, at=at)
    owner.has_factor = False
    doors.end_entries(user=owner, at=at)
    owner.save_by(by, at=at)


def take_all(owner: User, *, by: Actor, at: datetime) -> None:
    """End all that this person proves themselves with, and seal their private notes; the caller has locked the row."""
    doors.seal_notes(user=owner, because="factors_reset", by=by, at=at)
    doors.note_of_account(owner, "staff.second_factors_reset", {}, by=by, at=at)
    SecondFactor.objects.filter(user=owner, removed_at__isnull=True).update(removed_at=at)
    proving.clear_codes(user=owner)  # whoever guessed, guessed at codes that are gone
    _without(owner, by=by, at=at)


def reseal() -> int:
    """Seal secrets of apps and recovery codes with the first key of FIELD_KEYS, where an older one did; how many."""
    return sum(_reseal(rows) for rows in (SecondFactor.objects, RecoveryCode.objects))


def _reseal(rows: Any) -> int:  # Any: of either table
    done = 0
    for pk in list(rows.filter(sealed__isnull=False).values_list("pk", flat=True)):
        with transaction.atomic():
            row = rows.select_for_update().get(pk=pk)
            if not crypto.is_current(bytes(row.sealed)):
                row.sealed = crypto.rotate(bytes(row.sealed), aad=row.bound_to())
                row.save(update_fields=["sealed"])
                done += 1
    return done
