"""Verbs of dosing."""

from sessions.dosing.services.adverse_events import (
    NotSerious,
    follow_up,
    record_adverse_event,
    review,
    sweep_follow_ups,
)
from sessions.dosing.services.attestations import attest
from sessions.dosing.services.discharge import (
    OpenDraw,
    WasDosed,
    computed_checklist,
    discharge_client,
    end_undosed_leaving_slot,
)
from sessions.dosing.services.dose_checks import (
    DoseAboveCap,
)
from sessions.dosing.services.doses import (
    OPEN_ORDERS,
    STARTED,
    MinimumGap,
    NotReady,
    SameDose,
    finish_administration,
    lock_dosing,
    record_administration,
    void_administration_leaving_slot,
)
from sessions.dosing.services.orders import NothingToApprove, SamePrescriber, approve_cap, write_order
from sessions.dosing.services.overrides import NotOverridable, override_gate

__all__ = [
    "OPEN_ORDERS",
    "STARTED",
    "DoseAboveCap",
    "MinimumGap",
    "NotOverridable",
    "NotReady",
    "NotSerious",
    "NothingToApprove",
    "OpenDraw",
    "SameDose",
    "SamePrescriber",
    "WasDosed",
    "approve_cap",
    "attest",
    "computed_checklist",
    "discharge_client",
    "end_undosed_leaving_slot",
    "finish_administration",
    "follow_up",
    "lock_dosing",
    "override_gate",
    "record_administration",
    "record_adverse_event",
    "review",
    "sweep_follow_ups",
    "void_administration_leaving_slot",
    "write_order",
]
