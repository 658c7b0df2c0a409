"""Pure rules of the notes: frames, who writes which kind, the moves, what a signature covers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from kapclinic.core import transitions
from kapclinic.core.audited import HasId
from kapclinic.core.errors import FieldError
from kapclinic.core.transitions import Move
from kapclinic.practice.models import Role, SessionKind, User
from kapclinic.practice.rules import CLINICIANS, DIRECTOR
from sessions.booking.models import Session
from sessions.notes.models import Addendum, Note

K, S = Note.Kind, Note.Status

READERS = CLINICIANS
SIGNED_BY_SOMEBODY = frozenset({S.COSIGN_PENDING, S.SIGNED})
WRITERS: Mapping[str, frozenset[str]] = {
    K.PREPARATION: frozenset({Role.THERAPIST}),
    K.INTEGRATION: frozenset({Role.THERAPIST}),
    K.DOSING: frozenset({Role.NURSE_PRACTITIONER, Role.THERAPIST, Role.PRESCRIBER}),
    K.MEDICAL: frozenset({Role.NURSE_PRACTITIONER, Role.PRESCRIBER}),
}
ANY_WRITER = frozenset({Role.NURSE_PRACTITIONER, Role.THERAPIST, Role.PRESCRIBER})
COSIGNERS = frozenset({Role.THERAPIST, Role.PRESCRIBER})
PSYCHOTHERAPISTS = frozenset({Role.THERAPIST})

MOVES = {
    "edit": Move.of({S.DRAFT}, None, ANY_WRITER),
    "sign": Move.of({S.DRAFT}, S.SIGNED, ANY_WRITER),
    "sign_for_cosign": Move.of({S.DRAFT}, S.COSIGN_PENDING, ANY_WRITER),
    "discard": Move.of({S.DRAFT}, S.DISCARDED, ANY_WRITER | DIRECTOR),
    "cosign": Move.of({S.COSIGN_PENDING}, S.SIGNED, COSIGNERS),
    "return": Move.of({S.COSIGN_PENDING}, S.DRAFT, COSIGNERS),
    "addenda": Move.of({S.SIGNED}, None, ANY_WRITER),
}

# What writes a session up: a note of its kind; a maintenance session is written up as therapy or as a medical visit.
KINDS_OF: Mapping[str, frozenset[str]] = {
    SessionKind.PREPARATION: frozenset({K.PREPARATION}),
    SessionKind.DOSING: frozenset({K.DOSING}),
    SessionKind.INTEGRATION: frozenset({K.INTEGRATION}),
    SessionKind.MEDICAL: frozenset({K.MEDICAL}),
    SessionKind.MAINTENANCE: frozenset({K.INTEGRATION, K.MEDICAL}),
}
# A medical visit may happen within any session (facts 11): a note of it stands beside those that write the session up.
ON_ANY_SESSION = frozenset({K.MEDICAL})
NOT_BEGUN = frozenset({Session.Status.HELD, Session.Status.SCHEDULED})
# Written by who was there, or by who says why they write in somebody else's place.
BY_WHO_WAS_THERE = frozenset({K.PREPARATION, K.DOSING, K.INTEGRATION})
NOT_HELD = frozenset({Session.Status.HELD, Session.Status.CANCELLED})

FRAMES: Mapping[str, tuple[str, ...]] = {
    Note.Frame.DAP: ("data", "assessment", "plan"),
    Note.Frame.SOAP: ("subjective", "objective", "assessment", "plan"),
    Note.Frame.BIRP: ("behavior", "intervention", "response", "plan"),
}
MOST_SECTIONS, LONGEST_NAME = 30, 60
LONGEST_CARE = timedelta(hours=16)


def never_began(session: Session) -> bool:
    """Nobody was there, as far as the record knows: a note of it would tell of a visit that never was."""
    called_off = session.status == Session.Status.CANCELLED and session.checked_in_at is None
    return called_off or session.status in NOT_BEGUN


def can_sign_again(note: Note) -> bool:
    """Would its author still reach a draft of it, and sign it? Only they ever may."""
    author = note.author
    writes = bool(author.role_set & WRITERS[note.kind])
    return author.is_active and writes and note.session.location_id in author.locations


def section_errors(*, frame: str, sections: Mapping[str, str]) -> list[FieldError]:
    """Sections that the frame does not have; a free note has any, within reason."""
    known = FRAMES.get(frame)
    if known is not None:
        return [
            FieldError(f"/sections/{name}", "unknown_section", f"A {frame} note has: {', '.join(known)}.")
            for name in sections
            if name not in known
        ]
    if len(sections) > MOST_SECTIONS:
        return [FieldError("/sections", "max_length", f"A note has {MOST_SECTIONS} sections at most.")]
    return [
        FieldError(
            "/sections", "invalid", f"A section has a name of 1 to {LONGEST_NAME} printable characters."
        )
        for name in sections
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable()
    ]


def service_errors(
    *, started_at: datetime | None, ended_at: datetime | None, session: Session, at: datetime
) -> list[FieldError]:
    """What is wrong with the times of care that an author says: both or none, in order, of the session's day, past.

    The day is the location's own. Call with the session's location at hand.
    """
    if started_at is None and ended_at is None:
        return []
    if started_at is None or ended_at is None:
        missing = "service_started_at" if started_at is None else "service_ended_at"
        return [FieldError(f"/{missing}", "required", "Say when the care began and when it ended.")]
    if ended_at <= started_at:
        return [FieldError("/service_ended_at", "reversed", "The end must lie after the start.")]
    zone = session.location.zone
    day = (session.started_at or session.checked_in_at or session.starts_at).astimezone(zone).date()
    errors = []
    if started_at.astimezone(zone).date() != day:
        detail = f"The session is of {day}: its care began on that day."
        errors.append(FieldError("/service_started_at", "other_day", detail))
    if ended_at > at:
        errors.append(FieldError("/service_ended_at", "in_future", "This is still to come."))
    if ended_at - started_at > LONGEST_CARE:
        errors.append(FieldError("/service_ended_at", "implausible", "That is longer than a day's work."))
    return errors


def freeze_service(note: Note) -> None:
    """Close the times of care with the signature: as the author said, else as the session went so far.

    An end that is still open at the signature is the session's `completed_at` (`service_minutes`).
    """
    if note.service_started_at is not None:
        note.minutes_source = Note.MinutesSource.SAID
        return
    session = note.session
    began = session.started_at or session.checked_in_at
    if began is None:
        return
    over = session.completed_at is not None and session.completed_at >= began
    note.service_started_at, note.service_ended_at = began, session.completed_at if over else None
    note.minutes_source = Note.MinutesSource.SESSION


def service_minutes(note: Note) -> int | None:
    """The whole minutes of care that a signed note bears out; None while nobody knows.

    A note that was signed before these times were kept, or before the session ended, counts the session's own.
    """
    session = note.session
    began = note.service_started_at or session.started_at or session.checked_in_at
    ended = note.service_ended_at or session.completed_at
    if began is None or ended is None:
        return None
    return max(0, int((ended - began).total_seconds() // 60))


def kinds_on(session_kind: str) -> frozenset[str]:
    """The kinds of note that may be written on a session of this kind."""
    return KINDS_OF[session_kind] | ON_ANY_SESSION


def note_kind_of(user: User, *, session_kind: str) -> str:
    """Which kind of note this person would write on a session of this kind."""
    kinds = [*sorted(KINDS_OF[session_kind]), *sorted(ON_ANY_SESSION)]
    return next((kind for kind in kinds if user.role_set & WRITERS[kind]), kinds[0])


def is_empty(sections: Mapping[str, str]) -> bool:
    return not any(text.strip() for text in sections.values())


def was_there(note: Note) -> bool:
    """Is the author of this note among the staff of its session, or is it of a kind that does not ask?"""
    on_it = {str(seat["user"]) for seat in note.session.staff}
    return note.kind not in BY_WHO_WAS_THERE or str(note.author_id) in on_it


def move_of_signing(by: User) -> str:
    """A pre-licensed author's signature waits for a second one."""
    return "sign_for_cosign" if by.needs_cosign else "sign"


