"""The REMS form on paper."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from kapclinic.core import paper
from sessions.dosing.rems import rules, selectors
from sessions.dosing.rems.models import RemsRecord

TEMPLATE = Path(__file__).parent / "form.typ"


def print_form(record: RemsRecord) -> bytes:
    """The form as PDF: what was submitted, or a draft that says so. The same form gives the same bytes."""
    form = selectors.form_of(record)
    content: dict[str, Any] = form | {
        "number": str(record.session_id),
        "due_at": f"{record.due_at.astimezone(record.session.location.zone):%Y-%m-%d %H:%M}",
        "reference": record.reference,
        "submitted": record.submitted_by.name if record.submitted_by else "",
        "zone": record.session.location.time_zone,
    }
    zone = record.session.location.zone
    for key in ("first_device_at", "monitoring_ended_at", "ready_without_two_hours_at"):
        content[key] = _local(content[key], zone)
    content["submitted_at"] = _local(record.submitted_at.isoformat() if record.submitted_at else None, zone)
    for name in rules.PRESSURES:
        row = content[name]
        content[name] = row and row | {"measured_at": _local(row["measured_at"], zone)}
    pdf, _ = paper.render_pdf(template=TEMPLATE, content=content, at=record.submitted_at or record.due_at)
    return pdf


def _local(moment: str | None, zone: Any) -> str:
    """Local date and time, or nothing."""
    return "" if not moment else f"{datetime.fromisoformat(moment).astimezone(zone):%Y-%m-%d %H:%M}"
