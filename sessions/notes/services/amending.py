"""What is added under a signed note: by a colleague who writes such notes, or because the client had it amended."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core.errors import IllegalTransition
from kapclinic.core.transitions import require_role
from kapclinic.core.wording import a
from kapclinic.practice.models import User
from kapclinic.practice.rules import DIRECTOR
from sessions.notes import rules, selectors
from sessions.notes.models import Addendum, Note


def append_addendum(note: Note, *, reason: str, text: str, by: User, at: datetime) -> Addendum:
    """Put a row under a signed note, chained to the one before; the caller has locked the note."""
    last = note.addenda.order_by("-number").first()
    addendum = Addendum(
        note=note,
        number=last.number + 1 if last else 1,
        reason=reason,
        text=text,
        author=by,
        signature=rules.signature_of(by),
        previous_hash=last.hash if last else note.content_hash,
        created_at=at,
    )
    addendum.hash = rules.addendum_hash(addendum)
    return addendum.insert_by(by, at=at)


@transaction.atomic
def amend_note(*, note_id: UUID, reason: str, text: str, by: User, at: datetime) -> Addendum:
    """Add what the client had amended (45 CFR 164.526(c)(1): the record is identified, and the amendment appended).

    :raises NotPermitted: unless `by` writes this kind of note or is the medical director
    :raises IllegalTransition: unless the note is signed
    """
    note: Note = selectors.notes().select_for_update(of=("self",)).get(pk=note_id)
    require_role(by, rules.WRITERS[note.kind] | DIRECTOR, what=f"Amending {a(note.kind)} note")
    if note.status != Note.Status.SIGNED:
        raise IllegalTransition("The note is not signed: it has nothing to amend yet.", state=note.status)
    return append_addendum(note, reason=reason, text=text, by=by, at=at)
