"""A second person: who may witness, and how often somebody may guess their password."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NotRequired, TypedDict
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from kapclinic.core.errors import Conflict, Invalid
from kapclinic.practice.factor_models import FactorChallenge, SecondFactor
from kapclinic.practice.factors.door import must_enrol
from kapclinic.practice.factors.passkeys import Party, options_to_prove
from kapclinic.practice.factors.proving import Shown, TooManyCodes, challenge, prove
from kapclinic.practice.factors.selectors import alive
from kapclinic.practice.models import Location, User
from kapclinic.trail.services import log_act
from sessions.drugs import rules
from sessions.drugs.models import WitnessLock
from sessions.drugs.rules import copies

# Takes away the prints that answer for no copy any more; a row that a request holds is for the next pass.
LET_GO = """
UPDATE clinic_sessions_witnesslock SET asked = coalesce((
    SELECT jsonb_agg(one ORDER BY n) FROM jsonb_array_elements(asked) WITH ORDINALITY AS kept (one, n)
    WHERE (one ->> 1)::timestamptz > %(before)s), '[]')
WHERE user_id IN (
    SELECT user_id FROM clinic_sessions_witnesslock AS old
    WHERE old.asked <> '[]' AND EXISTS (
        SELECT FROM jsonb_array_elements(old.asked) AS one WHERE (one ->> 1)::timestamptz <= %(before)s)
    FOR UPDATE SKIP LOCKED)
