"""Pure rules of the letters: who writes and signs, for how long one holds, what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from billing.codes.models import ServiceCode
from billing.documents.rules import billing_provider, patient
from billing.ledger.rules import clinician_as
from billing.letters.models import NecessityLetter
from kapclinic.core.errors import FieldError
from kapclinic.core.moments import year_later
from kapclinic.core.transitions import Move
from kapclinic.practice.models import User
from kapclinic.practice.rules import BILLERS, CLINICIANS

Status = NecessityLetter.Status
WRITERS = CLINICIANS | BILLERS

MOVES = {
    "edit": Move.of({Status.DRAFT}, None, WRITERS),
    "sign": Move.of({Status.DRAFT}, Status.SIGNED, CLINICIANS),
    "discard": Move.of({Status.DRAFT}, Status.DISCARDED, WRITERS),
    "void": Move.of({Status.SIGNED}, Status.VOIDED, CLINICIANS),
}
STATEMENT = (
    "The services above are, in my judgment, needed to treat the diagnosis named here. "
    "They are not for general health."
)


def period_errors(*, starts: date, ends: date) -> list[FieldError]:
    """A plan takes a letter for a year at most; then the clinician looks at it again."""
    if ends < starts:
        return [FieldError("/ends", "reversed", "The end must not lie before the start.")]
    if ends > year_later(starts):
        return [
            FieldError("/ends", "too_long", f"A letter holds for a year at most: to {year_later(starts)}.")
        ]
    return []


def warnings(*, starts: date, signed_on: date) -> list[dict[str, str]]:
    """A plan asks that the letter is dated on or before the expense."""
    if signed_on <= starts:
        return []
    detail = f"It was signed after {starts}: what was paid for before the signature may not be reimbursed."
    return [{"code": "dated_after_start", "detail": detail}]


def content(
    letter: NecessityLetter,
    *,
    codes: Sequence[ServiceCode],
    described: Mapping[str, str],
    by: User,
    signed_on: date,
) -> dict[str, Any]:
    """All that the letter says; `described` is {diagnosis: description}."""
    return {
        "issued_on": signed_on.isoformat(),
        "billing_provider": billing_provider(letter.location),
        "client": patient(letter.client),
        "diagnoses": [{"code": code, "description": described.get(code, "")} for code in letter.diagnoses],
        "codes": [{"code": row.code, "label": row.label} for row in codes],
        "starts": letter.starts.isoformat(),
        "ends": letter.ends.isoformat(),
        "paragraphs": [line for line in letter.text.splitlines() if line.strip()],
        "statement": STATEMENT,
        "signature": clinician_as(by, npi=by.npi) | {"signed_on": signed_on.isoformat()},
    }
