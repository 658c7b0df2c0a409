"""Verbs of the notes: write, edit, sign, cosign, add to; and the therapist's private notes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core import crypto, transitions
from kapclinic.core.errors import ClinicError, Conflict, Invalid, NotPermitted, merge
from kapclinic.core.transitions import require_role
from kapclinic.core.wording import a
from kapclinic.practice.factors import opening
from kapclinic.practice.models import Actor, User
from kapclinic.practice.rules import DIRECTOR
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import open_task, settle_tasks
from sessions.booking.models import Session
from sessions.files.services import require_no_hold
from sessions.notes import rules, selectors
from sessions.notes.models import Addendum, Note, NoteDiscard, NoteReturn, PsychotherapyNote
from sessions.notes.rules.owed import COSIGN_WITHIN
from sessions.notes.services.amending import append_addendum
from sessions.notes.services.unsigned import ask_for_notes, settle_unsigned


class ReauthenticationFailed(ClinicError):
    code, status, title = "reauthentication_failed", 403, "The password is wrong"


class NoteExists(Conflict):
    title = "You have a note of this kind on this session already"


class SessionNotHeld(Conflict):
    title = "This session does not take place"


class SessionNotBegun(Conflict):
    code, title = "session_not_begun", "This session has not begun"


class NotOnSession(Conflict):
    code, title = "not_on_session", "You are not on this session"


class AuthorGone(Conflict):
    code, title = "author_gone", "The author of this note can't sign it again"


class NoteEmpty(Conflict):
    title = "There is nothing to sign"


def _visible_session(session_id: UUID, by: User) -> Session:
    session: Session | None = Session.objects.visible_to(by).filter(pk=session_id).first()
    if session is None:
        raise Invalid.field("session", "There is no such session for you.", code="not_found")
    return session


def _require_author(note: Note, by: User) -> None:
    if note.author_id != by.pk:
        raise NotPermitted("Only its author edits and signs a note.")


def _require_confirmed(confirmed: bool) -> None:  # noqa: FBT001
    if not confirmed:
        raise ReauthenticationFailed(
            "Sign with your own password. After too many wrong ones it is not looked at for a while."
        )


class Care(TypedDict, total=False):
    """When the author's care for the client began and ended, as they say; null or left out: as the session went."""

    service_started_at: datetime | None
    service_ended_at: datetime | None


class NotePatch(Care, total=False):
    frame: str
    sections: Mapping[str, str]


def _locked(note_id: UUID) -> Note:
    found: Note = selectors.notes().select_for_update(of=("self",)).get(pk=note_id)
    return found


def _take_care_times(note: Note, values: Care, *, at: datetime) -> None:
    """:raises Invalid: naming the times of care that can't be"""
    note.service_started_at = values.get("service_started_at", note.service_started_at)
    note.service_ended_at = values.get("service_ended_at", note.service_ended_at)
    started_at, ended_at = note.service_started_at, note.service_ended_at
    merge(rules.service_errors(started_at=started_at, ended_at=ended_at, session=note.session, at=at))


# --- clinical notes ---------------------------------------------------------------------------------------------


@transaction.atomic
def write_note(
    *,
    session_id: UUID,
    kind: str,
    frame: str,
    sections: Mapping[str, str],
    care: Care | None = None,
    by: User,
    at: datetime,
) -> Note:
    """Begin a draft on a session.

    :raises NotPermitted: for a role that does not write this kind
    :raises Invalid: for a session that the actor may not see, of another kind, sections that the frame lacks, or times
        of care that can't be
    :raises SessionNotHeld: for a held or cancelled session
    :raises NoteExists: when the author has a note of this kind on it
    """
    require_role(by, rules.WRITERS[kind], what=f"{a(kind).capitalize()} note")
    session = _visible_session(session_id, by)
    if kind not in rules.kinds_on(session.kind):
        raise Invalid.field("kind", f"This is {a(session.kind)} session.", code="kind_mismatch")
    merge(rules.section_errors(frame=frame, sections=sections))
    if session.status in rules.NOT_HELD:
        raise SessionNotHeld(f"The session is {session.status}.")
    mine = Note.objects.filter(session=session, kind=kind, author=by)
    if mine.exclude(status=Note.Status.DISCARDED).exists():
        raise NoteExists("Edit that one, or add an addendum to it.")
    note = Note(session=session, kind=kind, frame=frame, sections=dict(sections), author=by)
    _take_care_times(note, care or {}, at=at)
    return note.save_by(by, at=at)