def allowed_moves(note: Note, *, by: User) -> list[str]:
    """The moves by their addresses: only the author edits and signs, anybody licensed but the author cosigns."""
    own = note.author_id == by.pk
    second = not own and not by.needs_cosign
    mine = {"edit": own, "sign": own, "sign_for_cosign": False, "cosign": second, "return": second}
    mine["discard"] = own or bool(by.role_set & DIRECTOR)
    mine["addenda"] = bool(by.role_set & WRITERS[note.kind])
    return [name for name in transitions.allowed(MOVES, state=note.status, by=by) if mine[name]]


def reads_words(note: Note, *, by: HasId) -> bool:
    """Does this person read what the note says? An unsigned one is its author's: others see that there is one."""
    return note.author_id == by.pk or note.status in SIGNED_BY_SOMEBODY


def signed_as(user: User) -> dict[str, object]:
    """Who signs, in parts, as they are at that moment: name, credentials, license, NPI, needs a second signature?"""
    return {
        "name": user.name,
        "credentials": user.credentials,
        "license": f"{user.license_state} {user.license_number}".strip() if user.license_number else "",
        "npi": user.npi,
        "needs_cosign": user.needs_cosign,
    }


def take_back_signature(note: Note) -> None:
    """The signature falls, and what it closed is open again; times of care that the author said stay said."""
    note.signed_at, note.signed_by, note.signed_as = None, None, None
    note.signature, note.content_hash, note.covering_reason = "", "", ""
    if note.minutes_source == Note.MinutesSource.SESSION:
        note.service_started_at, note.service_ended_at = None, None
    note.minutes_source = Note.MinutesSource.NONE


