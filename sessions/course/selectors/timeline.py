"""The whole course of a program, in order of time: what was booked, given, measured, decided and owed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db.models import Case, DateTimeField, DecimalField, F, Q, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from kapclinic.core.asking import AtOnce, Questions
from kapclinic.practice.models import User
from programs.models import PhaseSpan, Program
from screening import rules as screened
from screening import selectors as screening
from screening.models import Clearance, Consent, Measure, Screening
from sessions.booking.models import Session
from sessions.dosing.models import Administration, AdverseEvent
from sessions.integration.models import Obligation
from sessions.monitoring.models import Reading
from sessions.notes.models import Note, RecordEntry
from sessions.notes.rules import records
from sessions.notes.selectors import PEAKS

Peaks = dict[str, records.Peak | None]
# How far the notes of a session have come: the best of them says it.
NOTE_STATES = (Note.Status.SIGNED, Note.Status.COSIGN_PENDING, Note.Status.DRAFT)
IN_SESSIONS = (
    "id",
    "kind",
    "number",
    "starts_at",
    "ends_at",
    "modality",
    "status",
    "outcome",
    "source",
    "for_dose",
    "room",
    "room__name",
    "staff",
)
IN_OBLIGATIONS = (
    "id",
    "dosed_at",
    "window_start",
    "window_end",
    "state",
    "dosing_session",
    "integration_session",
    "met_at",
)


class PhaseRow(TypedDict):
    phase: str
    started_at: datetime
    ended_at: datetime | None


class Seat(TypedDict):
    user: str
    role: str
    name: str


class SessionRow(TypedDict):
    id: UUID
    kind: str
    number: int
    starts_at: datetime
    ends_at: datetime
    modality: str
    status: str
    outcome: str
    source: str
    for_dose: UUID | None
    room: UUID | None
    room_name: str | None
    staff: list[Seat]


class EventRow(TypedDict):
    id: UUID
    session: UUID
    term: str
    grade: int
    serious: bool
    onset_at: datetime
    resolved_at: datetime | None
    outcome: str


class DoseRow(TypedDict):
    id: UUID
    session: UUID
    administered_at: datetime


class GivenRow(DoseRow):
    """A dose with what clinicians read: mg, and of its session the peaks, the worst event and the note."""

    drug: str
    route: str
    given_mg: Decimal
    peaks: Peaks
    worst_event: EventRow | None
    note_status: str | None


class ObligationRow(TypedDict):
    id: UUID
    dosed_at: datetime
    window_start: datetime
    window_end: datetime
    state: str
    dosing_session: UUID
    integration_session: UUID | None
    met_at: datetime | None


class ConsentRow(TypedDict):
    id: UUID
    document: str
    document_version: str
    language: str
    status: str
    signed_at: datetime | None
    revoked_at: datetime | None


class MeasureRow(TypedDict):
    id: UUID
    instrument: str
    taken_at: datetime
    total: int | None
    band: str | None
    flags: list[str]


class ScreeningRow(TypedDict):
    id: UUID
    status: str
    created_at: datetime
    submitted_at: datetime | None
    decided_at: datetime | None
    decision: str | None


class ClearanceRow(TypedDict):
    id: UUID
    screening: UUID
    decision: str
    state: str
    valid_from: datetime
    expires_on: date | None


class Timeline(TypedDict):
    """What somebody may read of a course."""

    phases: list[PhaseRow]
    sessions: list[SessionRow]
    doses: list[DoseRow] | list[GivenRow]
    obligations: list[ObligationRow]
    consents: NotRequired[list[ConsentRow]]
    measures: NotRequired[list[MeasureRow]]
    screenings: NotRequired[list[ScreeningRow]]
    clearances: NotRequired[list[ClearanceRow]]
    events: NotRequired[list[EventRow]]


def _staff_of(program_id: UUID) -> RawSQL:
    """For `…__in`: everybody who is or was to be at a session of the course."""
    return RawSQL(
        "SELECT (seat ->> 'user')::uuid FROM clinic_sessions_session s CROSS JOIN jsonb_array_elements(s.staff) seat"
        " WHERE s.program_id = %s",
        [program_id],
    )


def _of_all(program_id: UUID) -> Questions:
    sessions = Session.objects.filter(program=program_id).annotate(room_name=F("room__name"))
    met = Q(state__in=[Obligation.State.MET, Obligation.State.MET_LATE])
    began = Coalesce("integration_session__started_at", "integration_session__checked_in_at")
    obligations = Obligation.objects.filter(program=program_id).annotate(
        met_at=Case(When(met, then=began), default=Value(None), output_field=DateTimeField())
    )
    mg = Coalesce("finish__given_mg", F("given_mg"), F("dose_mg"), output_field=DecimalField())
    doses = Administration.objects.standing().filter(session__program=program_id).annotate(given=mg)
    return (
        PhaseSpan.objects.filter(program=program_id)
        .order_by("started_at", "pk")
        .values(*PhaseRow.__annotations__),
        sessions.order_by("starts_at", "pk").values(*SessionRow.__annotations__),
        User.objects.filter(pk__in=_staff_of(program_id)).values_list("pk", "name"),
        doses.order_by("administered_at", "created_at").values_list(
            "id", "session", "administered_at", "drug", "route", "given"
        ),
        obligations.order_by("window_start", "pk").values(*ObligationRow.__annotations__),
    )


def _of_the_desk(program_id: UUID) -> Questions:
    consents = Consent.objects.filter(program=program_id).order_by("created_at", "pk")
    return (consents.values(*ConsentRow.__annotations__),)


def _of_clinicians(program_id: UUID) -> Questions:
    of_sessions = {"session__program": program_id}
    readings = Reading.objects.filter(void__isnull=True, **of_sessions)
    entries = RecordEntry.objects.filter(void__isnull=True, part=RecordEntry.Part.OBSERVATION, **of_sessions)
    measures = Measure.objects.standing().filter(program=program_id)
    screenings = Screening.objects.filter(program=program_id).annotate(decision=F("clearance__decision"))
    return (
        readings.order_by("measured_at", "pk").values_list("session", "measured_at", *PEAKS),
        entries.order_by("observed_at", "pk"),
        Note.objects.filter(status__in=NOTE_STATES, **of_sessions)
        .order_by()
        .values_list("session", "status")
        .distinct(),
        AdverseEvent.objects.filter(**of_sessions)
        .order_by("onset_at", "pk")
        .values(*EventRow.__annotations__),
        measures.order_by("taken_at", "pk").values(*MeasureRow.__annotations__),
        screenings.order_by("created_at", "pk").values(*ScreeningRow.__annotations__),
        screening.decisions_of(program_id),
    )


@lru_cache(maxsize=8)
def _asked(*, desk: bool, clinical: bool) -> AtOnce:
    """All questions of somebody who may read so much: one statement."""

    def ask(*, program_id: UUID) -> Questions:
        return (
            *_of_all(program_id),
            *(_of_the_desk(program_id) if desk else ()),
            *(_of_clinicians(program_id) if clinical else ()),
        )

    return AtOnce(ask)


def timeline(program: Program, *, at: datetime, desk: bool, clinical: bool) -> Timeline:
    """The whole course; one statement, however long it was. `at` says how its clearances stand.

    `desk` may read of consents, `clinical` of all that is medical, too; a dose then has what was given (mg), the peaks,
    the worst event and how far its note has come.
    """
    phases, sessions, people, doses, obligations, *more = _asked(desk=desk, clinical=clinical)(
        program_id=program.pk
    )
    names = {str(pk): name for pk, name in people}
    found: Timeline = {
        "phases": phases,
        "sessions": [_seated(row, names) for row in sessions],
        "doses": [DoseRow(id=pk, session=own, administered_at=when) for pk, own, when, *_ in doses],
        "obligations": obligations,
    }
    if desk:
        found["consents"] = more.pop(0)
    if clinical:
        readings, entries, notes, events, measures, screenings, clearances = more
        peaks, signed = _peaks(readings, entries), set(notes)
        found["doses"] = [_given(*dose, peaks=peaks, events=events, notes=signed) for dose in doses]
        found["events"], found["measures"], found["screenings"] = events, measures, screenings
        found["clearances"] = [_clearance(row, program, at) for row in reversed(clearances)]
    return found


def _seated(row: SessionRow, names: Mapping[str, str]) -> SessionRow:
    seats = [
        Seat(user=seat["user"], role=seat["role"], name=names.get(seat["user"], "")) for seat in row["staff"]
    ]
    return {**row, "staff": seats}


def _given(
    pk: UUID,
    session: UUID,
    administered_at: datetime,
    drug: str,
    route: str,
    mg: Decimal,
    *,
    peaks: Mapping[UUID, Peaks],
    events: Sequence[EventRow],
    notes: Collection[tuple[UUID, str]],
) -> GivenRow:
    own = [event for event in events if event["session"] == session]
    return {
        "id": pk,
        "session": session,
        "administered_at": administered_at,
        "drug": drug,
        "route": route,
        "given_mg": mg,
        "peaks": peaks[session] if session in peaks else dict.fromkeys((*PEAKS, "dissociation")),
        "worst_event": max(own, key=lambda event: (event["grade"], event["serious"]), default=None),
        "note_status": next((state for state in NOTE_STATES if (session, state) in notes), None),
    }


Taken = tuple[UUID, datetime, int | None, int | None, int | None]


def _peaks(readings: Iterable[Taken], entries: Iterable[RecordEntry]) -> dict[UUID, Peaks]:
    """Session -> when each sign was highest, as its own record has it; readings are session, moment and `PEAKS`."""
    measured, seen = defaultdict(list), defaultdict(list)
    for session, moment, *values in readings:
        measured[session].append((moment, values))
    for entry in entries:
        seen[entry.session_id].append(entry)
    found: dict[UUID, Peaks] = {}
    for session in {*measured, *seen}:
        found[session] = {
            sign: records.peak((moment, values[nth]) for moment, values in measured[session])
            for nth, sign in enumerate(PEAKS)
        }
        found[session]["dissociation"] = records.peak(records.dissociations(seen[session]))
    return found


def _clearance(row: Clearance, program: Program, at: datetime) -> ClearanceRow:
    suspended: bool = row.is_suspended  # type: ignore[attr-defined]
    today = at.astimezone(program.location.zone).date()
    state = screened.clearance_state(row, suspended=suspended, today=today).state
    if row.decision != Clearance.Decision.CLEARED and state == screened.STANDING:
        state = row.decision
    return {
        "id": row.pk,
        "screening": row.screening_id,
        "decision": row.decision,
        "state": state,
        "valid_from": row.valid_from,
        "expires_on": row.expires_on,
    }
