"""Consents: the document in force is put before the client, signed, and perhaps revoked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core import scope, transitions
from kapclinic.core.errors import Conflict, Invalid, merge
from kapclinic.practice.models import Actor, User
from screening import rules, selectors
from screening.models import Consent
from screening.rules import signatures
from screening.services.access import require_open, visible_program


class ConsentDraft(TypedDict):
    program: UUID
    document: str
    language: str


class OutdatedDocument(Conflict):
    code, title = "outdated_document", "A newer version of this document is in force"


def create_consent(*, values: ConsentDraft, by: User, at: datetime) -> Consent:
    """Put the version of a document that is in force before the client, as a draft with its exact text and hash.

    :raises Invalid: for a program that the actor may not see, or a language without a text
    :raises ProgramNotActive: when the course is over
    """
    program = visible_program(program_id=values["program"], by=by)
    require_open(program)
    today = at.astimezone(program.location.zone).date()
    shown = selectors.document_in_force(document=values["document"], language=values["language"], on=today)
    if shown is None:
        raise Invalid.field("language", "There is no text of this document in this language.", code="no_text")
    return Consent(
        program=program,
        document=values["document"],
        document_version=shown.version,
        language=shown.language,
        text=shown.text,
        content_hash=shown.content_hash,
        own_document_id=shown.id,
    ).save_by(by, at=at)


def _locked(consent_id: UUID) -> Consent:
    locked = Consent.objects.select_for_update(of=("self",)).select_related("program__location")
    found: Consent = locked.get(pk=consent_id)
    return found


@transaction.atomic
def sign_consent(
    *,
    consent_id: UUID,
    signer_name: str,
    method: str,
    signature: str,
    by: Actor,
    at: datetime,
    collected_by: UUID | None = None,
    signer_relationship: str = Consent.Relationship.SELF,
) -> Consent:
    """Record the signature, and who collected it (ESIGN/UETA: intent, attribution, association, retention).

    A client who signs at a distance is `by` themselves; `collected_by` is then the staff member who sent the link.
    `signer_relationship`: the client, or by which authority somebody signs for them (45 CFR 164.508(c)(1)(vi)).

    :raises IllegalTransition: unless it is a draft
    :raises OutdatedDocument: when the draft's version is no longer in force
    :raises Invalid: for a drawn signature without its drawing, or with one on which nothing is drawn
    """
    consent = _locked(consent_id)
    transitions.apply(rules.CONSENT_MOVES, "sign", instance=consent, by=by)
    if method == Consent.Method.DRAWN:
        merge(signatures.drawing_errors(signature))
    today = at.astimezone(consent.program.location.zone).date()
    shown = selectors.document_in_force(document=consent.document, language=consent.language, on=today)
    if shown is None or (shown.version, shown.id) != (consent.document_version, consent.own_document_id):
        version = shown.version if shown else None
        raise OutdatedDocument("Put the new version before the client.", document_version=version)
    consent.signer_name, consent.method, consent.signature = signer_name, method, signature
    consent.signer_relationship = signer_relationship
    consent.signed_at, consent.collected_by_id = at, collected_by or by.pk
    return consent.save_by(by, at=at)


@transaction.atomic
def revoke_consent(*, consent_id: UUID, reason: str, by: User, at: datetime) -> Consent:
    """Record that the client took the consent back; what was done under it stays as it was.

    It is one signature: where a later course took it over, it is taken back too.

    :raises IllegalTransition: unless it is signed
    """
    consent = _locked(consent_id)
    transitions.apply(rules.CONSENT_MOVES, "revoke", instance=consent, by=by)
    _revoke(consent, reason=reason, by=by, at=at)
    with scope.crossing():  # the course that goes on may be another location's
        for copy in _taken_over(consent):
            copy.status = Consent.Status.REVOKED
            _revoke(copy, reason=reason, by=by, at=at)
    return consent


def _taken_over(consent: Consent) -> Iterator[Consent]:
    """Where it counts in the courses that continued this one, each locked when its turn comes."""
    signed = Consent.objects.filter(carried_from=consent, status=Consent.Status.SIGNED).order_by("pk")
    for copy in signed.select_for_update(of=("self",)):
        yield copy
        yield from _taken_over(copy)


def _revoke(consent: Consent, *, reason: str, by: User, at: datetime) -> None:
    consent.revoked_at, consent.revoke_reason = at, reason
    consent.save_by(by, at=at)
