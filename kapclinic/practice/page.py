"""The access log on paper, as a client is given it: who read or changed the record, when and in which role.

Source: clinic policy, after the accounting that 45 CFR 164.528 asks for. No word of the record stands on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kapclinic.core import paper
from kapclinic.practice.models import Client, Location

TEMPLATE = Path(__file__).parent / "access_log.typ"
MOST = 5000  # acts on one paper


def print_access(
    rows: Iterable[Any], *, client: Client, place: Location, asked: Mapping[str, Any], at: datetime
) -> bytes:
    """The acts (`trail.selectors.access_log`, with `name`) as a table, newest first, in the zone of `place`."""
    zone = place.zone
    content = {
        "client": client.legal_name,
        "mrn": client.mrn,
        "clinic": place.legal_name or place.name,
        "zone": place.time_zone,
        "from": _day(asked.get("from"), zone),
        "to": _day(asked.get("to"), zone),
        "printed": f"{at.astimezone(zone):%Y-%m-%d %H:%M}",
        "rows": [_printed(row, zone) for row in rows],
    }
    pdf, _ = paper.render_pdf(template=TEMPLATE, content=content, at=at)
    return pdf


def _day(value: date | datetime | None, zone: ZoneInfo) -> str:
    if value is None:
        return ""
    return f"{value.astimezone(zone):%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value.isoformat()


def _printed(row: Any, zone: ZoneInfo) -> list[str]:
    what, _, act = row.action.partition(".")
    glass = "by breaking the glass" if "break_glass" in row.detail else ""
    words = [what, act, "refused" if row.outcome == "refused" else "", glass]
    return [
        f"{row.created_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        row.name,
        ", ".join(role.replace("_", " ") for role in row.roles),
        ": ".join(word.replace("_", " ") for word in words if word),
    ]