@transaction.atomic
def edit_note(*, note_id: UUID, values: NotePatch, by: User, at: datetime) -> Note:
    """Change frame, sections or times of care of a draft.

    :raises NotPermitted: unless `by` is its author, and has a role that writes this kind still
    :raises IllegalTransition: when it is signed
    :raises Invalid: for sections that the frame lacks, or times that can't be
    """
    note = _locked(note_id)
    _require_author(note, by)
    require_role(by, rules.WRITERS[note.kind], what=f"{a(note.kind).capitalize()} note")
    transitions.apply(rules.MOVES, "edit", instance=note, by=by)
    note.frame = values.get("frame", note.frame)
    note.sections = dict(values.get("sections", note.sections))
    merge(rules.section_errors(frame=note.frame, sections=note.sections))
    _take_care_times(note, values, at=at)
    return note.save_by(by, at=at)


@transaction.atomic
def discard_note(*, note_id: UUID, reason: str, by: User, at: datetime) -> Note:
    """Throw a draft away: it says something of another session. It stays in the record as what it is, unsigned.

    :raises NotPermitted: unless `by` is its author or the medical director
    :raises IllegalTransition: once it is signed, or discarded
    """
    note = _locked(note_id)
    if note.author_id != by.pk and not by.role_set & DIRECTOR:
        raise NotPermitted("Its author or the medical director discards a draft.")
    transitions.apply(rules.MOVES, "discard", instance=note, by=by)
    NoteDiscard(note=note, reason=reason).insert_by(by, at=at)
    return note.save_by(by, at=at)


@transaction.atomic
def sign_note(*, note_id: UUID, confirmed: bool, by: User, at: datetime, covering_reason: str = "") -> Note:
    """Close a draft with the author's signature; from then on nobody changes it.

    Who was not on the session says in `covering_reason` why they write in somebody's place; of who was on it nothing
    is kept. A note on a no-show says what was done about it, and opens no billing: only a completed session does.

    A pre-licensed author's note waits for a second signature, and a row on the worklist asks for it.
    `confirmed`: the author has just given their password (`practice.doors.confirm_password`).

    :raises NotPermitted: unless `by` is its author, and has a role that writes this kind still
    :raises IllegalTransition: when it is signed already
    :raises SessionNotBegun: while the session is held or scheduled, or when it was cancelled before anybody came
    :raises NotOnSession: for a preparation, dosing or integration note by somebody who was not on the session
    :raises ReauthenticationFailed: without the right password
    :raises NoteEmpty: when no section says anything
    :raises Invalid: for times of care that can't be, of the session as it went
    """
    note = _locked(note_id)
    _require_author(note, by)
    require_role(by, rules.WRITERS[note.kind], what=f"{a(note.kind).capitalize()} note")
    transitions.apply(rules.MOVES, rules.move_of_signing(by), instance=note, by=by)
    if rules.never_began(note.session):
        raise SessionNotBegun(
            "Check the client in first: nothing has taken place.", state=note.session.status
        )
    note.covering_reason = "" if rules.was_there(note) else covering_reason
    if not rules.was_there(note) and not covering_reason:
        raise NotOnSession("Say in covering_reason why you write in the place of who was there.")
    _require_confirmed(confirmed)
    if rules.is_empty(note.sections):
        raise NoteEmpty("Write the note first.")
    _take_care_times(note, {}, at=at)
    rules.freeze_service(note)
    note.signed_by, note.signed_at, note.signature = by, at, rules.signature_of(by)
    note.signed_as = rules.signed_as(by)
    note.content_hash = rules.content_hash(note)
    note.save_by(by, at=at)
    settle_unsigned(session=note.session, by=by, at=at)
    if note.status == Note.Status.COSIGN_PENDING:
        open_task(
            kind=Kind.NOTE_COSIGN,
            location=note.session.location_id,
            client=note.session.client_id,
            subject_type="note",
            subject_id=note.pk,
            due_at=at + COSIGN_WITHIN,
            by=by,
            at=at,
        )
    return note


@transaction.atomic
def cosign_note(*, note_id: UUID, confirmed: bool, by: User, at: datetime) -> Note:
    """Put a licensed clinician's signature under a pre-licensed colleague's note.

    :raises NotPermitted: by its author, or by somebody who needs a second signature themselves
    :raises IllegalTransition: unless it waits for one
    :raises ReauthenticationFailed: without the right password
    """
    note = _locked(note_id)
    if note.author_id == by.pk or by.needs_cosign:
        raise NotPermitted("A second, licensed clinician cosigns.")
    transitions.apply(rules.MOVES, "cosign", instance=note, by=by)
    _require_confirmed(confirmed)
    note.cosigner, note.cosigned_at, note.cosignature = by, at, rules.signature_of(by)
    note.save_by(by, at=at)
    settle_tasks(kind=Kind.NOTE_COSIGN, subject_id=note.pk, by=by, at=at, outcome="cosigned")
    return note


