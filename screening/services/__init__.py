"""Verbs of screening, by noun; this file gathers what interfaces and the apps above call."""

from screening.services.access import lock_client
from screening.services.alerts import acknowledge_alert, escalate_overdue_alerts, raise_safety_alert
from screening.services.allergies import (
    record_allergy,
    say_none_known,
    take_back_none_known,
    void_allergy,
)
from screening.services.carrying import Carried, carry_leaving_bookings
from screening.services.clearance_rows import sweep_clearances
from screening.services.clearances import decide_screening, uphold_clearance, void_clearance
from screening.services.consents import create_consent, revoke_consent, sign_consent
from screening.services.labs import record_lab_result, void_lab_result
from screening.services.measures import record_measure, void_measure
from screening.services.medications import (
    change_medication,
    map_medication,
    record_medication,
)
from screening.services.releases import release_alert
from screening.services.safety_plans import record_safety_plan, void_safety_plan
from screening.services.screenings import (
    change_screening,
    create_screening,
    hear_ideation,
    submit_screening,
)
from screening.services.suspensions import hear_pressures, suspend

__all__ = [
    "Carried",
    "acknowledge_alert",
    "carry_leaving_bookings",
    "change_medication",
    "change_screening",
    "create_consent",
    "create_screening",
    "decide_screening",
    "escalate_overdue_alerts",
    "hear_ideation",
    "hear_pressures",
    "lock_client",
    "map_medication",
    "raise_safety_alert",
    "record_allergy",
    "record_lab_result",
    "record_measure",
    "record_medication",
    "record_safety_plan",
    "release_alert",
    "revoke_consent",
    "say_none_known",
    "sign_consent",
    "submit_screening",
    "suspend",
    "sweep_clearances",
    "take_back_none_known",
    "uphold_clearance",
    "void_allergy",
    "void_clearance",
    "void_lab_result",
    "void_measure",
    "void_safety_plan",
]
