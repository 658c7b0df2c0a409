"""Sessions that took place and are not written up: on the worklist of whoever owes the note, until it is signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from kapclinic.practice.models import SYSTEM, Role, SessionKind, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import Matter, keep_listed, look_at_changed, settle_tasks
from programs.policy import limit
from sessions.booking.models import Session
from sessions.notes import rules
from sessions.notes.models import Note

OVER = frozenset({Session.Status.COMPLETED, Session.Status.NO_SHOW, Session.Status.CANCELLED})


def sweep_unsigned(*, at: datetime) -> int:
    """Ask for the note of each completed session that has none, and for the signature under each draft of a session
    that is over; returns how many rows changed. A note that waits for its second signature has a row of its own.

    Looks at the sessions that changed, or whose notes, therapist or row did.
    """
    return look_at_changed(Kind.NOTE_UNSIGNED, partial(_keep_listed, at=at))


def _keep_listed(session_ids: Sequence[UUID], *, at: datetime) -> int:
    written = Note.objects.filter(session=OuterRef("pk")).exclude(status=Note.Status.DISCARDED)
    drafts = Note.objects.filter(session__in=session_ids, status=Note.Status.DRAFT, session__status__in=OVER)
    authors = dict(drafts.order_by("-created_at").values_list("session", "author"))
    rows = Session.objects.filter(
        Q(status=Session.Status.COMPLETED) & ~Exists(written) | Q(pk__in=list(authors)), pk__in=session_ids
    ).select_related("program__protocol")
    waiting = {session.pk: _matter(session, author=authors.get(session.pk)) for session in rows}
    return keep_listed(
        kind=Kind.NOTE_UNSIGNED,
        subject_type="session",
        waiting=waiting,
        by=SYSTEM,
        at=at,
        among=session_ids,
    )


def _matter(session: Session, *, author: UUID | None) -> Matter:
    hours = int(limit(session.program.protocol.limits, "note_due_hours"))
    roles = frozenset(role for kind in rules.KINDS_OF[session.kind] for role in rules.WRITERS[kind])
    return {
        "location": session.location_id,
        "client": session.client_id,
        "assignee": author or _owner(session, roles),
        "roles": roles,
        "due_at": max(session.ends_at, session.completed_at or session.ends_at) + timedelta(hours=hours),
    }


def _owner(session: Session, roles: frozenset[str]) -> UUID | None:
    """Who was there and writes such notes: the therapist before others, of a medical visit the prescriber."""
    writers = [seat for seat in session.staff if seat["role"] in roles]
    first = Role.PRESCRIBER if session.kind == SessionKind.MEDICAL else Role.THERAPIST
    writers.sort(key=lambda seat: seat["role"] != first)
    return UUID(str(writers[0]["user"])) if writers else session.program.therapist_id


def settle_unsigned(*, session: Session, by: User, at: datetime) -> None:
    """A note was signed: the row goes, unless a draft of somebody else is left, for which it stays."""
    if not Note.objects.filter(session=session, status=Note.Status.DRAFT).exists():
        settle_tasks(kind=Kind.NOTE_UNSIGNED, subject_id=session.pk, by=by, at=at, outcome="signed")
