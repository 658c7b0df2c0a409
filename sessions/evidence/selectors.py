"""The evidence of one dosing session: everything that its record says, as one canonical text with one hash.

Who looks later (the client, a board, a payer, a court) sees the gates as they stood at the dose, every reading and
check, every amount of drug with its ledger line, every alarm and its answer, and every signature. The same record gives
the same bytes in any process, zone and year: sorted keys, fixed separators, UTC with `Z`, Decimals as text, and no word
of when it was put together. A psychotherapy note is never part of it, nor the words of a clinical note: its hash is.

Fields: 45 CFR 164.501 leaves medication, monitoring and times in the medical record; 21 CFR 1304.22(c) the drug lines.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from kapclinic.core.errors import IllegalTransition
from kapclinic.core.moments import utc_text
from kapclinic.practice.models import SessionKind, User
from programs.models import Protocol
from screening.models import Clearance, Consent, Suspension
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.drugs.models import DrugEntry, DrugLot
from sessions.evidence.models import EvidenceBundle
from sessions.notes.models import Note, RecordEntry

FORMAT, EDITION = "kapclinic.session-evidence", 2  # 1 held what was attested as two columns of `session`
Plain = dict[str, Any]  # Any: the columns of any table, as JSON
LEFT_OUT = frozenset({"version", "updated_at"})
CLIENT = ("mrn", "legal_name", "date_of_birth", "administrative_sex")
PLACE = ("name", "legal_name", "address", "phone", "time_zone", "dea_number")
PERSON = ("name", "credentials", "npi", "license_number", "license_state")
ONE = ("client", "location", "room", "program__protocol", "discharge", "obligation", "rems_record")


@dataclass(frozen=True)
class Evidence:
    """What was put together: `content` as plain data, its canonical `text` and the SHA-256 of that text."""

    content: Plain
    text: bytes
    sha256: str


def plain(value: object) -> object:
    """A value as JSON knows it: moments in UTC with `Z`, dates, ids and Decimals as text."""
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def canonical(content: Plain) -> bytes:
    """The one text of `content`: UTF-8, keys sorted, nothing between tokens."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass
class _Rows:
    """Turns rows into plain data, every column of them, and remembers whom they name."""

    people: set[UUID] = field(default_factory=set)

    def of(self, row: Model | None, *, without: tuple[str, ...] = ()) -> Plain | None:
        """The row's columns by name, or None without a row."""
        if row is None:
            return None
        found: Plain = {}
        for column in row._meta.concrete_fields:
            if column.name in LEFT_OUT or column.name in without:
                continue
            value = getattr(row, column.attname)
            if value is not None and (column.related_model is User or column.name == "created_by"):
                self.people.add(value)
            found[column.name] = plain(value)
        return found

    def all(self, rows: Iterable[Model], *, without: tuple[str, ...] = (), **beside: str) -> list[Plain]:
        """Each row, with the row that hangs on it under each name of `beside` (name=attribute)."""
        found = []
        for row in rows:
            shown = self.of(row, without=without) or {}
            for name, attribute in beside.items():
                shown[name] = self.of(getattr(row, attribute, None))
            found.append(shown)
        return found


def put_together(*, session_id: UUID) -> Evidence:
    """The evidence of a dosing session as its record stands now, in a constant number of queries.

    :raises IllegalTransition: for a session of another kind
    """
    session = Session.objects.select_related(*ONE).get(pk=session_id)
    if session.kind != SessionKind.DOSING:
        raise IllegalTransition("This is not a dosing session.", state=session.status)
    rows = _Rows()
    content = (
        {"format": FORMAT, "edition": EDITION}
        | _header(session, rows)
        | _before(session, rows)
        | _drug(session, rows)
        | _watched(session, rows)
        | _written(session, rows)
        | _after(session, rows)
    )
    content["people"] = _people(session, rows)
    content["signatures"] = _signatures(content)
    text = canonical(content)
    return Evidence(content, text, hashlib.sha256(text).hexdigest())


def _header(session: Session, rows: _Rows) -> Plain:
    protocol: Protocol = session.program.protocol
    return {
        "session": rows.of(session),
        "planned_doses": session.program.doses_planned,
        "client": {name: plain(getattr(session.client, name)) for name in CLIENT},
        "location": {name: plain(getattr(session.location, name)) for name in PLACE},
        "room": session.room.name if session.room else None,
        "protocol": rows.of(protocol),
        "stages": rows.all(session.stages.order_by("at", "pk")),
        "undone": rows.all(session.undos.order_by("created_at", "pk")),
    }


def _before(session: Session, rows: _Rows) -> Plain:
    """What allowed the dose: consents and clearances of the course, what was attested, orders, overrides."""
    consents = Consent.objects.filter(program=session.program_id, signed_at__isnull=False)
    clearances = Clearance.objects.filter(program=session.program_id)
    reasons = Suspension.objects.filter(clearance__program=session.program_id).select_related(
        "fact", "uphold"
    )
    orders = session.orders.select_related("approval").order_by("created_at", "pk")
    return {
        "consents": rows.all(consents.order_by("signed_at", "pk"), without=("text", "signature")),
        "clearances": rows.all(clearances.order_by("valid_from", "pk")),
        "suspensions": rows.all(reasons.order_by("fact__at", "pk"), fact="fact", uphold="uphold"),
        "attestations": rows.all(session.attestations.order_by("at", "code", "pk")),
        "orders": rows.all(orders, approval="approval"),
        "overrides": rows.all(session.overrides.order_by("created_at", "pk")),
    }


