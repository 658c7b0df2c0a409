"""The evidence on paper: the same content as tables in words and local time, with the hash of the text on each page.

Pure: the same content gives the same bytes, whoever prints it and when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kapclinic.core import paper
from sessions.evidence.chart import chart

TEMPLATE = Path(__file__).parent / "templates" / "evidence.typ"
Row = Mapping[str, Any]


class Words:
    """Names and local times of one bundle."""

    def __init__(self, content: Row) -> None:
        self.zone = ZoneInfo(content["location"]["time_zone"])
        self.people = content["people"]
        self.lots = {row["id"]: row for row in content["lots"]}
        self.measured = {row["id"]: row["measured_at"] for row in content["readings"]}

    def when(self, moment: str | None) -> str:
        return "" if not moment else f"{datetime.fromisoformat(moment).astimezone(self.zone):%Y-%m-%d %H:%M}"

    def hour(self, moment: str | None) -> str:
        return self.when(moment)[11:]

    def who(self, user: str | None) -> str:
        """Name and credentials; what nobody signed in did was the system's."""
        if not user:
            return ""
        found = self.people.get(user)
        if found is None:
            return "the system"
        return ", ".join(part for part in (found["name"], found["credentials"]) if part)


Cell = Callable[[Words, Row], Any]


def text(key: str) -> Cell:
    return lambda _, row: row[key]


def named(key: str) -> Cell:
    """A code in words."""
    return lambda _, row: row[key].replace("_", " ")


def when(key: str) -> Cell:
    return lambda words, row: words.when(row[key])


def hour(key: str) -> Cell:
    return lambda words, row: words.hour(row[key])


def who(key: str) -> Cell:
    return lambda words, row: words.who(row[key])


def voided(_: Words, row: Row) -> str:
    """Why a row does not count."""
    return row["void"]["reason"] if row["void"] else ""


def _bands(_: Words, row: Row) -> str:
    return ", ".join(f"{sign} {band}" for sign, band in sorted(row["bands"].items()) if band != "go")


def _pressure(_: Words, row: Row) -> str:
    """A value that could not be had is a dash; a column of its own names it."""
    return "/".join("-" if row[name] is None else str(row[name]) for name in ("systolic", "diastolic"))


def _given(words: Words, row: Row) -> str:
    end = words.hour((row["finish"] or {}).get("ended_at"))
    return words.when(row["administered_at"]) + (f" to {end}" if end else "")


def _lot(words: Words, row: Row) -> str:
    lot = words.lots.get(row["drug_lot"] or "")
    return f"{lot['lot_number']}, {lot['expires_on']}" if lot else row["supply"].replace("_", " ")


def _amounts(_: Words, row: Row) -> str:
    end = row["finish"] or row
    return ", ".join(amount or "open" for amount in (row["drawn_mg"], end["given_mg"], end["wasted_mg"]))


def _above(words: Words, row: Row) -> str:
    """Why an order is unusual, and who else answers for it."""
    reasons = [row["reason"], row["above_cap_reason"]]
    if row["approval"]:
        reasons.append(f"approved by {words.who(row['approval']['approver'])}: {row['approval']['reason']}")
    return "; ".join(reason for reason in reasons if reason)


def _cause(_: Words, row: Row) -> str:
    return ": ".join(part.replace("_", " ") for part in (row["cause"], row["trigger"]) if part)


def _since(_: Words, row: Row) -> str:
    """What became of an adverse event, and what the medical director concluded."""
    return "; ".join([told["text"] for told in row["follow_ups"]] + [r["conclusion"] for r in row["reviews"]])


def _reason(words: Words, row: Row) -> str:
    return f"{row['fact']['code'].replace('_', ' ')}, {words.when(row['fact']['at'])}"


def _upheld(words: Words, row: Row) -> str:
    said = row["uphold"]
    return f"{words.who(said['created_by'])}: {said['resolution']}" if said else ""


def _sentence(content: Any) -> str:
    """The fields of an entry in words, in the order of their names."""
    if isinstance(content, Mapping):
        return "; ".join(
            f"{key.replace('_', ' ')}: {_sentence(item)}" for key, item in sorted(content.items())
        )
    if isinstance(content, list):
        return ", ".join(map(_sentence, content))
    if isinstance(content, bool):
        return "yes" if content else "no"
    return "not stated" if content is None else str(content)


