"""Gathers the rooms' models for Django."""

from sessions.booking.models import Allocation, Session, Stage
from sessions.drugs.models import DrugEntry, DrugLot
from sessions.notes.models import Addendum, Note, PsychotherapyNote

__all__ = ["Addendum", "Allocation", "DrugEntry", "DrugLot", "Note", "PsychotherapyNote", "Session", "Stage"]
