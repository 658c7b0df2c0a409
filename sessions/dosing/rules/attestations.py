"""What may be attested: the declared questions, and those that are asked of a client rather than of a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypedDict

from kapclinic.core.errors import FieldError
from sessions.booking.rules.said import COUNTS
from sessions.dosing.models import AttestationCode

MOST_NAMED = 40  # of the unknown codes of one request
# What counts longer than its day: a word on an earlier session counts too.
OF_THE_CLIENT = tuple(code for code in AttestationCode if code in COUNTS)

# What is asked of the person who stands there, and of nobody else.
OF_WHO_CAME = (
    AttestationCode.IDENTIFIERS,
    AttestationCode.NOT_INTOXICATED,
    AttestationCode.CONTRAINDICATIONS,
    AttestationCode.PREGNANCY_TEST,
    AttestationCode.DRUG_SCREEN,
    AttestationCode.NO_FLUIDS,
    AttestationCode.NO_NASAL_SPRAY,
)


def code_errors(codes: Iterable[str]) -> list[FieldError]:
    """One error for each code that no gate reads: a slip of the pen would leave a gate as it was."""
    detail = f"attestations: one of {', '.join(AttestationCode.values)} is expected."
    unknown = sorted(set(codes) - set(AttestationCode.values))[:MOST_NAMED]
    return [FieldError(f"/attestations/{_token(code)}", "unknown_attestation", detail) for code in unknown]


class Visit(TypedDict):
    """A visit in person at the prescriber's practice: its day there, and where."""

    date: date
    place: str


Words = Mapping[str, bool | Visit]  # what is attested, by code


def visit_errors(said: Words, *, born: date, today: date) -> list[FieldError]:
    """What can't be true of a visit in person that is attested."""
    visit = said.get(AttestationCode.IN_PERSON_VISIT)
    where = f"/attestations/{AttestationCode.IN_PERSON_VISIT}"
    if visit is True:
        return [FieldError(f"{where}/date", "required", "Say the day and the place of the visit.")]
    if not isinstance(visit, dict):
        return []
    if visit["date"] > today:
        return [FieldError(f"{where}/date", "in_the_future", "This day has not come yet.")]
    if visit["date"] < born:
        return [FieldError(f"{where}/date", "too_early", "The client was not born yet.")]
    return []


def _token(key: str) -> str:
    """A key as a JSON pointer has it (RFC 6901), and no longer than anybody reads."""
    return key[:40].replace("~", "~0").replace("/", "~1")
