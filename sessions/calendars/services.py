"""Verbs of calendars."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from kapclinic.core import chance, transitions
from kapclinic.core.audited import change_all_by
from kapclinic.core.errors import NotFound
from kapclinic.practice.models import Room, User
from kapclinic.practice.rules import BOOKERS, token_digest
from sessions.calendars import rules
from sessions.calendars.models import CalendarFeed


def make_feed(*, room_id: UUID | None, by: User, at: datetime) -> tuple[CalendarFeed, str]:
    """A new address for the caller's own sessions or for a room's: the row, and the token that is shown this once.

    :raises NotPermitted: for a room, unless the caller books
    :raises NotFound: for a room that is not at one of the caller's locations
    """
    token = chance.token(32)
    feed = CalendarFeed(digest=token_digest(token))
    if room_id is None:
        feed.user = by
    else:
        transitions.require_role(by, BOOKERS, what="The calendar of a room")
        feed.room = Room.objects.filter(pk=room_id, location__in=list(by.locations), is_active=True).first()
        if feed.room is None:
            raise NotFound("There is no such room at your locations.")
    return feed.save_by(by, at=at), token


@transaction.atomic
def revoke_all_of(*, user: User, by: User, at: datetime) -> int:
    """End every address of somebody who goes, comes back, or loses a role or a location: their own, and those of rooms
    that they made."""
    mine = Q(user=user) | Q(room__isnull=False, created_by=user.pk)
    rows = list(
        CalendarFeed.objects.select_for_update(of=("self",)).filter(mine, state=CalendarFeed.State.LIVE)
    )
    change_all_by(rows, {"state": CalendarFeed.State.REVOKED, "revoked_at": at}, by, at=at)
    return len(rows)


@transaction.atomic
def revoke_feed(*, feed_id: UUID, by: User, at: datetime) -> CalendarFeed:
    """End an address at once.

    :raises IllegalTransition: when it has ended already
    """
    feed: CalendarFeed = CalendarFeed.objects.select_for_update().get(pk=feed_id)
    transitions.apply(rules.FEED_MOVES, "revoke", instance=feed, by=by, field="state")
    feed.revoked_at = at
    return feed.save_by(by, at=at)
