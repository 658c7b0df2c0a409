"""Questions about consents: which words are in force, and which signature stands."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import (
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from kapclinic.practice.models import User
from programs.models import Program
from programs.policy import LIMITS, limit
from programs.rules import LIVE
from screening.models import Consent, ConsentDocument
from screening.rules import documents

TEXTS = Path(__file__).resolve().parent.parent / "documents"
BEFORE_ALL = date(1900, 1, 1)


@dataclass(frozen=True)
class DocumentText:
    """A document as it is shown: its text, and the SHA-256 of exactly that text in UTF-8. `id`: of the clinic's own.

    `signed`: how many clients' signature stands on this text; `standing`: on an older one of this language.
    """

    document: str
    version: str
    language: str
    effective_on: date
    text: str
    content_hash: str
    id: UUID | None = None
    created_at: datetime | None = None
    signed: int = 0
    standing: int = 0

    @property
    def shipped(self) -> bool:
        return self.id is None


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=64)
def _shipped(document: str, version: str, language: str) -> DocumentText:
    text = (TEXTS / f"{document}-{version}.{language}.md").read_text(encoding="utf-8")
    first_day = dict(documents.DOCUMENTS[document])[version]
    return DocumentText(document, version, language, first_day, text, hash_of(text))


def as_text(row: ConsentDocument) -> DocumentText:
    return DocumentText(
        row.document,
        row.document_version,
        row.language,
        row.effective_on,
        row.text,
        row.content_hash,
        row.pk,
        row.created_at,
    )


def document_in_force(*, document: str, language: str, on: date) -> DocumentText | None:
    """The text of `document` that is put before a client on that day: the clinic's own, else what ships; or none."""
    own = ConsentDocument.objects.filter(document=document, language=language, effective_on__lte=on)
    if (row := own.order_by("-effective_on", "-pk").first()) is not None:
        return as_text(row)
    if language not in documents.SHIPPED_LANGUAGES:
        return None
    return _shipped(document, documents.version_in_force(document, on), language)


def consent_documents(*, user: User, at: datetime) -> list[DocumentText]:
    """Every text: those that ship, then the clinic's own, the first ones first.

    Each with how many of the clients whom the user may see have signed it, or an older one.
    """
    shipped = [
        _shipped(document, version, language)
        for document, versions in sorted(documents.DOCUMENTS.items())
        for version, _ in versions
        for language in documents.SHIPPED_LANGUAGES
    ]
    own = ConsentDocument.objects.order_by("document", "language", "effective_on", "pk")
    signed = _clients_by_text(user=user, at=at)
    found, older = [], Counter[tuple[str, str]]()
    for text in (*shipped, *map(as_text, own)):
        kind = (text.document, text.language)
        by = signed.get((*kind, text.version, text.id), 0)
        found.append(replace(text, signed=by, standing=older[kind]))
        older[kind] += by
    return found


def consent_document(row: ConsentDocument, *, user: User, at: datetime) -> DocumentText:
    """One of the clinic's own texts, as `consent_documents` has it."""
    return next(text for text in consent_documents(user=user, at=at) if text.id == row.pk)


def _clients_by_text(*, user: User, at: datetime) -> dict[tuple[str, str, str, UUID | None], int]:
    """(document, language, version, own text) -> whose newest signature in this language is on it, and still counts.

    It was not taken back, is not older than the protocol's `consent_days`, and its course is not over.
    """
    limits = KeyTextTransform("consent_days", "program__protocol__limits")
    days = Coalesce(Cast(limits, IntegerField()), Value(LIMITS["consent_days"]))
    age = ExpressionWrapper(days * Value(timedelta(days=1)), output_field=DurationField())
    newest = (
        Consent.objects.visible_to(user)
        .filter(status=Consent.Status.SIGNED, program__status__in=LIVE)
        .filter(signed_at__gte=ExpressionWrapper(Value(at) - age, output_field=DateTimeField()))
        .order_by("program__client_id", "document", "language", "-signed_at")
        .distinct("program__client_id", "document", "language")
    )
    rows = Consent.objects.filter(pk__in=newest.values("pk")).order_by()
    counted = rows.values_list("document", "language", "document_version", "own_document_id")
    return {tuple(text): clients for *text, clients in counted.annotate(clients=Count("pk"))}


def active_consent(*, program_id: UUID, document: str, at: datetime) -> Consent | None:
    """The signature that stands at `at`: the latest of the version in force that day, not revoked by then, not too old.

    Too old is more than the protocol's `consent_days`. One that was signed after `at` counts where none was by then, as
    with clearances.
    """
    program = Program.objects.select_related("location", "protocol").get(pk=program_id)
    signed = consents_at(program_id=program_id, document=document, at=at)
    return consent_of(signed, program=program, document=document, at=at)


def signed_consents(*, program_id: UUID, document: str) -> QuerySet[Consent]:
    """Signatures of the program's under `document`, in any version, that were not revoked; the latest first."""
    return once_signed(program_id=program_id, document=document).filter(status=Consent.Status.SIGNED)


def consents_at(*, program_id: UUID, document: str, at: datetime) -> QuerySet[Consent]:
    """As `signed_consents`, with those that were signed by `at` and revoked only after it: what was done under one
    stays as it was.
    """
    stood = Q(signed_at__lte=at, revoked_at__gt=at)
    return once_signed(program_id=program_id, document=document).filter(
        stood | Q(status=Consent.Status.SIGNED)
    )


def once_signed(*, program_id: UUID | Subquery, document: str) -> QuerySet[Consent]:
    """Every signature of the program's under `document`, also those that were revoked; the latest first.

    Each with `since`, the first day of the clinic's own text that was signed, if it is one, and `until`, that of the
    clinic's next one in this language.
    """
    signed_on = Coalesce(OuterRef("own_document__effective_on"), Value(BEFORE_ALL))
    later = Q(effective_on__gt=signed_on) | Q(effective_on=signed_on, pk__gt=OuterRef("own_document_id"))
    newer = ConsentDocument.objects.filter(
        later, document=OuterRef("document"), language=OuterRef("language")
    ).order_by("effective_on", "pk")
    rows: QuerySet[Consent] = Consent.objects.filter(
        program_id=program_id, document=document, signed_at__isnull=False
    )
    return rows.annotate(
        since=F("own_document__effective_on"), until=Subquery(newer.values("effective_on")[:1])
    ).order_by("-signed_at")


def consent_of(signed: Iterable[Consent], *, program: Program, document: str, at: datetime) -> Consent | None:
    """`active_consent` among `signed_consents`; the program comes with protocol and location."""
    on = at.astimezone(program.location.zone).date()
    oldest = at - timedelta(days=limit(program.protocol.limits, "consent_days"))
    rows = [
        (row.signed_at, row)
        for row in signed
        if row.signed_at is not None and row.signed_at >= oldest and _stands(row, document, on)
    ]
    by_then = (row for signed_at, row in rows if signed_at <= at)
    return next(by_then, None) or next((row for _, row in rows), None)


# Any: a row of `once_signed`, with what it annotates
def _stands(row: Any, document: str, on: date) -> bool:
    return documents.stands_on(
        document, version=row.document_version, since=row.since, until=row.until, on=on
    )
