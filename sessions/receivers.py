"""Hears facts from the apps below and only rings for the worker; the sweep does the same from the rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.dispatch import receiver

from kapclinic.core import doorbell
from programs.signals import program_discontinued
from screening.signals import (
    clearance_decided,
    clearance_suspended,
    clearance_upheld,
    clearance_voided,
    safety_alert_raised,
)


@receiver(program_discontinued)
def free_sessions(sender: type, program_id: UUID, **_: Any) -> None:
    """A course ended early: free what it still has in the book."""
    doorbell.ring("sessions.free_discontinued", program_id=program_id)


@receiver([clearance_decided, clearance_upheld])
def count_preparation(sender: type, program_id: UUID, **_: Any) -> None:
    """A client is cleared, or again: preparation that was done before counts, and doses are without worry."""
    doorbell.ring("sessions.advance_cleared", program_id=program_id)


@receiver([clearance_voided, clearance_suspended])
def warn_of_doses(sender: type, program_id: UUID, **_: Any) -> None:
    """A clearance stands no more: somebody must look at the doses that are booked."""
    doorbell.ring("sessions.warn_not_cleared", program_id=program_id)


@receiver(safety_alert_raised)
def tell_at_once(sender: type, **_: Any) -> None:
    """A safety alert stands: its messages leave now, not with the next sweep."""
    doorbell.ring("sessions.send_messages")
