"""Verbs of monitoring."""

from sessions.monitoring.services.alarms import (
    acknowledge_alarm,
    carry_up_alarms,
    raise_alarm,
)
from sessions.monitoring.services.checks import (
    end_checks,
    extend_checks,
    plan_after_end,
    skip_check,
    start_checks,
    sweep_checks,
)
from sessions.monitoring.services.readings import record_reading, void_reading

__all__ = [
    "acknowledge_alarm",
    "carry_up_alarms",
    "end_checks",
    "extend_checks",
    "plan_after_end",
    "raise_alarm",
    "record_reading",
    "skip_check",
    "start_checks",
    "sweep_checks",
    "void_reading",
]