def signature_of(user: User) -> str:
    """Who signs, as a line of text: name, credentials, license."""
    license_ = (
        f"license {user.license_state} {user.license_number}".replace("  ", " ")
        if user.license_number
        else ""
    )
    return ", ".join(part for part in (user.name, user.credentials, license_) if part)


def _digest(content: Mapping[str, object]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat()


def content_hash(note: Note) -> str:
    """SHA-256 of what the author signed: the words, whose they are, when and as what they were signed, and the times of
    care. What a note does not have is left out, so that older notes keep their hash.
    """
    covering: dict[str, object] = {"covering_reason": note.covering_reason} if note.covering_reason else {}
    if note.signed_as is not None:
        covering["signed_as"] = note.signed_as
    service = {
        "service_started_at": _moment(note.service_started_at),
        "service_ended_at": _moment(note.service_ended_at),
        "minutes_source": str(note.minutes_source),
    }
    return _digest(
        covering
        | (service if note.minutes_source else {})
        | {
            "id": str(note.pk),
            "session": str(note.session_id),
            "kind": str(note.kind),
            "frame": str(note.frame),
            "sections": note.sections,
            "author": str(note.author_id),
            "signed_at": _moment(note.signed_at),
            "signature": note.signature,
        }
    )


def addendum_hash(addendum: Addendum) -> str:
    """SHA-256 of an addendum and of the hash before it: the note's, or the previous addendum's."""
    return _digest(
        {
            "id": str(addendum.pk),
            "note": str(addendum.note_id),
            "number": addendum.number,
            "previous": addendum.previous_hash,
            "reason": addendum.reason,
            "text": addendum.text,
            "author": str(addendum.author_id),
            "at": _moment(addendum.created_at),
            "signature": addendum.signature,
        }
    )


def fault(note: Note, addenda: Iterable[Addendum]) -> str | None:
    """What is wrong with a signed note or its addenda, in order; None when every hash holds."""
    if content_hash(note) != note.content_hash:
        return "was changed after it was signed"
    previous = note.content_hash
    for addendum in addenda:
        if addendum.previous_hash != previous or addendum_hash(addendum) != addendum.hash:
            return f"has an addendum that was changed: {addendum.pk}"
        previous = addendum.hash
    return None
