"""Gathers the rooms' models for Django."""

from sessions.booking.models import Allocation, Session, SessionHold, Stage
from sessions.calendars.models import CalendarFeed
from sessions.dosing.models import (
    Administration,
    AdministrationFinish,
    AdministrationVoid,
    AdverseEvent,
    Discharge,
    GateOverride,
    Order,
)
from sessions.drugs.models import DrugEntry, DrugLot
from sessions.integration.models import Obligation
from sessions.monitoring.models import Alarm, Check, Reading, ReadingVoid
from sessions.notes.models import Addendum, Note, PsychotherapyNote
from sessions.reminders.models import ReminderPlan
from sessions.waitlist.models import WaitlistEntry, WaitlistOffer

__all__ = [
    "Addendum",
    "Administration",
    "AdministrationFinish",
    "AdministrationVoid",
    "AdverseEvent",
    "Alarm",
    "Allocation",
    "CalendarFeed",
    "Check",
    "Discharge",
    "DrugEntry",
    "DrugLot",
    "GateOverride",
    "Note",
    "Obligation",
    "Order",
    "PsychotherapyNote",
    "Reading",
    "ReadingVoid",
    "ReminderPlan",
    "Session",
    "SessionHold",
    "Stage",
    "WaitlistEntry",
    "WaitlistOffer",
]