@dataclass(frozen=True)
class Table:
    """One table: its title, whose rows it shows, what stands there without any, and its columns."""

    title: str
    rows: str
    empty: str
    columns: tuple[tuple[str, Cell], ...]

    def shown(self, content: Row, words: Words) -> dict[str, Any]:
        cells = [[cell(words, row) for _, cell in self.columns] for row in content[self.rows]]
        return {
            "title": self.title,
            "heads": [head for head, _ in self.columns],
            "rows": [["" if value is None else str(value) for value in row] for row in cells],
            "empty": self.empty,
        }


TABLES = (
    Table(
        "Consent",
        "consents",
        "No consent is signed.",
        (
            ("Document", named("document")),
            ("Version", text("document_version")),
            ("Signed by", text("signer_name")),
            ("When", when("signed_at")),
            ("Revoked", when("revoked_at")),
            ("SHA-256 of the text", text("content_hash")),
        ),
    ),
    Table(
        "Clearance",
        "clearances",
        "None.",
        (
            ("Decision", text("decision")),
            ("By", who("decided_by")),
            ("From", when("valid_from")),
            ("Until", text("expires_on")),
            ("Voided", when("voided_at")),
        ),
    ),
    Table("Suspended for", "suspensions", "Nothing.", (("Reason", _reason), ("Upheld by", _upheld))),
    Table(
        "Attestations",
        "attestations",
        "None.",
        (
            ("What", named("code")),
            ("Answer", lambda _, row: _sentence(row["value"])),
            (
                "Visit",
                lambda _, row: _sentence([row[key] for key in ("visited_on", "place") if row.get(key)]),
            ),
            ("By", who("by")),
            ("When", when("at")),
        ),
    ),
    Table(
        "Gates at the first dose",
        "gates",
        "No dose stands.",
        (("Gate", text("label")), ("State", text("state")), ("Detail", text("detail"))),
    ),
    Table(
        "Overrides",
        "overrides",
        "None.",
        (
            ("Gate", named("gate")),
            ("By", who("created_by")),
            ("As", named("role")),
            ("When", when("created_at")),
            ("Reason", text("reason")),
        ),
    ),
    Table(
        "Orders",
        "orders",
        "None.",
        (
            ("Written", when("created_at")),
            ("By", who("prescriber")),
            ("Drug", text("drug")),
            ("Route", text("route")),
            ("mg", text("dose_mg")),
            ("mg/kg", text("dose_mg_per_kg")),
            ("At most mg", text("max_total_mg")),
            ("Valid until", when("valid_until")),
            ("Reason", _above),
        ),
    ),
    Table(
        "Doses",
        "doses",
        "None.",
        (
            ("Given", _given),
            ("Drug", text("drug")),
            ("mg", text("dose_mg")),
            ("mg/kg", text("dose_mg_per_kg")),
            ("mL", text("volume_ml")),
            ("Lot, expiry", _lot),
            ("Drawn, given, wasted mg", _amounts),
            ("By", who("staff")),
            ("Voided", voided),
        ),
    ),
    Table(
        "Drug ledger",
        "ledger",
        "No clinic stock was used.",
        (
            ("When", when("created_at")),
            ("No.", text("sequence")),
            ("Line", named("kind")),
            ("mg", text("amount_mg")),
            ("Balance", text("balance_mg")),
            ("By", who("created_by")),
            ("Witness", who("witness")),
            ("SHA-256 of the line", text("hash")),
        ),
    ),
    Table(
        "Readings",
        "readings",
        "None.",
        (
            ("At", hour("measured_at")),
            ("mmHg", _pressure),
            ("HR", text("heart_rate")),
            ("SpO2", text("spo2")),
            ("RR", text("respiratory_rate")),
            ("EtCO2", text("etco2")),
            ("MOAA/S", text("sedation")),
            ("Out of band", _bands),
            ("Not obtainable", lambda _, row: _sentence(row["not_obtainable"]).replace("_", " ")),
            ("Entered", hour("recorded_at")),
            ("By", who("recorded_by")),
            ("Voided", voided),
        ),
    ),
    Table(
        "Checks",
        "checks",
        "None.",
        (
            ("Planned", hour("planned_at")),
            ("Kind", named("kind")),
            ("State", named("state")),
            ("Read at", lambda words, row: words.hour(words.measured.get(row["reading"] or ""))),
            ("Ended", hour("ended_at")),
            ("Reason", text("reason")),
        ),
    ),
    Table(
        "Alarms",
        "alarms",
        "None.",
        (
            ("When", when("created_at")),
            ("Cause", _cause),
            ("State", text("state")),
            ("By", who("acknowledged_by")),
            ("Acknowledged", when("acknowledged_at")),
            ("Action", text("action")),
        ),
    ),
    Table(
        "Adverse events",
        "adverse_events",
        "",
        (
            ("Term", text("term")),
            ("Grade", text("grade")),
            ("Serious", lambda _, row: _sentence(row["serious"])),
            ("Onset", when("onset_at")),
            ("Resolved", when("resolved_at")),
            ("Causality", text("causality")),
            ("Action", text("action")),
            ("Outcome", text("outcome")),
            ("Since", _since),
        ),
    ),
    Table(
        "Session record",
        "record",
        "No entries.",
        (
            ("When", when("observed_at")),
            ("Part", named("part")),
            ("By", who("recorded_by")),
            ("Taken back", voided),
            ("Content", lambda _, row: _sentence(row["content"])),
        ),
    ),
    Table(
        "Signatures",
        "signatures",
        "None.",
        (
            ("When", when("at")),
            ("What", named("what")),
            ("By", who("by")),
            ("SHA-256 of what was signed", text("hash")),
        ),
    ),
)


