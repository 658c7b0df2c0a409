"""Questions that need several rooms: a day's sessions, a program's progress, its timeline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F, JSONField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from programs.models import Program
from sessions.booking.models import Session, Stage
from sessions.dosing import selectors as dosing
from sessions.dosing.models import Administration
from sessions.integration import selectors as integration
from sessions.integration.models import Obligation

SHOWN = (
    "id",
    "program",
    "client",
    "location",
    "room",
    "for_dose",
    "version",
    "created_at",
    "kind",
    "number",
    "modality",
    "starts_at",
    "ends_at",
    "status",
    "source",
    "outcome",
    "staff",
    "client_confirmed_at",
    "client_location",
    "escort",
    "fasting_since",
    "weight_kg",
    "attestations",
    "checked_in_at",
    "started_at",
    "completed_at",
    "reason",
    "override_reason",
)


def session_rows(queryset: QuerySet[Session]) -> QuerySet[Any, dict[str, Any]]:
    """Sessions as plain rows, straight from SQL: with the client's name and the latest stage.

    `owed` is the obligation that an integration fulfils, or that a dose made.
    """
    of_session = Q(integration_session=OuterRef("pk")) | Q(dosing_session=OuterRef("pk"))
    owed = Obligation.objects.filter(of_session).values("pk")[:1]
    stage = Stage.objects.filter(session=OuterRef("pk")).order_by("-at", "-pk")
    rows: QuerySet[Any, dict[str, Any]] = queryset.values(
        *SHOWN,
        client_first_name=F("client__legal_first_name"),
        client_chosen_name=F("client__chosen_name"),
        client_last_name=F("client__legal_last_name"),
        client_mrn=F("client__mrn"),
        owed=Subquery(owed),
        latest_stage=Subquery(
            stage.values(row=JSONObject(stage="stage", at="at", by="created_by"))[:1],
            output_field=JSONField(),
        ),
    )
    return rows


def progress(programs: Iterable[Program]) -> dict[UUID, dict[str, dict[str, int]]]:
    """Per program: preparation {done, required}, dosing {done, planned}, integration {open, met, missed, waived}."""
    rows = list(programs)
    ids = [program.pk for program in rows]
    prepared, dosed, owed = dosing.preparations_done(ids), dosing.doses_given(ids), integration.counts(ids)
    none = {"open": 0, "met": 0, "missed": 0, "waived": 0}
    return {
        program.pk: {
            "preparation": {
                "done": prepared.get(program.pk, 0),
                "required": program.protocol.min_preparations,
            },
            "dosing": {"done": dosed.get(program.pk, 0), "planned": program.protocol.planned_doses},
            "integration": owed.get(program.pk, none),
        }
        for program in rows
    }


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
