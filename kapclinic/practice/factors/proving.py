"""Looking at what somebody shows: a code of their app, a recovery code, or a passkey's answer. Each counts once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.crypto import constant_time_compare

from kapclinic.core import chance, crypto
from kapclinic.core.errors import ClinicError
from kapclinic.practice import doors
from kapclinic.practice.factor_models import FactorChallenge, SecondFactor
from kapclinic.practice.factors import passkeys, rules, selectors
from kapclinic.practice.factors.passkeys import NotProven, Party
from kapclinic.practice.models import User
from kapclinic.practice.rules import token_digest

CHALLENGE_BYTES = 32


class TooManyCodes(ClinicError):
    """`retry_after`: the seconds until codes of this person are looked at again. A passkey is not guessed."""

    code, status, title = "too_many_attempts", 429, "Too many attempts: try again later"

    @classmethod
    def until(cls, moment: datetime, *, at: datetime) -> TooManyCodes:
        wait = max(1, -int((at - moment).total_seconds() // 1))
        return cls("Wait a few minutes, use a passkey, or ask the administrator.", retry_after=wait)


@dataclass(frozen=True)
class Shown:
    """What a person shows: a code, or a passkey's answer to the challenge that it was asked with for this purpose."""

    code: str = ""
    credential: Mapping[str, Any] | None = None
    challenge_id: UUID | None = None
    party: Party | None = None
    purpose: str = FactorChallenge.Purpose.PROVE

    def __bool__(self) -> bool:
        return bool(self.code) or self.credential is not None


def _counter(user: User) -> str:
    """Under which name wrong codes are counted: beside wrong passwords, since a right password clears those.

    It begins with a space, as `doors` says why.
    """
    return f" second-factor|{user.pk}"


def take_code(*, user: User, at: datetime) -> None:
    """Take one try at a code of this person.

    :raises TooManyCodes: while codes of this person are not looked at
    """
    if doors.take_try(key=_counter(user), at=at) is doors.Try.LOCKED:
        raise TooManyCodes.until(doors.login_locked_until(key=_counter(user), at=at) or at, at=at)


def clear_codes(*, user: User) -> None:
    """One of them was right."""
    doors.clear_tries(key=_counter(user))


@transaction.atomic
def challenge(*, user: User, purpose: str, at: datetime) -> FactorChallenge:
    """A new question for a passkey; those that were never answered go."""
    FactorChallenge.objects.filter(user=user, created_at__lt=at - rules.CHALLENGE_WITHIN).delete()
    row: FactorChallenge = FactorChallenge.objects.create(
        user=user, purpose=purpose, challenge=chance.token_bytes(CHALLENGE_BYTES), created_at=at
    )
    return row


def answered(*, challenge_id: UUID | None, user: User, purpose: str, at: datetime) -> bytes:
    """The question that is answered now: of several answers at once one alone gets it.

    :raises NotProven: when there is none, it was answered before, or it is too old
    """
    if challenge_id is None:
        raise NotProven("challenge")
    rows = FactorChallenge.objects.filter(
        pk=challenge_id, user=user, purpose=purpose, created_at__gt=at - rules.CHALLENGE_WITHIN
    )
    row = rows.select_for_update().first()
    if row is None:
        raise NotProven("challenge")
    question = bytes(row.challenge)
    row.delete()
    return question


@transaction.atomic
def prove(*, user: User, shown: Shown, at: datetime, before: datetime | None = None) -> bool:
    """Is it theirs? What was right counts no second time; a wrong code counts towards a lock of LOGIN_ATTEMPTS tries.

    The caller lets the count stand when it refuses. `before`: what was set up later proves nothing.

    :raises TooManyCodes: while codes of this person are not looked at
    """
    factors = list(
        selectors.alive(user, before=before).select_for_update()
    )  # guesses made at once wait for each other
    if shown.credential is not None:
        return _passkey(user=user, factors=factors, shown=shown, at=at)
    take_code(user=user, at=at)
    code = rules.tidied(shown.code)
    if rules.is_totp(code):
        right = any(_app(one, code=code, at=at) for one in factors if one.kind == SecondFactor.Kind.TOTP)
    else:
        right = rules.is_recovery_code(code) and _recovery(user=user, code=code, at=at, before=before)
    if right:
        clear_codes(user=user)
    return right


def _app(factor: SecondFactor, *, code: str, at: datetime) -> bool:
    secret = rules.secret_bytes(crypto.decrypt(bytes(factor.sealed or b""), aad=factor.bound_to()))
    step = rules.step_of(secret, code, at=at)
    if step is None:
        return False
    unused = SecondFactor.objects.filter(Q(last_step__isnull=True) | Q(last_step__lt=step), pk=factor.pk)
    return unused.update(last_step=step, last_used_at=at) == 1


def _recovery(*, user: User, code: str, at: datetime, before: datetime | None) -> bool:
    row = selectors.codes_left(user, before=before).filter(number=int(code[0])).first()
    if row is None:
        return False
    kept = crypto.decrypt(bytes(row.sealed), aad=row.bound_to())
    if not constant_time_compare(kept, token_digest(code)):
        return False
    return selectors.codes_left(user, before=before).filter(pk=row.pk).update(used_at=at) == 1


def _passkey(*, user: User, factors: list[SecondFactor], shown: Shown, at: datetime) -> bool:
    assert shown.credential is not None
    assert shown.party is not None
    try:
        question = answered(challenge_id=shown.challenge_id, user=user, purpose=shown.purpose, at=at)
        wanted = passkeys.credential_id(shown.credential)
        found = next((one for one in factors if one.credential and bytes(one.credential) == wanted), None)
        if found is None:
            return False
        count = passkeys.count_after(shown.credential, factor=found, party=shown.party, challenge=question)
    except NotProven:
        return False
    SecondFactor.objects.filter(pk=found.pk).update(sign_count=count, last_used_at=at)
    return True