"""


class NamedWitness(TypedDict):
    """`otp` or `credential`, the answer of a passkey to `challenge` (`ask_passkey`), of who has a second factor."""

    user: UUID
    password: str
    otp: NotRequired[str | None]
    challenge: NotRequired[UUID | None]
    credential: NotRequired[Mapping[str, object] | None]


class NoPasskey(Conflict):
    code, title = "no_passkey", "This person has no passkey"


class WitnessInvalid(Invalid):
    code, title = "witness_invalid", "This witness can't be accepted"

    @classmethod
    def because(cls, detail: str) -> WitnessInvalid:
        return cls.field("witness", detail, code=cls.code)  # type: ignore[return-value]


def ask_passkey(*, user_id: UUID, party: Party, by: User, at: datetime) -> tuple[UUID, dict[str, object]]:
    """What the passkey of a witness is asked with at a colleague's browser: the question's id, and the options.

    It answers for a witness alone, within some minutes and once: it signs nobody in.

    :raises Invalid: for an unknown or inactive person, or one of no location of the colleague's
    :raises NoPasskey: when there is none to ask
    """
    user = User.objects.filter(pk=user_id, is_active=True, locations__overlap=list(by.locations)).first()
    if user is None:
        raise Invalid.field("user", "There is no such staff member at your locations.", code="not_found")
    known = [one for one in alive(user) if one.kind == SecondFactor.Kind.PASSKEY]
    if not known:
        raise NoPasskey("A code of their app, or a recovery code, stands beside their password.")
    asked = challenge(user=user, purpose=FactorChallenge.Purpose.WITNESS, at=at)
    return asked.pk, options_to_prove(party=party, challenge=bytes(asked.challenge), known=known)


def verify_witness(
    *,
    witness: NamedWitness,
    giver: User,
    location_id: UUID,
    party: Party,
    at: datetime,
    copy: str | None = None,
) -> User:
    """The staff member that `witness` names, when they may witness and the password is theirs.

    Call it before the transaction of the request begins (`sessions.drugs.api.witness`): a wrong password counts
    towards the lock of this witness, and of nothing else, and leaves an audit event, although the request is refused.
    `copy`: the print that all copies of this request have. They wait for each other here, and what was right or wrong
    of the first is so of the others for some minutes: its code is asked for once, a wrong one costs one try. It is so
    no longer once a factor of the witness is removed or added, or the password set anew.

    :raises WitnessInvalid: for the giver themselves, an unknown or inactive person, one of another location or of a
        role that may not witness, a wrong password, code or passkey, one whose password somebody else has set, one
        without a second factor where the clinic asks for one, or a witness who is locked
    """
    if witness["user"] == giver.pk:
        raise WitnessInvalid.because("The witness must be a second person.")
    user = User.objects.filter(pk=witness["user"], is_active=True).first()
    if user is None or location_id not in user.locations:
        raise WitnessInvalid.because("There is no such staff member at this location.")
    named = Location.objects.values_list("witness_roles", flat=True).get(pk=location_id)
    if not user.role_set & (frozenset(named) or rules.WITNESSES):
        raise WitnessInvalid.because("This person's role may not witness here.")
    if (why := _refused(user, witness=witness, party=party, copy=copy, at=at)) is not None:
        code, detail = why
        log_act(
            by=giver.pk,
            roles=giver.role_set,
            action="witness.verify",
            object_type="staff",
            object_id=user.pk,
            outcome="refused",
            detail={"code": code},
            at=at,
        )
        raise WitnessInvalid.because(detail)
    return user


@transaction.atomic
def _refused(
    user: User, *, witness: NamedWitness, party: Party, copy: str | None, at: datetime
) -> tuple[str, str] | None:
    """Code and words of the refusal when password, code or passkey is not accepted. They are compared and counted under
    one lock, so that guesses made at once get no more tries than guesses made in turn.
    """
    if user.password_change_required:
        return "password_change_required", "This witness chooses a password of their own first."
    if must_enrol(user):
        return "not_enrolled", "This witness sets up a second factor first."
    WitnessLock.objects.get_or_create(user=user)
    row = WitnessLock.objects.select_for_update().get(user=user)
    if row.locked_until is not None and row.locked_until > at:
        until = f"{row.locked_until.astimezone(UTC):%H:%M} UTC"
        return "locked", f"This witness is locked until {until}, after wrong passwords."
    copy = _bound(copy, user=user)
    known = copies.answered(row.asked, copy=copy, at=at)
    right = user.check_password(witness["password"])
    if right and user.has_factor:
        shown = _shown(witness, party=party)
        if not shown:
            return "code_required", "The witness adds a code of their app, their passkey, or a recovery code."
        try:
            right = prove(user=user, shown=shown, at=at) if known is None else known
        except TooManyCodes:
            return "codes_locked", "Codes of this witness are not looked at for a while, after wrong ones."
    if right != known and (user.has_factor or not right or row.failed_at or row.locked_until is not None):
        row.failed_at, row.locked_until = ([], None) if right else _after_wrong(row, at)
        row.asked = copies.with_answer(row.asked, copy=copy, right=right, at=at)
        row.save()
    return None if right else ("wrong", "The witness's password, code or passkey is wrong.")


def _bound(copy: str | None, *, user: User) -> str | None:
    """`copies.bound`, by the factors that count now; a password alone is looked at each time."""
    if copy is None or not user.has_factor:
        return copy
    return copies.bound(
        copy, factors=alive(user).values_list("pk", flat=True), password_set_at=user.password_set_at
    )


def forget_prints(*, at: datetime) -> int:
    """Take away the prints of requests that came longer ago than their copies count; returns of how many witnesses."""
    with connection.cursor() as cursor:
        cursor.execute(LET_GO, {"before": at - copies.KEPT})
        return int(cursor.rowcount)


def _shown(witness: NamedWitness, *, party: Party) -> Shown:
    return Shown(
        code=witness.get("otp") or "",
        credential=witness.get("credential"),
        challenge_id=witness.get("challenge"),
        party=party,
        purpose=FactorChallenge.Purpose.WITNESS,
    )


def _after_wrong(row: WitnessLock, at: datetime) -> tuple[list[datetime], datetime | None]:
    return rules.after_wrong_password(
        row.failed_at,
        at=at,
        attempts=settings.WITNESS_ATTEMPTS,
        window=timedelta(seconds=settings.WITNESS_WINDOW_SECONDS),
        lock=timedelta(seconds=settings.WITNESS_LOCK_SECONDS),
    )


def require_witness(*, wasted_mg: Decimal | None, witness: User | None, by: User) -> None:
    """:raises WitnessInvalid: for a waste without a witness, or a witness who is the actor"""
    if wasted_mg and witness is None:
        raise WitnessInvalid.because("A waste names a witness who signs with their password.")
    if witness is not None and witness.pk == by.pk:
        raise WitnessInvalid.because("The witness must be a second person.")
