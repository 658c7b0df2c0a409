"""Questions to the REMS records."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from kapclinic.core.moments import utc_text
from kapclinic.practice.models import User
from kapclinic.practice.rules import NURSES
from kapclinic.practice.worklist import Kind
from kapclinic.trail.models import Task
from sessions.booking.models import Session
from sessions.dosing.models import Administration, AdverseEvent, Discharge
from sessions.dosing.rems import rules
from sessions.dosing.rems.models import EVENTS, RemsRecord, RemsRecordQuerySet
from sessions.drugs.models import DrugLot
from sessions.monitoring import selectors as monitoring
from sessions.monitoring.models import Reading


class Pressure(TypedDict):
    systolic: int
    diastolic: int
    measured_at: str | None


class Occurrence(TypedDict):
    """One of the form's events: did it occur, and when was it over?"""

    occurred: bool | None
    resolved_at: str | None


def devices(*, session_id: UUID | OuterRef) -> QuerySet[Administration]:
    """The session's standing esketamine doses, in order; `session_id` may be a column of an outer query."""
    standing: QuerySet[Administration] = Administration.objects.standing().filter(session_id=session_id)
    return standing.filter(devices__isnull=False).order_by("administered_at", "created_at")


def first_device_at(*, session_id: UUID) -> datetime | None:
    """When the session's first standing esketamine dose was given."""
    return devices(session_id=session_id).values_list("administered_at", flat=True).first()


def records() -> RemsRecordQuerySet:
    """Records with `owed`: does an esketamine dose of the session stand?"""
    found: RemsRecordQuerySet = RemsRecord.objects.annotate(
        owed=Exists(devices(session_id=OuterRef("session_id")))
    )
    return found.select_related(
        "session__client", "session__location", "session__program__protocol", "monitoring_hcp", "submitted_by"
    )


def sessions_without_record(*, at: datetime) -> list[UUID]:
    """Sessions whose standing esketamine dose no record was made for, of the weeks that the sweep looks back over."""
    found = Administration.objects.standing().filter(
        devices__isnull=False,
        administered_at__gte=at - rules.LOOKED_BACK,
        session__rems_record__isnull=True,
    )
    return list(found.order_by("session_id").values_list("session_id", flat=True).distinct())


def to_tell(*, at: datetime) -> QuerySet[RemsRecord]:
    """Drafts of which somebody must be told now, and drafts told of for which no dose stands any more."""
    behind = Q()
    for told, wait in enumerate(rules.TOLD_AFTER):
        behind |= Q(due_at__lte=at + rules.SUBMIT_WITHIN - wait, warnings__lte=told)
    listed = Task.objects.open().filter(kind=Kind.REMS_RECORD, subject_id=OuterRef("pk"))
    silent = Q(warnings__gt=0) & ~Exists(listed)
    drafts = records().filter(state=RemsRecord.State.DRAFT)
    return drafts.filter(Q(owed=True) & (behind | silent) | Q(owed=False, warnings__gt=0)).order_by("due_at")


def may_monitor(*, location_id: UUID) -> QuerySet[User]:
    """Who may be named as the monitoring health care provider at a location."""
    roles = sorted(map(str, NURSES))
    return User.objects.filter(is_active=True, locations__contains=[location_id], roles__overlap=roles)


def form_of(record: RemsRecord) -> rules.Form:
    """The whole form: as it was submitted, or for a draft as the record stands now. Amounts are strings in mg."""
    if record.form is not None:
        return record.form  # type: ignore[no-any-return]
    session = record.session
    discharge = Discharge.objects.filter(session=session).values_list("discharged_at", flat=True).first()
    ended = discharge or record.monitoring_ended_at
    return (
        _who_and_where(record)
        | _what(session, record, ended)
        | {name: _event(record, name) for name in EVENTS}
        | {
            "recorded_events": rules.recorded_events(AdverseEvent.objects.filter(session=session)),
            "events_note": record.events_note,
        }
    )


def _who_and_where(record: RemsRecord) -> rules.Form:
    client, location, hcp = record.session.client, record.session.location, record.monitoring_hcp
    return {
        "client": {
            "name": client.legal_name,
            "date_of_birth": client.date_of_birth.isoformat(),
            "sex": client.administrative_sex,
        },
        "concomitant": {name: getattr(record, name) for name in rules.CONCOMITANT},
        "monitoring_hcp": hcp and {"name": hcp.name, "credentials": hcp.credentials, "email": hcp.email},
        "setting": {
            "name": location.legal_name or location.name,
            "address": {key: str(value) for key, value in sorted(location.address.items())},
            "phone": location.phone,
        },
    }


def _what(session: Session, record: RemsRecord, ended: datetime | None) -> rules.Form:
    given = Coalesce("finish__given_mg", "given_mg", "dose_mg")
    doses = list(devices(session_id=session.pk).values("administered_at", "drug_lot", mg=given))
    lots = DrugLot.objects.filter(pk__in=[row["drug_lot"] for row in doses if row["drug_lot"]])
    named = sorted(lots.values_list("lot_number", flat=True))
    total = sum((row["mg"] for row in doses), Decimal(0))
    first = doses[0]["administered_at"] if doses else None
    unnamed = any(row["drug_lot"] is None for row in doses)
    return {
        "session_date": first and first.astimezone(session.location.zone).date().isoformat(),
        "dose_mg": str(total),
        "dose": rules.dose_box(total),
        "lot_numbers": named + ([record.lot_number] if record.lot_number else []),
        "unnamed_lots": unnamed and not record.lot_number,
        "first_device_at": _text(first),
        "monitoring_ended_at": _text(ended),
        "total_minutes": int((ended - first).total_seconds() // 60) if ended and first else None,
        "ready_without_two_hours_at": _text(record.ready_without_two_hours_at),
        "vitals_acceptable_pre": record.vitals_acceptable_pre,
        "vitals_acceptable_completion": record.vitals_acceptable_completion,
        **_pressures(session, first=first, ended=ended),
        "blood_pressure_reason": record.blood_pressure_reason,
    }


def _pressures(
    session: Session, *, first: datetime | None, ended: datetime | None
) -> dict[str, Pressure | None]:
    if first is None:
        return dict.fromkeys(rules.PRESSURES)
    window = timedelta(minutes=session.program.protocol.limits["missed_after_min"])
    taken = monitoring.standing_readings(session_id=session.pk)
    readings = list(taken.filter(systolic__isnull=False, diastolic__isnull=False))
    found = rules.pressures(readings, first=first, ended=ended, window=window)
    return dict(zip(rules.PRESSURES, map(_pressure, found), strict=True))


def _pressure(row: Reading | None) -> Pressure | None:
    if row is None or row.systolic is None or row.diastolic is None:
        return None
    return {"systolic": row.systolic, "diastolic": row.diastolic, "measured_at": _text(row.measured_at)}


def _event(record: RemsRecord, name: str) -> Occurrence:
    resolved = getattr(record, f"{name}_resolved_at")
    return {"occurred": getattr(record, name), "resolved_at": _text(resolved)}


def _text(moment: datetime | None) -> str | None:
    """UTC with `Z`, as answers write it."""
    return None if moment is None else utc_text(moment)