def print_page(content: Row, *, sha256: str) -> bytes:
    """The PDF of evidence whose canonical text has this hash."""
    words = Words(content)
    tables = [table.shown(content, words) for table in TABLES]
    for table in tables:
        table["empty"] = table["empty"] or content["events_statement"].capitalize() + "."
    shown = {
        "sha256": sha256,
        "number": content["session"]["id"],
        "heading": _heading(content, words),
        "chart": chart(content["readings"], content["doses"], words.hour),
        "parts": [*tables[:-1], _discharge(content), tables[-1]],
    }
    at = datetime.fromisoformat(content["session"]["starts_at"])
    pdf, _ = paper.render_pdf(template=TEMPLATE, content=shown, at=at)
    return pdf


def _heading(content: Row, words: Words) -> list[list[str]]:
    session, client, protocol = content["session"], content["client"], content["protocol"]
    discharge, approved = content["discharge"] or {}, words.when(protocol["approved_at"])
    staff = [f"{words.who(row['user'])} ({row['role'].replace('_', ' ')})" for row in session["staff"]]
    number = f"{session['number']} of {content['planned_doses']} planned"
    facts = {
        "Client": f"{client['legal_name']}, record {client['mrn']}",
        "Date of birth": client["date_of_birth"],
        "Session": f"{number}, {words.when(session['starts_at'])}",
        "Outcome": (session["outcome"] or session["status"]).replace("_", " "),
        "Protocol": f"{protocol['name']}, edition {protocol['edition']}, approved {approved}",
        "Approved by": words.who(protocol["approved_by"]),
        "Place": f"{content['location']['name']}, {content['room'] or 'no room'}, {session['modality']}",
        "Staff": "; ".join(staff),
        "Arrived": words.when(session["checked_in_at"]),
        "Discharged": words.when(discharge.get("discharged_at")),
        "Adverse events": content["events_statement"],
        "Times": f"local, {content['location']['time_zone']}",
    }
    return [[name, value or "not recorded"] for name, value in facts.items()]


def _discharge(content: Row) -> dict[str, Any]:
    checklist = (content["discharge"] or {}).get("checklist", {})
    rows = [[key.replace("_", " "), _sentence(value)] for key, value in sorted(checklist.items())]
    return {
        "title": "Discharge",
        "heads": ["Criterion", "Fulfilled"],
        "rows": rows,
        "empty": "Not discharged.",
    }
