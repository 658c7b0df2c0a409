"""Which doses at home the law stops, for a client whom the practice has never seen in person."""

from __future__ import annotations

from programs.models import Modality, Program
from programs.rules import legal
from programs.selectors import legal_rules
from sessions.booking.models import Session
from sessions.dosing import selectors as dosing


def stops(dose: Session) -> bool:
    """Does a rule ask for a visit in person on the day of this booked dose, and was there none so far?"""
    if dose.modality != Modality.VIDEO:
        return False
    place = dose.client_location or {}
    where = legal.jurisdictions(dose.location.address.get("state"), place.get("state"))
    day = dose.starts_at.astimezone(dose.location.zone).date()
    if not legal.verdict(legal_rules(), where=where, day=day).required:
        return False
    return not dosing.with_seen(Program.objects.filter(pk=dose.program_id)).get().was_seen  # type: ignore[attr-defined]
