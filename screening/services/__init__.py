"""Verbs of screening, by noun; this file gathers what interfaces and the apps above call."""

from screening.services.alerts import acknowledge_alert, escalate_overdue_alerts, raise_safety_alert
from screening.services.clearances import decide_screening, void_clearance
from screening.services.consents import create_consent, revoke_consent, sign_consent
from screening.services.measures import record_measure
from screening.services.medications import (
    change_medication,
    map_medication,
    record_medication,
)
from screening.services.screenings import change_screening, create_screening, submit_screening

__all__ = [
    "acknowledge_alert",
    "change_medication",
    "change_screening",
    "create_consent",
    "create_screening",
    "decide_screening",
    "escalate_overdue_alerts",
    "map_medication",
    "raise_safety_alert",
    "record_measure",
    "record_medication",
    "revoke_consent",
    "sign_consent",
    "submit_screening",
    "void_clearance",
]
