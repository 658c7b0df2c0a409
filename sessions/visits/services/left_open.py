"""Sessions whose client came and that nobody ended: they stay on the worklist until somebody does."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kapclinic.practice.models import SYSTEM, Actor, Role
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import Matter, keep_listed, settle_tasks
from sessions.booking.models import Session
from sessions.booking.rules.days import day_of

HERE = frozenset({Session.Status.CHECKED_IN, Session.Status.IN_PROGRESS})


def owner_of(session: Session, *roles: str) -> UUID | None:
    """Who of the session's staff answers for it: the first in one of these roles, else the first."""
    staff = sorted(
        session.staff, key=lambda seat: roles.index(seat["role"]) if seat["role"] in roles else len(roles)
    )
    return UUID(str(staff[0]["user"])) if staff else None


def sweep_left_open(*, at: datetime) -> int:
    """Put on the worklist what is still open after the session's own day; returns how many rows changed."""
    rows = Session.objects.filter(status__in=HERE, ends_at__lte=at).select_related("program__protocol")
    waiting: dict[UUID, Matter] = {
        session.pk: {
            "location": session.location_id,
            "client": session.client_id,
            "assignee": owner_of(session, Role.THERAPIST, Role.NURSE_PRACTITIONER),
            "due_at": day_of(session)[1],
        }
        for session in rows
        if day_of(session)[1] <= at
    }
    return keep_listed(kind=Kind.SESSION_LEFT_OPEN, subject_type="session", waiting=waiting, by=SYSTEM, at=at)


def settle_left_open(*, session: Session, by: Actor, at: datetime) -> None:
    """The session was ended: nobody is asked to any more."""
    settle_tasks(kind=Kind.SESSION_LEFT_OPEN, subject_id=session.pk, by=by, at=at, outcome=session.status)
