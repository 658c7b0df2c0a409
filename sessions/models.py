"""Gathers the rooms' models for Django."""

from sessions.booking.models import Allocation, MoveUndo, Session, SessionHold, Stage
from sessions.calendars.models import CalendarFeed
from sessions.dosing.models import (
    Administration,
    AdministrationFinish,
    AdministrationVoid,
    AdverseEvent,
    AdverseEventFollowUp,
    AdverseEventReview,
    Attestation,
    Discharge,
    GateOverride,
    GateOverrideReading,
    Order,
    OrderApproval,
)
from sessions.dosing.rems.models import RemsRecord
from sessions.drugs.models import (
    DrugCount,
    DrugCountLine,
    DrugDiscrepancy,
    DrugEntry,
    DrugLot,
    DrugLotVoid,
    WitnessLock,
)
from sessions.evidence.models import EvidenceBundle
from sessions.files.models import Attachment, AttachmentContent, AttachmentVoid, LegalHold, LegalHoldLift
from sessions.imports.models import Import, ImportContent, ImportedRow
from sessions.integration.models import Obligation
from sessions.links.models import ClientAnswer, ClientLink
from sessions.monitoring.models import Alarm, Check, Reading, ReadingVoid
from sessions.notes.models import (
    Addendum,
    Note,
    NoteDiscard,
    NoteReturn,
    OwedNote,
    Phrase,
    PsychotherapyNote,
    RecordEntry,
    RecordEntryVoid,
)
from sessions.reminders.models import ReminderLook, ReminderPlan
from sessions.rights.models import AmendmentRequest, Disclosure, DisclosureVoid
from sessions.waitlist.models import WaitlistEntry, WaitlistOffer

__all__ = [
    "Addendum",
    "Administration",
    "AdministrationFinish",
    "AdministrationVoid",
    "AdverseEvent",
    "AdverseEventFollowUp",
    "AdverseEventReview",
    "Alarm",
    "Allocation",
    "AmendmentRequest",
    "Attachment",
    "AttachmentContent",
    "AttachmentVoid",
    "Attestation",
    "CalendarFeed",
    "Check",
    "ClientAnswer",
    "ClientLink",
    "Discharge",
    "Disclosure",
    "DisclosureVoid",
    "DrugCount",
    "DrugCountLine",
    "DrugDiscrepancy",
    "DrugEntry",
    "DrugLot",
    "DrugLotVoid",
    "EvidenceBundle",
    "GateOverride",
    "GateOverrideReading",
    "Import",
    "ImportContent",
    "ImportedRow",
    "LegalHold",
    "LegalHoldLift",
    "MoveUndo",
    "Note",
    "NoteDiscard",
    "NoteReturn",
    "Obligation",
    "Order",
    "OrderApproval",
    "OwedNote",
    "Phrase",
    "PsychotherapyNote",
    "Reading",
    "ReadingVoid",
    "RecordEntry",
    "RecordEntryVoid",
    "ReminderLook",
    "ReminderPlan",
    "RemsRecord",
    "Session",
    "SessionHold",
    "Stage",
    "WaitlistEntry",
    "WaitlistOffer",
    "WitnessLock",
]
