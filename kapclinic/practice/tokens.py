"""Bearer tokens of one's own: how many somebody has, what each lets them do, and when one that nobody uses ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from kapclinic.core.errors import Conflict, FieldError, merge
from kapclinic.practice.entry_models import AuthToken
from kapclinic.practice.models import User
from kapclinic.practice.services import issue_token

MOST_LIVE = 10  # of one person; policy, no source
COARSE = timedelta(hours=1)  # how exactly the last use is kept, so that a request seldom writes


class TooManyTokens(Conflict):
    code, title = "too_many_tokens", "End a token first"


def idle() -> timedelta:
    return timedelta(days=settings.TOKEN_IDLE_DAYS)


def live(user: User, *, at: datetime) -> QuerySet[AuthToken]:
    """Tokens that still let somebody in: neither taken back, nor over, nor idle for too long."""
    rows: QuerySet[AuthToken] = AuthToken.objects.filter(
        user=user, revoked_at__isnull=True, expires_at__gt=at
    )
    since = at - idle()
    used = Q(last_used_at__gt=since) | Q(last_used_at__isnull=True, created_at__gt=since)
    return rows.filter(used).order_by("created_at")


def is_live(token: AuthToken, *, at: datetime) -> bool:
    """:param token: one that was not taken back"""
    return at < min(token.expires_at, (token.last_used_at or token.created_at) + idle())


def since(*, at: datetime) -> dict[str, datetime]:
    """Up to when a use is `noted` again, and from when on a token that nobody used is not `idle` too long."""
    return {"noted": at - COARSE, "idle": at - idle()}


def owner_by(token: AuthToken) -> User | None:
    """The owner of a token as it lets them act: of their present roles and locations those that it names.

    None when it names some and none of them is left. What a token names and its owner lost is not given back by it.
    The account is never saved from this view, and no glass is read through by it.
    """
    user: User = token.user
    if token.roles is None and token.locations is None:
        return user
    if token.roles is not None:
        user.roles = [role for role in user.roles if role in token.roles]
    if token.locations is not None:
        user.locations = [place for place in user.locations if place in token.locations]
    user.is_narrowed, user.glass_until = True, None
    has_roles, has_places = token.roles is None or user.roles, token.locations is None or user.locations
    return user if has_roles and has_places else None


@transaction.atomic
def make_token(
    *,
    user: User,
    name: str,
    roles: Sequence[str] | None = None,
    locations: Sequence[UUID] | None = None,
    at: datetime,
) -> tuple[AuthToken, str]:
    """A further token of one's own, and its secret, which is shown this once.

    :param roles: with `locations`, what it is narrowed to; None for all that its owner has
    :raises TooManyTokens: when ten are alive
    :raises Invalid: for a role or a location that is not the owner's own
    """
    owner: User = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    merge(
        [
            *_not_own("roles", roles, owner.roles, "not_held", "You do not hold this role."),
            *_not_own(
                "locations",
                locations,
                owner.locations,
                "not_found",
                "There is no such location for you.",
            ),
        ]
    )
    if live(user, at=at).count() >= MOST_LIVE:
        raise TooManyTokens(f"{MOST_LIVE} tokens of yours are alive: end one that you need no longer.")
    return issue_token(user=user, name=name, roles=roles, locations=locations, at=at)


def _not_own(
    field: str, asked: Sequence[str | UUID] | None, own: Sequence[str | UUID], code: str, detail: str
) -> list[FieldError]:
    return [FieldError(f"/{field}/{i}", code, detail) for i, one in enumerate(asked or ()) if one not in own]
