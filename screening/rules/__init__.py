"""Pure rules of screening, by noun: moves here; conditions, pressure, medicines, instruments, documents beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kapclinic.core.transitions import Move
from kapclinic.practice.models import Role
from kapclinic.practice.rules import BOOKERS, CLINICIANS, PRESCRIBER
from screening.models import Clearance, Consent, SafetyAlert, Screening

S, C, A = Screening.Status, Consent.Status, SafetyAlert.Status

SCREENING_MOVES = {
    "submit": Move.of({S.DRAFT, S.SUBMITTED}, S.SUBMITTED, CLINICIANS),  # again: weighed anew
    "decide": Move.of({S.SUBMITTED}, S.DECIDED, PRESCRIBER),
}
# A PATCH: a move without an address of its own, so it is not among `allowed_moves`.
SCREENING_EDITS = {"edit": Move.of({S.DRAFT}, None, CLINICIANS)}

STANDING, SUSPENDED, EXPIRED, VOIDED = "standing", "suspended", "expired", "voided"
CLEARANCE_MOVES = {
    "uphold": Move.of({SUSPENDED}, None, {Role.PRESCRIBER}),
    "void": Move.of({STANDING, SUSPENDED, EXPIRED}, None, {Role.PRESCRIBER}),
}


@dataclass(frozen=True)
class ClearanceState:
    """How a clearance stands on a day, as a move looks at it."""

    state: str


def clearance_state(clearance: Clearance, *, suspended: bool, today: date) -> ClearanceState:
    """`today` is the local date of its location; `suspended`: a reason that nobody has answered stands."""
    if clearance.voided_at is not None:
        return ClearanceState(VOIDED)
    if clearance.expires_on is not None and clearance.expires_on < today:
        return ClearanceState(EXPIRED)
    return ClearanceState(SUSPENDED if suspended else STANDING)


# Consent paperwork is collected at the desk; it holds no clinical content.
CONSENT_MOVES = {
    "sign": Move.of({C.DRAFT}, C.SIGNED, BOOKERS),
    "revoke": Move.of({C.SIGNED}, C.REVOKED, BOOKERS),
}

ALERT_MOVES = {"acknowledge": Move.of({A.OPEN}, A.ACKNOWLEDGED, CLINICIANS)}
