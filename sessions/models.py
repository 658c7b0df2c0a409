"""Gathers the rooms' models for Django."""

from sessions.booking.models import Allocation, Session, SessionHold, Stage
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
from sessions.waitlist.models import WaitlistEntry, WaitlistOffer

__all__ = [
    "Addendum",
    "Administration",
    "AdministrationFinish",
    "AdministrationVoid",
    "AdverseEvent",
    "Alarm",
    "Allocation",
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
    "Session",
    "SessionHold",
    "Stage",
    "WaitlistEntry",
    "WaitlistOffer",
]
