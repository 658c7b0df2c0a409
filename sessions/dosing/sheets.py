"""The discharge sheet: what a client is given on paper. It holds instructions and times, and no clinical finding."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kapclinic.core import paper
from programs.models import Modality
from programs.policy import limit
from sessions.dosing.models import Discharge
from sessions.integration.models import Obligation

TEMPLATE = Path(__file__).parent / "templates" / "discharge.typ"
INSTRUCTIONS = "2026-2"  # of the words in the template; a change of them is a new version


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as it is said aloud at the clinic: Tuesday, May 5, 2026, 9:00 AM MDT."""
    local = moment.astimezone(zone)
    return f"{local:%A, %B} {local.day}, {local.year}, {local:%I:%M %p %Z}".replace(", 0", ", ")


def content_of(discharge: Discharge, *, last_dosed_at: datetime) -> dict[str, Any]:
    """All that the sheet says, as text in the clinic's own time.

    No decisions and no alcohol for the protocol's `home_rest_hours` after the last dose (clinical policy 3.5: 24).
    """
    session = discharge.session
    location, zone = session.location, session.location.zone
    rest = timedelta(hours=limit(session.program.protocol.limits, "home_rest_hours"))
    escort = discharge.escort or {}
    return {
        "version": INSTRUCTIONS,
        "client": session.client.display_name,
        "clinic": location.name,
        "phone": location.phone,
        "at_home": session.modality == Modality.VIDEO,
        "left_at": local_text(discharge.discharged_at, zone),
        "no_drive_until": local_text(discharge.no_drive_until, zone),
        "rest_until": local_text(last_dosed_at + rest, zone),
        "escort": ", ".join(filter(None, (escort.get("name"), escort.get("relationship")))),
        "appointment": _appointment(discharge, zone),
        "owes_appointment": session.program.protocol.owes_integration,
    }


def _appointment(discharge: Discharge, zone: ZoneInfo) -> str:
    owed = Obligation.objects.filter(
        dosing_session=discharge.session_id, state=Obligation.State.BOOKED
    ).select_related("integration_session")
    booked = [row.integration_session for row in owed if row.integration_session is not None]
    return local_text(booked[0].starts_at, zone) if booked else ""


def pdf_of(discharge: Discharge) -> bytes:
    """The sheet as PDF: the same bytes each time, from what was kept at the discharge."""
    content, _ = paper.render_pdf(template=TEMPLATE, content=discharge.sheet, at=discharge.created_at)
    return content
