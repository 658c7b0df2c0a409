"""Verbs of integration."""

from sessions.integration.services.obligations import (
    TASK,
    free_held_slot,
    link_booking,
    reopen,
    schedule_obligation,
    settle,
    tell_if_late,
    waive_leaving_slot,
)
from sessions.integration.services.owing import follow_first_dose, owe_integration, void_obligation
from sessions.integration.services.placing import sweep_obligations

__all__ = [
    "TASK",
    "follow_first_dose",
    "free_held_slot",
    "link_booking",
    "owe_integration",
    "reopen",
    "schedule_obligation",
    "settle",
    "sweep_obligations",
    "tell_if_late",
    "void_obligation",
    "waive_leaving_slot",
]
