"""A session whose person, room or hours are gone: it keeps its time, and somebody must see to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from kapclinic.practice.models import SYSTEM, Actor
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from sessions.booking import rules
from sessions.booking.models import Allocation, Session
from sessions.booking.rules import StoredStaff


def leave_session(
    *, session: Session, staff: Sequence[StoredStaff], room: UUID | None, by: Actor, at: datetime
) -> Session:
    """Leave a session with `staff` and `room`, what is still there; all else that it held of these is let go.

    A row on the worklist asks for the rest until it is booked anew or over. The caller has locked the session.
    """
    session.staff, session.room_id = list(staff), room
    session.left_at = session.left_at or at
    stays = Q(kind=Allocation.Kind.CLIENT)
    for row in staff:
        stays |= Q(kind=Allocation.Kind.STAFF, resource=row["user"], role=row["role"])
    if room is not None:
        stays |= Q(kind=Allocation.Kind.ROOM, resource=room)
    held = Allocation.objects.filter(session=session, released_at__isnull=True)
    held.exclude(stays).update(released_at=at)
    trail.open_task(
        kind=Kind.SESSION_UNSTAFFED,
        location=session.location_id,
        client=session.client_id,
        subject_type="session",
        subject_id=session.pk,
        due_at=session.starts_at,
        by=SYSTEM,
        at=at,
    )
    return session.save_by(by, at=at)


def settle_left(*, session: Session, outcome: str, by: Actor, at: datetime) -> None:
    """Take the row of a session that was left off the worklist: it is over. Nothing for any other session."""
    if session.left_at is not None:
        trail.settle_tasks(kind=Kind.SESSION_UNSTAFFED, subject_id=session.pk, by=by, at=at, outcome=outcome)


def settle_rebooked(*, session: Session, by: Actor, at: datetime) -> None:
    """A session that was left is booked anew: the row goes once somebody is there for each part, and a room if one is
    needed. The caller saves."""
    if session.left_at is None:
        return
    length = int((session.ends_at - session.starts_at).total_seconds() // 60)
    needs = rules.needs_of(kind=session.kind, protocol=session.program.protocol, length_min=length)
    if rules.unfilled(needs, session.staff):
        return
    settle_left(session=session, outcome="booked anew", by=by, at=at)
    session.left_at = None
