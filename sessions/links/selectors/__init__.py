"""Questions to links."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from kapclinic.practice.models import Client
from kapclinic.practice.rules import token_digest
from kapclinic.practice.selectors import parted_since, person
from screening.selectors import document_in_force
from sessions.links import rules
from sessions.links.models import ClientLink

FULL = (
    "client",
    "program__client",
    "program__location",
    "program__protocol",
    "consent",
    "screening",
    "session__location",
)


def link_of(token: str) -> ClientLink | None:
    """The link of a token with all that its page shows, found by the token's digest: no comparison tells of a guess."""
    found: ClientLink | None = (
        ClientLink.objects.select_related(*FULL).filter(digest=token_digest(token)).first()
    )
    return found


def opens(link: ClientLink, *, at: datetime) -> str | None:
    """As `rules.opens`; a consent whose document has a newer version is over too, and so is a link of when the client
    was taken for another person as well: it may have gone to that one's phone, and their birth date may be the same.
    """
    found = rules.opens(link, at=at)
    if found is not None and is_anothers(link):
        return None
    if found == rules.ANSWER and link.consent is not None and is_outdated(link, at=at):
        return None
    return found


def is_anothers(link: ClientLink) -> bool:
    """Was a merge of its client taken back since it was made?"""
    made = link.created_at
    return made is not None and parted_since([link.client_id, link.program.client_id], made)


def is_outdated(link: ClientLink, *, at: datetime) -> bool:
    """Is there a newer version of the document that the link's consent puts before the client?"""
    consent = link.consent
    assert consent is not None
    today = at.astimezone(link.program.location.zone).date()
    shown = document_in_force(document=consent.document, language=consent.language, on=today)
    return shown is None or (shown.version, shown.id) != (consent.document_version, consent.own_document_id)


def births_of(client_id: UUID) -> set[date]:
    """The birth date of the person, as each of their registrations has it."""
    return set(Client.objects.filter(pk__in=person(client_id)).values_list("date_of_birth", flat=True))


def links_with_answers() -> QuerySet[ClientLink]:
    """Links with what was answered by them, for the answers of the API: one query."""
    found: QuerySet[ClientLink] = ClientLink.objects.select_related("answer", "program")
    return found


def link_by_id(link_id: UUID) -> ClientLink:
    """The link as it is now, with all that its page shows."""
    found: ClientLink = ClientLink.objects.select_related(*FULL).get(pk=link_id)
    return found
