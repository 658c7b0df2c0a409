"""The clinic's own words of the documents that clients sign."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypedDict

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import FieldError, merge
from kapclinic.practice.models import Location, User
from kapclinic.practice.rules import DIRECTOR
from screening.models import ConsentDocument
from screening.rules import documents
from screening.selectors.consents import hash_of


class DocumentWords(TypedDict):
    """A version of a document in one language, and the first day of it."""

    document: str
    language: str
    version: str
    effective_on: date
    text: str


@transaction.atomic
def add_consent_document(*, values: DocumentWords, by: User, at: datetime) -> ConsentDocument:
    """Put the clinic's own words in the place of what was signed in this language before, from `effective_on` on.

    What was signed in an older version then asks for a new signature.

    :raises NotPermitted: unless `by` is the medical director
    :raises Invalid: for a version that there is already, or a first day that is over
    """
    transitions.require_role(by, DIRECTOR, what="Writing a consent document")
    errors = []
    document, language, version = values["document"], values["language"], values["version"]
    same = ConsentDocument.objects.filter(
        document=document, language=language, document_version=version
    ).exists()
    if same or (document, language, version) in documents.shipped():
        errors.append(FieldError("/version", "taken", "This version of the document is there already."))
    if values["effective_on"] < _today(by, at):
        errors.append(FieldError("/effective_on", "past", "This day is over: what was signed on it stands."))
    merge(errors)
    return ConsentDocument(
        document=document,
        language=language,
        document_version=version,
        effective_on=values["effective_on"],
        text=values["text"],
        content_hash=hash_of(values["text"]),
    ).insert_by(by, at=at)


def _today(by: User, at: datetime) -> date:
    """The local day, where it begins last of the director's locations."""
    places = Location.objects.filter(pk__in=by.locations)
    return min((at.astimezone(place.zone).date() for place in places), default=at.date())
