"""Questions to what clients asked of their records."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from kapclinic.practice.selectors import person
from sessions.notes.models import Note
from sessions.rights.models import AmendmentQuerySet, AmendmentRequest, Disclosure, DisclosureQuerySet


def disclosures() -> DisclosureQuerySet:
    """Disclosures, each with its void."""
    found: DisclosureQuerySet = Disclosure.objects.select_related("void")
    return found


def requests() -> AmendmentQuerySet:
    """Requests to amend."""
    found: AmendmentQuerySet = AmendmentRequest.objects.all()
    return found


def is_of(client_id: UUID, note_id: UUID) -> bool:
    """Is the note in this person's record, as far as is known now?"""
    return Note.objects.filter(pk=note_id, session__client__in=person(client_id)).exists()


def note_of(client_id: UUID, note_id: UUID, *, locations: Iterable[UUID]) -> Note | None:
    """The note, when it is in this person's record, at one of the locations, and was not thrown away."""
    rows = Note.objects.filter(session__client__in=person(client_id), session__location__in=list(locations))
    found: Note | None = rows.exclude(status=Note.Status.DISCARDED).filter(pk=note_id).first()
    return found
