"""Pure rules of screening, by noun: moves here; conditions, pressure, medicines, instruments, documents beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kapclinic.core.transitions import Move
from kapclinic.practice.models import BY_LINK, Role
from kapclinic.practice.rules import BOOKERS, CLINICIANS, PRESCRIBER
from screening.models import Clearance, Consent, SafetyAlert, Screening
from screening.models.alerts import HOLDING

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


# Consent paperwork is collected at the desk, or signed by a link; it holds no clinical content.
CONSENT_MOVES = {
    "sign": Move.of({C.DRAFT}, C.SIGNED, BOOKERS | {BY_LINK}),
    "revoke": Move.of({C.SIGNED}, C.REVOKED, BOOKERS),
}

ALERT_MOVES = {"acknowledge": Move.of({A.OPEN}, A.ACKNOWLEDGED, CLINICIANS)}

# Beside the acknowledgement: what lets doses go on after an alert that holds them.
HOLDS, RELEASED, HOLDS_NOTHING = "holds", "released", "holds_nothing"
RELEASE_MOVES = {"release": Move.of({HOLDS}, None, {Role.THERAPIST, Role.PRESCRIBER})}
RELEASE_HIGH_MOVES = {"release": Move.of({HOLDS}, None, PRESCRIBER)}


@dataclass(frozen=True)
class AlertHold:
    """Whether an alert holds doses, as a move looks at it."""

    state: str


def alert_hold(cause: str, *, released: bool) -> AlertHold:
    if cause not in HOLDING:
        return AlertHold(HOLDS_NOTHING)
    return AlertHold(RELEASED if released else HOLDS)


def release_moves(cause: str) -> dict[str, Move]:
    """Who may release an alert of this cause: of the tier high a prescriber alone."""
    return RELEASE_HIGH_MOVES if cause == SafetyAlert.Cause.CSSRS_HIGH else RELEASE_MOVES