def _drug(session: Session, rows: _Rows) -> Plain:
    """Every dose with the gates as they stood, its end and its void; every ledger line with its hash; the lots."""
    given = Administration.objects.filter(session=session).select_related("finish", "void")
    doses = list(given.order_by("administered_at", "created_at", "pk"))
    lots = DrugLot.objects.filter(pk__in=[dose.drug_lot for dose in doses if dose.drug_lot])
    entries = DrugEntry.objects.filter(session=session).order_by("created_at", "lot_id", "sequence")
    standing = [dose for dose in doses if not hasattr(dose, "void")]
    return {
        "doses": rows.all(doses, finish="finish", void="void"),
        "gates": plain(standing[0].gates) if standing else [],
        "ledger": rows.all(entries),
        "lots": rows.all(lots.order_by("lot_number", "pk")),
    }


def _watched(session: Session, rows: _Rows) -> Plain:
    readings = session.readings.select_related("void").order_by("measured_at", "pk")
    return {
        "readings": rows.all(readings, void="void"),
        "checks": rows.all(session.checks.order_by("planned_at", "pk")),
        "alarms": rows.all(session.alarms.order_by("created_at", "pk")),
    }


def _written(session: Session, rows: _Rows) -> Plain:
    """Adverse events with what became of them, the parts of the record, and the signatures under the notes."""
    events = session.adverse_events.order_by("onset_at", "pk")
    entries = RecordEntry.objects.filter(session=session).select_related("void")
    notes = Note.objects.filter(session=session).select_related("discard").prefetch_related("addenda")
    record = rows.all(entries.order_by("observed_at", "pk"), void="void")
    shown_events = []
    for event in events.prefetch_related("follow_ups", "reviews"):
        told = sorted(event.follow_ups.all(), key=lambda row: (row.created_at, row.pk))
        judged = sorted(event.reviews.all(), key=lambda row: (row.created_at, row.pk))
        shown = rows.of(event) or {}
        shown_events.append(shown | {"follow_ups": rows.all(told), "reviews": rows.all(judged)})
    shown_notes = []
    for note in notes.order_by("created_at", "pk"):
        addenda = rows.all(note.addenda.all(), without=("text", "reason"))
        beside = {"addenda": addenda, "discard": rows.of(getattr(note, "discard", None))}
        shown_notes.append((rows.of(note, without=("sections",)) or {}) | beside)
    return {
        "adverse_events": shown_events,
        "events_statement": _statement(shown_events, record),
        "record": record,
        "notes": shown_notes,
    }


def _statement(events: list[Plain], record: list[Plain]) -> str:
    """Whether somebody said that nothing untoward was seen, or nobody said anything."""
    if events:
        return "recorded"
    stated = any(row["part"] == RecordEntry.Part.NONE_OBSERVED and row["void"] is None for row in record)
    return "none observed" if stated else "nothing recorded"


def _after(session: Session, rows: _Rows) -> Plain:
    names = ("discharge", "obligation", "rems_record")
    return {name: rows.of(getattr(session, name, None)) for name in names}


def _people(session: Session, rows: _Rows) -> Plain:
    """Everybody whom the evidence names, by id: name, credentials, NPI and license."""
    ids = rows.people | {UUID(row["user"]) for row in session.staff}
    found = User.objects.filter(pk__in=ids)
    return {str(user.pk): {name: getattr(user, name) for name in PERSON} for user in found.order_by("pk")}


def _signatures(content: Plain) -> list[Plain]:
    """Who answers for what, when, in order of time; `hash` where what was signed has one."""
    found = [_signed("order", row, row["prescriber"], row["created_at"]) for row in content["orders"]]
    found += [_signed("dose", row, row["staff"], row["recorded_at"]) for row in content["doses"]]
    for row in content["ledger"]:
        found.append(_signed(row["kind"], row, row["created_by"], row["created_at"], row["hash"]))
        if row["witness"]:
            found.append(_signed("witness", row, row["witness"], row["witness_verified_at"], row["hash"]))
    for note in content["notes"]:
        if note["signed_at"]:
            found.append(_signed("note", note, note["signed_by"], note["signed_at"], note["content_hash"]))
        if note["cosigned_at"]:
            found.append(_signed("cosign", note, note["cosigner"], note["cosigned_at"], note["content_hash"]))
        found += [_signed("addendum", a, a["author"], a["created_at"], a["hash"]) for a in note["addenda"]]
    if content["discharge"]:
        row = content["discharge"]
        found.append(_signed("discharge", row, row["created_by"], row["created_at"]))
    return sorted(found, key=lambda row: (row["at"], row["what"], row["id"]))


def _signed(what: str, row: Plain, by: str, at: str, digest: str = "") -> dict[str, str]:
    return {"what": what, "id": row["id"], "by": by, "at": at, "hash": digest}


def frozen(*, session_id: UUID) -> QuerySet[EvidenceBundle]:
    """The session's bundles in order, without their bytes."""
    found: QuerySet[EvidenceBundle] = EvidenceBundle.objects.filter(session_id=session_id)
    return found.defer("content", "pdf").order_by("sequence")
