"""Pure rules of what is owed: whose note of a session is missing, since when, until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from programs.models import Program
from programs.policy import limit
from sessions.booking.models import Session
from sessions.notes import rules
from sessions.notes.models import Note

COSIGN_WITHIN = timedelta(hours=72)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Written:
    """A note that was not discarded, as far as it settles what is owed."""

    author: UUID
    status: str
    kind: str
    covering: bool  # signed in the place of somebody who was there


def owing(session: Session, notes: Iterable[Written]) -> dict[UUID, str]:
    """Who still owes a note of this session that is over, and as what: clinician -> role.

    Of a completed session everybody who was on it and writes what writes it up; where nobody did, the therapist of the
    course, of whom the session must be read with its program. A colleague who signed in somebody's place has settled it
    for those who began none. Whoever has a draft owes its signature, also of a session that was cancelled or missed.
    """
    written = list(notes)
    signed = {note.author for note in written if note.status in rules.SIGNED_BY_SOMEBODY}
    drafts = {note.author for note in written if note.status == Note.Status.DRAFT}
    covered = {note.kind for note in written if note.covering and note.status in rules.SIGNED_BY_SOMEBODY}
    owed: dict[UUID, str] = {}
    if session.status == Session.Status.COMPLETED:
        seats = _writers(session)
        for who, role in seats.items():
            kinds = {kind for kind in rules.KINDS_OF[session.kind] if role in rules.WRITERS[kind]}
            if who not in signed and not covered & kinds:
                owed[who] = role
        if not seats and session.program.therapist_id is not None and not signed:
            owed[session.program.therapist_id] = "therapist"
    for author in drafts:
        owed.setdefault(author, _role_of(session, author, written))
    return owed


def _writers(session: Session) -> dict[UUID, str]:
    """Who is on the session in a role that writes it up; nobody twice."""
    roles = {role for kind in rules.KINDS_OF[session.kind] for role in rules.WRITERS[kind]}
    seats: dict[UUID, str] = {}
    for seat in session.staff:
        if seat["role"] in roles:
            seats.setdefault(UUID(str(seat["user"])), str(seat["role"]))
    return seats


def _role_of(session: Session, author: UUID, written: Iterable[Written]) -> str:
    """As what an author writes: their seat, else a role that writes their note."""
    seated = {UUID(str(seat["user"])): str(seat["role"]) for seat in session.staff}
    kinds = [note.kind for note in written if note.author == author and note.status == Note.Status.DRAFT]
    fitting = rules.WRITERS[kinds[0]]
    seat = seated.get(author)
    return seat if seat in fitting else str(max(fitting))


def due_at(session: Session, *, limits: Mapping[str, object]) -> datetime:
    """Until when a note of the session is signed: `note_hours` after it was completed (clinic policy)."""
    over = session.completed_at or session.ends_at
    return over + timedelta(hours=float(limit(limits, "note_hours")))


def due_of(session: Session, program: Program) -> datetime:
    """`due_at` by the course's protocol, which must be read with it."""
    return due_at(session, limits=program.protocol.limits)


def hours_between(earlier: datetime, later: datetime) -> float:
    """Hours with one decimal; never below 0."""
    return max(0.0, round((later - earlier) / HOUR, 1))
