"""Pure rules of screening, by noun: moves here; conditions, pressure, medicines, instruments, documents beside it."""

from __future__ import annotations

from kapclinic.core.transitions import Move
from kapclinic.practice.models import Role
from kapclinic.practice.rules import BOOKERS, CLINICIANS, PRESCRIBER
from screening.models import Consent, SafetyAlert, Screening

S, C, A = Screening.Status, Consent.Status, SafetyAlert.Status

SCREENING_MOVES = {
    "submit": Move.of({S.DRAFT}, S.SUBMITTED, CLINICIANS),
    "decide": Move.of({S.SUBMITTED}, S.DECIDED, PRESCRIBER),
}
# A PATCH: a move without an address of its own, so it is not among `allowed_moves`.
SCREENING_EDITS = {"edit": Move.of({S.DRAFT}, None, CLINICIANS)}

CLEARANCE_MOVES = {"void": Move.of({"standing"}, None, {Role.PRESCRIBER})}

# Consent paperwork is collected at the desk; it holds no clinical content.
CONSENT_MOVES = {
    "sign": Move.of({C.DRAFT}, C.SIGNED, BOOKERS),
    "revoke": Move.of({C.SIGNED}, C.REVOKED, BOOKERS),
}

ALERT_MOVES = {"acknowledge": Move.of({A.OPEN}, A.ACKNOWLEDGED, CLINICIANS)}
