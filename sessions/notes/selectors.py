"""Questions to the notes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from kapclinic.core import crypto
from sessions.booking.models import Session
from sessions.dosing import selectors as dosing
from sessions.monitoring import selectors as monitoring
from sessions.notes import rules
from sessions.notes.models import Note, NoteQuerySet, PsychotherapyNote, RecordEntry
from sessions.notes.rules import records

PEAKS = ("systolic", "diastolic", "heart_rate")


def signed_note_exists(*, session_id: UUID) -> bool:
    """Whether the session has a signed note; a note can only be of its session's kind."""
    return Note.objects.filter(session_id=session_id, status=Note.Status.SIGNED).exists()


def signed_notes(*, session_id: UUID) -> QuerySet[Note]:
    """The session's signed notes, each with its author and cosigner; a pre-licensed author's counts once cosigned."""
    rows: QuerySet[Note] = Note.objects.filter(session_id=session_id, status=Note.Status.SIGNED)
    return rows.select_related("session", "author", "cosigner").order_by("signed_at", "pk")


def waits_for_cosigner(*, session_id: UUID, author_id: UUID) -> bool:
    """Has this author signed a note of the session that a licensed colleague has not?"""
    rows = Note.objects.filter(session_id=session_id, author_id=author_id)
    return rows.filter(status=Note.Status.COSIGN_PENDING).exists()


def bears_signature(*, session_id: UUID) -> bool:
    """Whether somebody has put their name under a note of the session, also one that waits for a second signature."""
    names = [Note.Status.SIGNED, Note.Status.COSIGN_PENDING]
    return Note.objects.filter(session_id=session_id, status__in=names).exists()


def sessions_with_signed_notes(queryset: QuerySet[Session]) -> QuerySet[Session]:
    """Each session with `has_signed_note`, in the same query."""
    signed = Note.objects.filter(session=OuterRef("pk"), status=Note.Status.SIGNED)
    return queryset.annotate(has_signed_note=Exists(signed))


def with_first_signature(sessions: QuerySet[Session]) -> list[tuple[Session, datetime]]:
    """Those of the sessions that have a signed note, each with the moment at which the first one was signed."""
    signed = Note.objects.filter(session=OuterRef("pk"), status=Note.Status.SIGNED)
    rows = sessions.annotate(first=Subquery(signed.order_by("signed_at").values("signed_at")[:1]))
    found = rows.filter(first__isnull=False)
    moments = dict(found.values_list("pk", "first"))
    return [(session, moments[session.pk]) for session in sessions.filter(pk__in=list(moments))]


def notes() -> NoteQuerySet:
    """Notes with what an answer shows: one query, and one for the addenda."""
    found: NoteQuerySet = Note.objects.select_related("session__location", "author", "discard")
    return found.prefetch_related("addenda")


def text_of(note: PsychotherapyNote) -> str:
    """The private text, opened.

    :raises Undecipherable: without its key, or when the row was tampered with
    """
    return crypto.decrypt(bytes(note.sealed), aad=note.bound_to(note.version))


def psychotherapy_notes_to_reseal() -> Iterator[PsychotherapyNote]:
    """Those that another key than the first one sealed."""
    rows = PsychotherapyNote.objects.select_related("session").order_by("pk")
    return (note for note in rows.iterator(chunk_size=500) if not crypto.is_current(bytes(note.sealed)))


def signed_notes_problem() -> str | None:
    """What is wrong with the first signed note whose hashes don't hold; None when all do (for `verify_audit`)."""
    signed = (
        Note.objects.exclude(status__in=[Note.Status.DRAFT, Note.Status.DISCARDED])
        .prefetch_related("addenda")
        .order_by("pk")
    )
    for note in signed.iterator(chunk_size=500):
        if (why := rules.fault(note, note.addenda.all())) is not None:
            return f"note {note.pk} {why}."
    return None


def record_entries(*, session_id: UUID) -> QuerySet[RecordEntry]:
    """The session's entries in the order in which they were observed, each with its void."""
    found: QuerySet[RecordEntry] = RecordEntry.objects.filter(session_id=session_id)
    return found.select_related("void", "recorded_by").order_by("observed_at", "pk")


class Adverse(TypedDict):
    """The adverse events of a session, or the entry that says that there was none."""

    ids: list[UUID]
    none_observed: UUID | None
    overtaken: bool


class SessionRecord(TypedDict):
    session_id: UUID
    status: str
    entries: list[RecordEntry]
    setting: dict[str, object]
    peaks: dict[str, records.Peak | None]
    adverse_events: Adverse


def record_of(session: Session) -> SessionRecord:
    """The session's own record, whole: its entries, the setting at last, the peaks, and what was adverse.

    Pressure and heart rate peak over the standing readings, dissociation (0-10) over the observations too. "None
    observed" no longer counts once there is an adverse event on the session, whichever was recorded first.
    """
    entries = list(record_entries(session_id=session.pk))
    standing = [entry for entry in entries if not hasattr(entry, "void")]
    readings = list(monitoring.standing_readings(session_id=session.pk))
    peaks = {sign: records.peak((row.measured_at, getattr(row, sign)) for row in readings) for sign in PEAKS}
    none = [entry for entry in standing if entry.part == RecordEntry.Part.NONE_OBSERVED]
    events = list(dosing.named_on(session_id=session.pk).values_list("pk", flat=True))
    return {
        "session_id": session.pk,
        "status": session.status,
        "entries": entries,
        "setting": records.setting_of(standing),
        "peaks": peaks | {"dissociation": records.peak(records.dissociations(standing))},
        "adverse_events": {
            "ids": events,
            "none_observed": none[-1].pk if none else None,
            "overtaken": bool(none and events),
        },
    }
