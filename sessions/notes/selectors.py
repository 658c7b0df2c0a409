"""Questions to the notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, JSONObject

from kapclinic.core import crypto
from kapclinic.practice.models import User
from sessions.booking.models import Session
from sessions.dosing import selectors as dosing
from sessions.integration.models import Obligation
from sessions.monitoring import selectors as monitoring
from sessions.notes import rules
from sessions.notes.models import (
    Note,
    NoteQuerySet,
    NoteReturn,
    OwedNote,
    PsychotherapyNote,
    RecordEntry,
)
from sessions.notes.rules import records
from sessions.notes.rules.owed import hours_between

PEAKS = ("systolic", "diastolic", "heart_rate")


def signed_note_exists(*, session_id: UUID) -> bool:
    """Whether the session has a signed note, of whatever kind."""
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
    """Notes with what an answer shows: one query, and one for the addenda.

    `returned` is what `returns_of` reads, `dose_told` what `dose_of` reads.
    """
    found: NoteQuerySet = Note.objects.select_related(
        "session__location", "session__client", "author", "discard"
    )
    return found.annotate(returned=_returns(), dose_told=_last_dose()).prefetch_related("addenda")


def on_paper() -> QuerySet[Note]:
    """Notes with all that their paper shows (`page.print_note`)."""
    found: QuerySet[Note] = Note.objects.select_related("session__location", "session__client")
    return found.prefetch_related("addenda")


def _returns() -> ArraySubquery:
    """For a note: the comments of cosigners who gave it back."""
    returns = NoteReturn.objects.filter(note=OuterRef("pk")).order_by("created_at", "pk")
    told = JSONObject(by="returned_by", by_name="returned_by__name", comment="comment", at="created_at")
    return ArraySubquery(returns.values(told=told))


def _last_dose() -> Subquery:
    """For a note: the dose whose integration its session was, else the last one of the course before the session."""
    began = Coalesce(
        OuterRef("session__started_at"), OuterRef("session__checked_in_at"), OuterRef("session__starts_at")
    )
    its_own = Q(integration_session=OuterRef("session"))
    before = Obligation.objects.filter(
        its_own | (Q(dosed_at__lt=began) & ~Q(state=Obligation.State.VOIDED)),
        program=OuterRef("session__program"),
    )
    told = JSONObject(
        session="dosing_session",
        given_at="dosed_at",
        window_start="window_start",
        window_end="window_end",
        state=Case(When(its_own, then=F("state")), default=Value("")),
    )
    ranked = before.annotate(own=Case(When(its_own, then=Value(1)), default=Value(0)))
    return Subquery(ranked.order_by("-own", "-dosed_at").values(told=told)[:1])


@dataclass(frozen=True)
class Returned:
    """A cosigner's word on a note that they gave back."""

    by: UUID
    by_name: str
    comment: str
    at: datetime


def returns_of(note: Note) -> list[Returned]:
    """The comments of cosigners who gave the note back, the oldest first."""
    if "returned" in vars(note):
        told = vars(note)["returned"]
    else:
        told = Note.objects.values_list(_returns(), flat=True).get(pk=note.pk)
    return [
        Returned(UUID(row["by"]), row["by_name"], row["comment"], datetime.fromisoformat(row["at"]))
        for row in told
    ]


@dataclass(frozen=True)
class Dose:
    """The dose that an integration note is about: its session, when it was first given, the hours from there to the
    session of the note, and whether that lies inside the protocol's window for it.
    """

    session: UUID
    given_at: datetime
    hours: float
    in_window: bool


def dose_of(note: Note) -> Dose | None:
    """Of an integration note the dose before it; None for another kind, and for a course without a dose until then.

    What met an obligation was in its window, whatever early start the protocol allows.
    """
    if note.kind != Note.Kind.INTEGRATION:
        return None
    if "dose_told" in vars(note):
        told = vars(note)["dose_told"]
    else:
        told = Note.objects.values_list(_last_dose(), flat=True).get(pk=note.pk)
    if told is None:
        return None
    session = note.session
    began = session.started_at or session.checked_in_at or session.starts_at
    given, start, end = (
        datetime.fromisoformat(told[key]) for key in ("given_at", "window_start", "window_end")
    )
    settled = {Obligation.State.MET: True, Obligation.State.MET_LATE: False}
    return Dose(
        session=UUID(told["session"]),
        given_at=given,
        hours=hours_between(given, began),
        in_window=settled.get(told["state"], start <= began < end),
    )


# --- the inbox --------------------------------------------------------------------------------------------------


class Inbox(TypedDict):
    """What waits for one person; the oldest first."""

    to_write: list[Session]
    drafts: list[Note]
    to_cosign: list[Note]


def inbox(*, user: User) -> Inbox:
    """The sessions that the user has still to write up, their drafts, and what waits for their second signature.

    Three statements, whatever waits.
    """
    own = Note.objects.filter(session=OuterRef("session"), author=user).exclude(status=Note.Status.DISCARDED)
    covered = Note.objects.filter(session=OuterRef("session"), status__in=rules.SIGNED_BY_SOMEBODY)
    owed = OwedNote.objects.filter(clinician=user, session__status=Session.Status.COMPLETED)
    owed = owed.filter(~Exists(own), ~Exists(covered.exclude(covering_reason="")))
    related = ("program__protocol", "client", "location")
    to_write = Session.objects.visible_to(user).filter(pk__in=owed.values("session"))
    seen = Note.objects.visible_to(user).select_related("author", *(f"session__{name}" for name in related))
    mine = seen.filter(author=user, status=Note.Status.DRAFT).order_by("created_at", "pk")
    waiting = seen.filter(status=Note.Status.COSIGN_PENDING).exclude(author=user)
    cosigns = bool(user.role_set & rules.COSIGNERS) and not user.needs_cosign
    return {
        "to_write": list(to_write.select_related(*related).order_by("completed_at", "pk")),
        "drafts": list(mine),
        "to_cosign": list(waiting.order_by("signed_at", "pk")) if cosigns else [],
    }


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
