"""The second step of a sign-in, and of saying once more who one is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any

from rest_framework.request import Request

from kapclinic.core import chance
from kapclinic.core.errors import ClinicError
from kapclinic.core.http.problems import Problem
from kapclinic.core.ids import uuid7
from kapclinic.practice.factor_models import FactorChallenge, SecondFactor
from kapclinic.practice.factors import freshness, passkeys, proving, selectors
from kapclinic.practice.factors.passkeys import Party
from kapclinic.practice.factors.proving import Shown
from kapclinic.practice.models import User


class SecondFactorRequired(ClinicError):
    """The password is right: ask again with `otp`, or with `credential`, the passkey's answer to `passkey`."""

    code, status, title = "second_factor_required", 401, "Show your second factor"


class SecondFactorWrong(ClinicError):
    """What was shown is not theirs, or counted before. `methods` and `passkey` as in `second_factor_required`."""

    code, status, title = "second_factor_wrong", 401, "That was not right"


def party_of(request: Request) -> Party:
    """This clinic under the address that the browser calls it by (one of ALLOWED_HOSTS)."""
    host = request.get_host()
    return Party(host=host.rsplit(":", 1)[0], origin=f"{request.scheme}://{host}")


def second_step(request: Request, *, user: User, body: Mapping[str, Any], at: datetime) -> Problem | None:
    """None when nothing more is asked of this person; else what they are told, which lets the counts stand."""
    return show_factor(request, user=user, body=body, at=at) if user.has_factor else None


def show_factor(
    request: Request, *, user: User, body: Mapping[str, Any], at: datetime, before: datetime | None = None
) -> Problem | None:
    """None when they showed what is theirs; else what they are told. `before`: nothing that was set up later counts."""
    session = request._request.session  # noqa: SLF001
    shown = Shown(
        code=body.get("otp") or "",
        credential=body.get("credential"),
        challenge_id=freshness.take(session, what=freshness.ASKED),
        party=party_of(request),
    )
    try:
        if shown and proving.prove(user=user, shown=shown, at=at, before=before):
            return None
    except proving.TooManyCodes as locked:
        return Problem(locked, headers={"Retry-After": str(ceil(locked.extra["retry_after"]))})
    kind = SecondFactorWrong if shown else SecondFactorRequired
    ways = selectors.methods(user, before=before)
    return Problem(kind(methods=ways, **_asked(request, user=user, at=at, before=before)))


def passes_by_key(request: Request, *, user: User | None, body: Mapping[str, Any], at: Any) -> bool:
    """Do they pass a door that wrong passwords closed? A passkey's answer is not guessed: it is looked at first."""
    if user is None or not body.get("credential"):
        return False
    asked = freshness.take(request._request.session, what=freshness.ASKED)  # noqa: SLF001
    shown = Shown(credential=body["credential"], challenge_id=asked, party=party_of(request))
    return proving.prove(user=user, shown=shown, at=at) and user.check_password(body["password"])


def question_of_closed_door(request: Request, *, user: User | None, at: Any) -> dict[str, Any]:
    """What a closed door asks any passkey with: alike for everybody, so that it tells nobody who has one."""
    kept, question = uuid7(), chance.token_bytes(proving.CHALLENGE_BYTES)
    if user is not None and user.has_factor:
        row = proving.challenge(user=user, purpose=FactorChallenge.Purpose.PROVE, at=at)
        kept, question = row.pk, bytes(row.challenge)
    freshness.remember(request._request.session, kept, what=freshness.ASKED)  # noqa: SLF001
    return passkeys.options_to_prove(party=party_of(request), challenge=question, known=())


def _asked(request: Request, *, user: User, at: datetime, before: datetime | None) -> dict[str, Any]:
    """What the browser asks a passkey with, where this person has one."""
    known = [one for one in selectors.alive(user, before=before) if one.kind == SecondFactor.Kind.PASSKEY]
    if not known:
        return {}
    row = proving.challenge(user=user, purpose=FactorChallenge.Purpose.PROVE, at=at)
    freshness.remember(request._request.session, row.pk, what=freshness.ASKED)  # noqa: SLF001
    return {
        "passkey": passkeys.options_to_prove(
            party=party_of(request), challenge=bytes(row.challenge), known=known
        )
    }
