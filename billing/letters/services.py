"""Write a letter of medical necessity, sign it, take it back."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from django.db import transaction

from billing.codes import rules as code_rules
from billing.codes import selectors as codes
from billing.codes.models import ServiceCode
from billing.documents.selectors import descriptions
from billing.letters import rendering, rules
from billing.letters.models import NecessityLetter, NecessityLetterSignature
from kapclinic.core import paper, transitions
from kapclinic.core.errors import Conflict, FieldError, Invalid, NotPermitted, merge
from kapclinic.practice.models import Client, User
from kapclinic.practice.rules import DIRECTOR
from sessions.notes.services.notes import ReauthenticationFailed


class LetterFields(TypedDict, total=False):
    """A new letter names all but the location, which is then the client's; a change never names client or location."""

    client: UUID
    location: UUID
    diagnoses: list[str]
    codes: list[str]
    starts: date
    ends: date
    text: str


class NotPrintable(Conflict):
    code, title = "name_not_printable", "A character has no form in our fonts"


class NotSigned(Conflict):
    code, title = "not_signed", "This letter is not signed"


def _locked(letter_id: UUID) -> NecessityLetter:
    rows = NecessityLetter.objects.select_for_update(of=("self",)).select_related("client", "location")
    found: NecessityLetter = rows.get(pk=letter_id)
    return found


@transaction.atomic
def write_letter(*, values: LetterFields, by: User, at: datetime) -> NecessityLetter:
    """Begin a letter for a clinician to sign.

    :raises Invalid: naming each field: a client or location that the actor can't see, a diagnosis or code that is
        unknown or not in force when the letter begins, an end before the start or more than a year after it
    """
    client: Client | None = Client.objects.visible_to(by).filter(pk=values["client"]).first()
    if client is None:
        raise Invalid.field("client", "There is no such client for you.", code="not_found")
    theirs = [pk for pk in client.locations if pk in by.locations]
    location = values.get("location", theirs[0])
    if location not in theirs:
        raise Invalid.field("location", "There is no such location of this client for you.", code="not_found")
    letter = NecessityLetter(client=client, location_id=location)
    return _save(letter, values, by=by, at=at)


@transaction.atomic
def edit_letter(*, letter_id: UUID, values: LetterFields, by: User, at: datetime) -> NecessityLetter:
    """Change a draft.

    :raises IllegalTransition: once it is signed or discarded
    :raises Invalid: as `write_letter`
    """
    letter = _locked(letter_id)
    transitions.apply(rules.MOVES, "edit", instance=letter, by=by)
    return _save(letter, values, by=by, at=at)


def _save(letter: NecessityLetter, values: LetterFields, *, by: User, at: datetime) -> NecessityLetter:
    letter.starts = values.get("starts", letter.starts)
    letter.ends = values.get("ends", letter.ends)
    letter.text = values.get("text", letter.text)
    if "diagnoses" in values:
        letter.diagnoses = [code_rules.dotted(code) for code in values["diagnoses"]]
    if "codes" in values:
        letter.codes = [code.strip().upper() for code in values["codes"]]
    errors = rules.period_errors(starts=letter.starts, ends=letter.ends)
    errors += codes.diagnosis_errors(letter.diagnoses, on=letter.starts)
    merge(errors + _codes(letter)[1])
    return letter.save_by(by, at=at)


def _codes(letter: NecessityLetter) -> tuple[list[ServiceCode], list[FieldError]]:
    """The services of the letter, and which of them can't be named on the day that it begins."""
    found, errors = [], []
    for i, name in enumerate(letter.codes):
        code, wrong = codes.code_on(code=name, on=letter.starts)
        errors += [FieldError(f"/codes/{i}", error.code, error.detail) for error in wrong]
        if code is not None:
            found.append(code)
        if name in letter.codes[:i]:
            errors.append(FieldError(f"/codes/{i}", "duplicate", f"{name} is there already."))
    return found, errors


@transaction.atomic
def sign_letter(*, letter_id: UUID, confirmed: bool, by: User, at: datetime) -> NecessityLetter:
    """Close a draft with a clinician's signature, and print what was signed.

    `confirmed`: the clinician has just given their password (`practice.doors.confirm_password`).

    :raises NotPermitted: unless `by` is a clinician who needs no second signature
    :raises IllegalTransition: unless it is a draft
    :raises ReauthenticationFailed: without the right password
    :raises Invalid: for a diagnosis or code that is not in force any more
    :raises NotPrintable: for a character that our fonts lack
    """
    letter = _locked(letter_id)
    transitions.apply(rules.MOVES, "sign", instance=letter, by=by)
    if by.needs_cosign:
        raise NotPermitted("A licensed clinician signs a letter of medical necessity.")
    if not confirmed:
        raise ReauthenticationFailed(
            "Sign with your own password. After too many wrong ones it is not looked at for a while."
        )
    services, errors = _codes(letter)
    merge(errors + codes.diagnosis_errors(letter.diagnoses, on=letter.starts))
    signed_on = at.astimezone(letter.location.zone).date()
    described = descriptions(letter.diagnoses, on=letter.starts)
    content = rules.content(letter, codes=services, described=described, by=by, signed_on=signed_on)
    pdf, complete = rendering.render_pdf(content=content, at=at)
    if not complete:
        raise NotPrintable("Write names and text with characters that can be printed.")
    NecessityLetterSignature(
        letter=letter,
        signed_by=by,
        signed_on=signed_on,
        warnings=rules.warnings(starts=letter.starts, signed_on=signed_on),
        content=content,
        pdf=pdf,
        sha256=paper.fingerprint(pdf),
    ).insert_by(by, at=at)
    return letter.save_by(by, at=at)


@transaction.atomic
def discard_letter(*, letter_id: UUID, reason: str, by: User, at: datetime) -> NecessityLetter:
    """Throw a draft away.

    :raises IllegalTransition: once it is signed or discarded
    """
    letter = _locked(letter_id)
    transitions.apply(rules.MOVES, "discard", instance=letter, by=by)
    letter.reason = reason
    return letter.save_by(by, at=at)


@transaction.atomic
def void_letter(*, letter_id: UUID, reason: str, by: User, at: datetime) -> NecessityLetter:
    """Take back a signed letter; its bytes stay.

    :raises NotPermitted: unless `by` signed it, or is the medical director
    :raises IllegalTransition: unless it is signed
    """
    letter = _locked(letter_id)
    transitions.apply(rules.MOVES, "void", instance=letter, by=by)
    if letter.signature.signed_by_id != by.pk and not by.role_set & DIRECTOR:
        raise NotPermitted("Who signed a letter or the medical director voids it.")
    letter.reason = reason
    return letter.save_by(by, at=at)


def pdf_of(letter: NecessityLetter) -> tuple[bytes, str]:
    """The bytes that were signed, and their SHA-256.

    :raises NotSigned: for one that never was
    """
    rows = NecessityLetterSignature.objects.filter(letter=letter)
    found = rows.values_list("pdf", "sha256").first()
    if found is None:
        raise NotSigned("A clinician signs it first.")
    return bytes(found[0]), found[1]
