"""Verbs of dosing."""

from sessions.dosing.services.adverse_events import (
    follow_up,
    record_adverse_event,
    review,
    sweep_follow_ups,
)
from sessions.dosing.services.attestations import attest
from sessions.dosing.services.discharge import (
    discharge_client,
    end_undosed_leaving_slot,
)
from sessions.dosing.services.dose_voids import void_administration_leaving_slot
from sessions.dosing.services.doses import (
    finish_administration,
    record_administration,
)
from sessions.dosing.services.here import asks_here
from sessions.dosing.services.orders import approve_cap, write_order
from sessions.dosing.services.overrides import override_gate, read_override
from sessions.dosing.services.pressures import hear_reading

__all__ = [
    "approve_cap",
    "asks_here",
    "attest",
    "discharge_client",
    "end_undosed_leaving_slot",
    "finish_administration",
    "follow_up",
    "hear_reading",
    "override_gate",
    "read_override",
    "record_administration",
    "record_adverse_event",
    "review",
    "sweep_follow_ups",
    "void_administration_leaving_slot",
    "write_order",
]
