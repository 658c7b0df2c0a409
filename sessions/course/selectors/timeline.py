"""The whole course of a program, in order of time."""

from __future__ import annotations

from typing import Any

from programs.models import Program
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.integration.models import Obligation


def timeline(program: Program) -> dict[str, Any]:
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
        "obligations": list(
            obligations.values(
                "id",
                "dosed_at",
                "window_start",
                "window_end",
                "state",
                "dosing_session",
                "integration_session",
            )
        ),
    }
