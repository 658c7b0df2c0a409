"""A kept slot that is wanted a little longer: the client is still on the phone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core.errors import Conflict
from kapclinic.practice.models import User
from sessions.booking import rules
from sessions.booking.models import Allocation, SessionHold
from sessions.booking.services.allocations import lock_resources, release_kept_slot
from sessions.booking.services.bookings import HoldExpired


class HoldExtended(Conflict):
    code, title = "hold_extended", "It was kept longer once already"


@transaction.atomic
def extend_kept_slot(*, hold_id: UUID, by: User, at: datetime) -> SessionHold:
    """Keep a slot `rules.KEPT_FOR` longer than it was, once: the same people and room, in the same lanes.

    :raises HoldExpired: when it is over, was let go, or was booked
    :raises HoldExtended: the second time
    """
    hold: SessionHold = SessionHold.objects.select_for_update().get(pk=hold_id)
    if hold.released_at is not None or hold.expires_at <= at:
        raise HoldExpired("Choose a slot again.")
    if hold.extended_at is not None:
        raise HoldExtended("Book it, or choose a slot again when it is over.", expires_at=hold.expires_at)
    rows = list(Allocation.objects.filter(hold=hold, released_at__isnull=True).order_by("pk"))
    lock_resources([row.resource for row in rows])  # between letting go and holding again nobody comes in
    hold.extended_at, hold.expires_at = at, hold.expires_at + rules.KEPT_FOR
    hold.save_by(by, at=at)
    release_kept_slot(hold=hold, at=at)
    for row in rows:
        Allocation(
            hold=hold,
            expires_at=hold.expires_at,
            kind=row.kind,
            resource=row.resource,
            role=row.role,
            lanes=row.lanes,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            created_at=at,
            created_by=by.pk,
        ).save(force_insert=True)
    return hold
