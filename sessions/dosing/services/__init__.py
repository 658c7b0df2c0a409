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
    dose_of,
    end_errors,
    errors_of,
    order_for,
    require_amount,
    require_given,
    supply_errors,
    time_errors,
    way_errors,
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
from sessions.dosing.services.pressures import hear_reading

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
    "dose_of",
    "end_errors",
    "end_undosed_leaving_slot",
    "errors_of",
    "finish_administration",
    "follow_up",
    "hear_reading",
    "lock_dosing",
    "order_for",
    "override_gate",
    "record_administration",
    "record_adverse_event",
    "require_amount",
    "require_given",
    "review",
    "supply_errors",
    "sweep_follow_ups",
    "time_errors",
    "void_administration_leaving_slot",
    "way_errors",
    "write_order",
]
