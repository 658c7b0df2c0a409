"""Verbs of absences: somebody is away, or a person, a room or hours go for good."""

from sessions.absences.services.absences import Impact, Kept, add_time_off, preview, record
from sessions.absences.services.goings import change_hours, change_location, change_room, change_staff
from sessions.absences.services.moves import AbsenceConflict, AbsenceMove, UnresolvedSessions

__all__ = [
    "AbsenceConflict",
    "AbsenceMove",
    "Impact",
    "Kept",
    "UnresolvedSessions",
    "add_time_off",
    "change_hours",
    "change_location",
    "change_room",
    "change_staff",
    "preview",
    "record",
]
