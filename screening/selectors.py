"""Questions to screening."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from programs.models import Program
from programs.policy import limit
from screening.models import (
    Clearance,
    Consent,
    Finding,
    Measure,
    Medication,
    MedicationMapping,
    SafetyAlert,
    Screening,
)
from screening.rules import documents
from screening.rules.medicines import Listed

TEXTS = Path(__file__).resolve().parent / "documents"


@dataclass(frozen=True)
class DocumentText:
    """A document as it is shown: its text, and the SHA-256 of exactly that text in UTF-8."""

    version: str
    language: str
    text: str
    content_hash: str


@lru_cache(maxsize=64)
def _text_of(document: str, version: str, language: str) -> DocumentText:
    text = (TEXTS / f"{document}-{version}.{language}.md").read_text(encoding="utf-8")
    return DocumentText(version, language, text, hashlib.sha256(text.encode()).hexdigest())


def document_in_force(*, document: str, language: str, on: date) -> DocumentText:
    """The text of `document` that is put before a client on that day."""
    return _text_of(document, documents.version_in_force(document, on), language)


def screenings_with_findings() -> QuerySet[Screening]:
    """Screenings with what an answer shows: one query, and one for the findings."""
    found: QuerySet[Screening] = Screening.objects.select_related("program", "clearance")
    return found.prefetch_related(Prefetch("findings", queryset=Finding.objects.order_by("created_at", "id")))


def current_clearance(*, program_id: UUID, at: datetime) -> Clearance | None:
    """The clearance that a dose at `at` stands on: cleared, not voided, not yet expired on the local day of `at`.

    One that was decided after `at` counts, because a day may be written up late. One does not count when a later
    decision, made by `at`, is `declined` or `deferred`.
    """
    program = Program.objects.select_related("location").get(pk=program_id)
    today = at.astimezone(program.location.zone).date()
    overtaken = Clearance.objects.filter(
        program_id=program_id,
        decision__in=[Clearance.Decision.DECLINED, Clearance.Decision.DEFERRED],
        voided_at__isnull=True,
        valid_from__gte=OuterRef("valid_from"),
        valid_from__lte=at,
    )
    in_force: QuerySet[Clearance] = Clearance.objects.filter(
        ~Exists(overtaken),
        program_id=program_id,
        decision=Clearance.Decision.CLEARED,
        voided_at__isnull=True,
        expires_on__gte=today,
    )
    return in_force.order_by("-valid_from").first()


def active_consent(*, program_id: UUID, document: str, at: datetime) -> Consent | None:
    """The signature that stands at `at`: the latest of the version in force that day, not revoked, not too old.

    Too old is more than the protocol's `consent_days`. One that was signed after `at` counts, as with clearances.
    """
    program = Program.objects.select_related("location", "protocol").get(pk=program_id)
    today = at.astimezone(program.location.zone).date()
    signed: QuerySet[Consent] = Consent.objects.filter(
        program_id=program_id,
        document=document,
        document_version=documents.version_in_force(document, today),
        status=Consent.Status.SIGNED,
        signed_at__gte=at - timedelta(days=limit(program.protocol.limits, "consent_days")),
    )
    return signed.order_by("-signed_at").first()


def open_alerts(*, program_id: UUID) -> QuerySet[SafetyAlert]:
    """Alerts of the program that nobody has acknowledged, the most urgent first."""
    found: QuerySet[SafetyAlert] = SafetyAlert.objects.filter(
        program_id=program_id, status=SafetyAlert.Status.OPEN
    )
    return found.order_by("acknowledge_by", "pk")


def overdue_alerts(*, at: datetime) -> QuerySet[SafetyAlert]:
    found: QuerySet[SafetyAlert] = SafetyAlert.objects.filter(
        status=SafetyAlert.Status.OPEN, acknowledge_by__lte=at
    )
    return found.order_by("acknowledge_by", "pk")


def listed_medicines(client_id: UUID) -> list[Listed]:
    """All that the client takes, oldest first, each with what a prescriber last mapped it to."""
    rows = Medication.objects.current().filter(client_id=client_id).order_by("created_at", "id")
    listed = []
    for row in medications_with_mappings(rows):
        last = list(row.mappings.all())[-1:]
        listed.append(Listed(row.pk, row.text, frozenset(last[0].ingredients if last else ())))
    return listed


def medications_with_mappings(rows: QuerySet[Medication]) -> QuerySet[Medication]:
    """Medications with their `mappings`, the oldest first: one query more."""
    in_order = MedicationMapping.objects.order_by("created_at", "id")
    found: QuerySet[Medication] = rows.prefetch_related(Prefetch("mappings", queryset=in_order))
    return found


def medications_unmapped(client_id: UUID) -> QuerySet[Medication]:
    """What the client takes that is not understood in full, and that no prescriber has mapped or reviewed in words."""
    found: QuerySet[Medication] = Medication.objects.current().filter(
        client_id=client_id, is_mapped=False, review=""
    )
    return found.order_by("created_at")


def latest_measure(*, program_id: UUID, instrument: str, at: datetime) -> Measure | None:
    """The last filling-in of `instrument` by `at`."""
    found: QuerySet[Measure] = Measure.objects.filter(
        program_id=program_id, instrument=instrument, taken_at__lte=at
    )
    return found.order_by("-taken_at", "-created_at").first()


def latest_measures(*, program_id: UUID, instruments: Sequence[str], at: datetime) -> Mapping[str, Measure]:
    """The last filling-in by `at` of each of these instruments."""
    rows = Measure.objects.filter(program_id=program_id, instrument__in=instruments, taken_at__lte=at)
    latest = rows.order_by("instrument", "-taken_at", "-created_at", "-pk").distinct("instrument")
    return {row.instrument: row for row in latest}


def recent_measures(*, program: Program, at: datetime) -> Mapping[str, Measure]:
    """The latest of each instrument in the protocol's `instrument_days` before `at`."""
    since = at - timedelta(days=limit(program.protocol.limits, "instrument_days"))
    rows = Measure.objects.filter(program=program, taken_at__gte=since, taken_at__lte=at)
    latest = rows.order_by("instrument", "-taken_at", "-created_at").distinct("instrument")
    return {row.instrument: row for row in latest.prefetch_related("alerts")}


def raised_alert(measure: Measure | None, *, cause: str) -> bool:
    """Did this filling-in raise an alert whose cause begins with `cause`?"""
    return measure is not None and measure.alerts.filter(cause__startswith=cause).exists()