@transaction.atomic
def return_note(*, note_id: UUID, comment: str, by: User, at: datetime) -> Note:
    """Give a note that waits for a second signature back to its author, with what is to be put right.

    It is a draft again, the signature under it is kept beside the comment, and its author owes a new one.

    :raises NotPermitted: by its author, or by somebody who needs a second signature themselves
    :raises IllegalTransition: unless it waits for one
    :raises AuthorGone: when its author has left, or writes such notes at this location no more: the words and the
        signature would be lost in a draft that nobody else may open
    """
    note = _locked(note_id)
    if note.author_id == by.pk or by.needs_cosign:
        raise NotPermitted("A second, licensed clinician returns a note.")
    transitions.apply(rules.MOVES, "return", instance=note, by=by)
    if not rules.can_sign_again(note):
        raise AuthorGone("Cosign it, and say in an addendum what is to be put right.")
    assert note.signed_at is not None  # it waits for a second signature
    NoteReturn(
        note=note,
        returned_by=by,
        comment=comment,
        signed_at=note.signed_at,
        signature=note.signature,
        content_hash=note.content_hash,
    ).insert_by(by, at=at)
    rules.take_back_signature(note)
    note.save_by(by, at=at)
    settle_tasks(kind=Kind.NOTE_COSIGN, subject_id=note.pk, by=by, at=at, outcome="returned")
    ask_for_notes(session=note.session, by=by, at=at)
    return note


@transaction.atomic
def add_addendum(*, note_id: UUID, reason: str, text: str, by: User, at: datetime) -> Addendum:
    """Add to a signed note what it lacked, beside its words and never in them.

    :raises NotPermitted: for a role that does not write this kind
    :raises IllegalTransition: unless the note is signed
    """
    note = _locked(note_id)
    require_role(by, rules.WRITERS[note.kind], what=f"An addendum to {a(note.kind)} note")
    transitions.apply(rules.MOVES, "addenda", instance=note, by=by)
    return append_addendum(note, reason=reason, text=text, by=by, at=at)


# --- psychotherapy notes ----------------------------------------------------------------------------------------


def _seal(note: PsychotherapyNote, text: str) -> None:
    note.sealed = crypto.encrypt(text, aad=note.bound_to(note.version + 1))


def write_psychotherapy_note(*, session_id: UUID, text: str, by: User, at: datetime) -> PsychotherapyNote:
    """Keep a private note on a session, sealed; only `by` can ever read it.

    :raises NotPermitted: unless `by` is a therapist
    :raises PrivateNotesSealed: since a reset by others, until they are opened
    :raises Invalid: for a session that the actor may not see
    """
    require_role(by, rules.PSYCHOTHERAPISTS, what="A psychotherapy note")
    opening.require_open(by)
    note = PsychotherapyNote(session=_visible_session(session_id, by), author=by)
    _seal(note, text)
    return note.save_by(by, at=at)


@transaction.atomic
def edit_psychotherapy_note(
    *, note: PsychotherapyNote, text: str, by: User, at: datetime
) -> PsychotherapyNote:
    """Replace the text of one's own private note; the caller has locked the row.

    :raises NotPermitted: unless `by` is its author
    :raises PrivateNotesSealed: since a reset by others, until they are opened
    :raises UnderLegalHold: while the client's record is held: no copy of the words that stand would be left
    """
    if note.author_id != by.pk:
        raise NotPermitted("A psychotherapy note is its author's alone.")
    opening.require_open(by)
    require_no_hold(note.session.client_id)
    _seal(note, text)
    return note.save_by(by, at=at)


def reseal_psychotherapy_notes(*, by: Actor, at: datetime) -> int:
    """Seal again, with the first key, what an older key sealed; returns how many notes that were.

    :raises Undecipherable: for a note whose key is not among FIELD_KEYS any more
    """
    done = 0
    for found in selectors.psychotherapy_notes_to_reseal():
        with transaction.atomic():
            rows = PsychotherapyNote.objects.select_related("session").select_for_update(of=("self",))
            note: PsychotherapyNote = rows.get(pk=found.pk)
            now, then = note.bound_to(note.version), note.bound_to(note.version + 1)
            note.sealed = crypto.rotate(bytes(note.sealed), aad=now, new_aad=then)
            note.save_by(by, at=at)
        done += 1
    return done
