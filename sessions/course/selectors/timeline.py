"""The whole course of a program, in order of time."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from programs.models import Program
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.integration.models import Obligation

OF_OBLIGATION = (
    "id",
    "dosed_at",
    "window_start",
    "window_end",
    "state",
    "dosing_session",
    "integration_session",
)


class PhaseRow(TypedDict):
    phase: str
    started_at: datetime
    ended_at: datetime | None


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


class DoseRow(TypedDict):
    administered_at: datetime
    session: UUID


class ObligationRow(TypedDict):
    id: UUID
    dosed_at: datetime
    window_start: datetime
    window_end: datetime
    state: str
    dosing_session: UUID
    integration_session: UUID | None


class Timeline(TypedDict):
    phases: list[PhaseRow]
    sessions: list[SessionRow]
    doses: list[DoseRow]
    obligations: list[ObligationRow]


def timeline(program: Program) -> Timeline:
    """The whole course: dated phases, every session in order, every obligation with its window."""
    doses = Administration.objects.standing().filter(session__program=program).order_by("administered_at")
    obligations = Obligation.objects.filter(program=program).order_by("window_start")
    return {
        "phases": list(program.spans.order_by("started_at").values("phase", "started_at", "ended_at")),
        "sessions": list(
            Session.objects.filter(program=program)
            .order_by("starts_at", "pk")
            .values(
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
            )
        ),
        "doses": list(doses.values("administered_at", "session")),
        "obligations": list(obligations.values(*OF_OBLIGATION)),
    }
