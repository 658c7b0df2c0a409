"""Bearer tokens of one's own: how many somebody has, and when one that nobody uses ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from kapclinic.core.errors import Conflict
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


@transaction.atomic
def make_token(*, user: User, name: str, at: datetime) -> tuple[AuthToken, str]:
    """A further token of one's own, and its secret, which is shown this once.

    :raises TooManyTokens: when ten are alive
    """
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    if live(user, at=at).count() >= MOST_LIVE:
        raise TooManyTokens(f"{MOST_LIVE} tokens of yours are alive: end one that you need no longer.")
    return issue_token(user=user, name=name, at=at)
