"""Sessions that are over and not written up: a row of the worklist for each clinician who owes a note, until signed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from kapclinic.practice.models import SYSTEM, Actor, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail.models import Task
from kapclinic.trail.services import Matter, keep_listed, look_at_changed, open_tasks, settle
from sessions.booking.models import Session
from sessions.notes.models import Note, OwedNote
from sessions.notes.rules import owed

OVER = frozenset({Session.Status.COMPLETED, Session.Status.NO_SHOW, Session.Status.CANCELLED})
SUBJECT = "owed_note"
Debts = dict[tuple[UUID, UUID], Matter]  # (session, clinician) -> their row


def sweep_unsigned(*, at: datetime) -> int:
    """Ask each clinician for the note that they owe of a session that is over, until they have signed it; returns how
    many rows changed. A note that waits for its second signature has a row of its own. One that is not signed in time
    climbs to the medical director by the step `worklist`.

    Looks at the sessions that changed, or whose notes, therapist or rows did.
    """
    return look_at_changed(Kind.NOTE_UNSIGNED, partial(_keep_listed, at=at))


def _keep_listed(subjects: Sequence[UUID], *, at: datetime) -> int:
    ticked = OwedNote.objects.filter(pk__in=subjects).values_list("session", flat=True)
    ids = {*subjects, *ticked}
    rows = Session.objects.filter(pk__in=ids, status__in=OVER).select_related("program__protocol")
    waiting = _rows(_debts(list(rows)), by=SYSTEM, at=at)
    known = OwedNote.objects.filter(session__in=ids).values_list("pk", flat=True)
    keep = partial(keep_listed, kind=Kind.NOTE_UNSIGNED, by=SYSTEM, at=at)
    # Rows of a session as a whole are of before each clinician had one.
    whole = keep(subject_type="session", waiting={}, among=ids)
    return whole + keep(subject_type=SUBJECT, waiting=waiting, among=set(known))


def _debts(sessions: Collection[Session]) -> Debts:
    """What is still owed of these sessions that are over, each with its program and protocol."""
    written: dict[UUID, list[owed.Written]] = defaultdict(list)
    if sessions:
        notes = Note.objects.filter(session__in=sessions).exclude(status=Note.Status.DISCARDED)
        for session_id, author, status, kind, reason in notes.values_list(
            "session", "author", "status", "kind", "covering_reason"
        ):
            written[session_id].append(owed.Written(author, status, kind, covering=bool(reason)))
    return {
        (session.pk, who): {
            "location": session.location_id,
            "client": session.client_id,
            "assignee": who,
            "roles": {role},
            "due_at": owed.due_of(session, session.program),
        }
        for session in sessions
        for who, role in owed.owing(session, written[session.pk]).items()
    }


def _rows(debts: Debts, *, by: Actor, at: datetime) -> dict[UUID, Matter]:
    """The debts by the row that each is the matter of; what has none yet gets one."""
    if not debts:
        return {}
    known = OwedNote.objects.filter(session__in={session for session, _ in debts})
    keys = {(session, who): pk for pk, session, who in known.values_list("pk", "session", "clinician")}
    for session, who in debts.keys() - keys.keys():
        row: OwedNote = OwedNote(session_id=session, clinician_id=who).insert_by(by, at=at)
        keys[session, who] = row.pk
    return {keys[debt]: matter for debt, matter in debts.items()}


def ask_for_notes(*, session: Session, by: Actor, at: datetime) -> None:
    """The session is over, or a signature fell: each clinician who owes a note of it has a row now.

    A part of the verb that ends the session or takes the signature back, and of its transaction.
    """
    matters = _rows(_debts([session] if session.status in OVER else []), by=by, at=at)
    if matters:
        open_tasks(kind=Kind.NOTE_UNSIGNED, subject_type=SUBJECT, matters=matters, by=by, at=at)


def settle_unsigned(*, session: Session, by: User, at: datetime) -> None:
    """`by` has signed a note of the session: their row goes. Who was covered for loses theirs with the next sweep."""
    mine = OwedNote.objects.filter(session=session, clinician=by)
    rows = Task.objects.open().filter(kind=Kind.NOTE_UNSIGNED, subject_id__in=mine.values("pk"))
    settle(rows.select_for_update(), by=by, at=at, outcome="signed")
