"""A signed note on paper: its words, who signed it and when, and what was added since.

Pure but for the dose of an integration note: the same note gives the same bytes, whoever prints it and when.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kapclinic.core import paper
from sessions.notes import rules, selectors
from sessions.notes.models import Addendum, Note

TEMPLATE = Path(__file__).parent / "templates" / "note.typ"
WAITS = "This note waits for a second signature."
GIVEN_BACK = "This note was given back to its author, and is no record until it is signed again."

Row = tuple[str, str]


def print_note(note: Note) -> bytes:
    """The note as PDF, by its last signature or addendum. One that nobody has signed has no words here.

    :param note: with its session, client and location; `selectors.on_paper` finds such
    """
    addenda = list(note.addenda.all())
    moments = [note.cosigned_at or note.signed_at or note.created_at, *(row.created_at for row in addenda)]
    pdf, _ = paper.render_pdf(template=TEMPLATE, content=content_of(note, addenda), at=max(moments))
    return pdf


def content_of(note: Note, addenda: Iterable[Addendum]) -> dict[str, Any]:
    """All that the paper says, as text in the clinic's own time."""
    session, zone = note.session, note.session.location.zone
    signed = note.status in rules.SIGNED_BY_SOMEBODY
    state = {Note.Status.SIGNED: "", Note.Status.COSIGN_PENDING: WAITS}.get(
        Note.Status(note.status), GIVEN_BACK
    )
    return {
        "title": f"{Note.Kind(note.kind).label} note",
        "footer": session.location.name,
        "facts": _told(
            ("Client", f"{session.client.legal_name}, {session.client.mrn}"),
            ("Session", f"{session.kind} {session.number}, {_local(session.starts_at, zone)}"),
            *(_of_care(note, zone) if signed else ()),
        ),
        "state": state,
        "sections": [
            {"name": name.replace("_", " ").capitalize(), "words": _paragraphs(note.sections[name])}
            for name in rules.FRAMES.get(note.frame, note.sections)  # the database sorts them by their length
            if signed and note.sections.get(name, "").strip()
        ],
        "signatures": _signatures(note, zone) if signed else [],
        "addenda": [_added(row, zone) for row in addenda],
    }


def _of_care(note: Note, zone: ZoneInfo) -> Iterable[Row]:
    if note.service_started_at is not None:
        end = f" to {_local(note.service_ended_at, zone)}" if note.service_ended_at else ""
        yield "Care", _local(note.service_started_at, zone) + end
    dose = selectors.dose_of(note)
    if dose is not None:
        yield "Dose before it", f"{_local(dose.given_at, zone)}, {dose.hours:.1f} hours before the session"


def _signatures(note: Note, zone: ZoneInfo) -> list[dict[str, Any]]:
    found = [_signed("Signature", note.signature, note.signed_at, zone)]
    as_told = note.signed_as or {}
    found[0]["facts"] += _told(
        ("License", str(as_told.get("license", ""))),
        ("NPI", str(as_told.get("npi", ""))),
        ("In place of who was there", note.covering_reason),
        ("SHA-256", note.content_hash),
    )
    if note.cosigned_at is not None:
        found.append(_signed("Second signature", note.cosignature, note.cosigned_at, zone))
    return found


def _signed(name: str, line: str, moment: datetime | None, zone: ZoneInfo) -> dict[str, Any]:
    return {"name": name, "facts": _told(("Signed by", line), ("Signed at", _local(moment, zone)))}


def _added(row: Addendum, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "name": f"Addendum {row.number}",
        "words": _paragraphs(row.text),
        "facts": _told(
            ("Reason", row.reason),
            ("Signed by", row.signature),
            ("Signed at", _local(row.created_at, zone)),
            ("SHA-256", row.hash),
        ),
    }


def _told(*rows: Row) -> list[list[str]]:
    return [list(row) for row in rows if row[1]]


def _local(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _paragraphs(text: str) -> list[list[str]]:
    """Paragraphs, which an empty line ends, each as its lines."""
    parts = text.replace("\r\n", "\n").split("\n\n")
    return [[line for line in part.split("\n") if line.strip()] for part in parts if part.strip()]
