"""What holds a charge back: its code, in words, and who clears it. Billing reads them: they name no finding (R13)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from billing.capture.rules.facts import Case, Overtaken, Seat
from billing.codes.models import ServiceCode
from kapclinic.practice.models import Role, SessionKind
from kapclinic.practice.rules import BILLERS, BOOKERS, DIRECTOR, NURSES
from sessions.booking.rules import CAREGIVERS
from sessions.notes.rules import COSIGNERS


class Code(StrEnum):
    NOTE_UNSIGNED = "note_unsigned"
    COSIGN_PENDING = "cosign_pending"
    NO_DIAGNOSIS = "no_diagnosis"
    DIAGNOSIS_NOT_BILLABLE = "diagnosis_not_billable"
    NO_NPI = "no_npi"
    MISSING_FEE = "missing_fee"
    NDC_MISSING = "ndc_missing"
    MINUTES_TOO_SHORT = "minutes_too_short"
    NOT_DISCHARGED = "not_discharged"
    NOT_IN_RECORD = "not_in_record"


@dataclass(frozen=True)
class Blocker:
    """`who_can_clear` names a person by their id where it is theirs alone, else the roles that may; `subject` is
    (type, id) of what they open, `service_code` the code that is held back where it is one.
    """

    code: Code
    detail: str
    who_can_clear: tuple[str, ...]
    subject: tuple[str, UUID]
    service_code: str = ""

    def as_dict(self) -> dict[str, object]:
        kind, pk = self.subject
        return {
            "code": self.code.value,
            "detail": self.detail,
            "who_can_clear": list(self.who_can_clear),
            "subject": {"type": kind, "id": str(pk)},
            "service_code": self.service_code,
        }


def _roles(roles: frozenset[Role]) -> tuple[str, ...]:
    return tuple(sorted(str(role) for role in roles))


def unsigned(case: Case, seat: Seat) -> Blocker:
    """The note that a line of this clinician would stand on lacks their signature, or the second one."""
    if seat.waits is not None:
        detail = f"The note of {seat.name} waits for its second signature."
        return Blocker(Code.COSIGN_PENDING, detail, _roles(COSIGNERS), ("note", seat.waits))
    detail = f"{seat.name} has not signed a note of this session."
    return Blocker(Code.NOTE_UNSIGNED, detail, (str(seat.user),), ("session", case.session))


def no_diagnosis(case: Case) -> Blocker:
    detail = "The program has no diagnosis, and an insurance line names one."
    return Blocker(Code.NO_DIAGNOSIS, detail, _roles(BOOKERS), ("program", case.program))


def diagnosis_not_billable(case: Case) -> Blocker:
    detail = f"{case.diagnosis} is no exact ICD-10-CM code that is in force on the day."
    return Blocker(Code.DIAGNOSIS_NOT_BILLABLE, detail, _roles(BOOKERS), ("program", case.program))


def no_npi(seat: Seat) -> Blocker:
    detail = f"{seat.name} has no valid NPI."
    return Blocker(Code.NO_NPI, detail, (str(Role.ADMIN),), ("user", seat.user))


def missing_fee(code: ServiceCode) -> Blocker:
    detail = f"{code.code} has no fee on the day."
    return Blocker(Code.MISSING_FEE, detail, _roles(BILLERS), ("service_code", code.pk), code.code)


def ndc_missing(case: Case, code: ServiceCode, lot: UUID | None) -> Blocker:
    """Nobody corrects a lot: whoever charges the line by hand reads the NDC off the package."""
    detail = (
        f"{code.code} needs the NDC and how much of it, which the lot does not tell: charge it with both."
    )
    subject = ("session", case.session) if lot is None else ("drug_lot", lot)
    return Blocker(Code.NDC_MISSING, detail, _roles(BILLERS), subject, code.code)


def minutes_too_short(case: Case, code: ServiceCode, seat: Seat, minutes: int) -> Blocker:
    """A signed note keeps its minutes, so only the director lets the line pass."""
    detail = f"{seat.name} has {minutes} minutes on record; {code.code} starts at {code.minutes_min}."
    return Blocker(Code.MINUTES_TOO_SHORT, detail, _roles(DIRECTOR), ("session", case.session), code.code)


def not_in_record(row: Overtaken) -> Blocker:
    """A line that stands was taken back by the record: on no paper, until billing has reversed it."""
    detail = f"Reverse the charge of {row.code}: {row.why}"
    return Blocker(Code.NOT_IN_RECORD, detail, _roles(BILLERS), ("charge", row.charge))


def not_discharged(case: Case) -> Blocker:
    """Nothing is charged before the session is over; a dose is over with the discharge."""
    if case.kind == SessionKind.DOSING:
        detail = "The client has not been discharged, or the session not been completed."
        return Blocker(Code.NOT_DISCHARGED, detail, _roles(NURSES), ("session", case.session))
    detail = "The session has not been completed."
    return Blocker(Code.NOT_DISCHARGED, detail, _roles(CAREGIVERS), ("session", case.session))
