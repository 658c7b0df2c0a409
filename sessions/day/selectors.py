"""Questions that need several rooms: a day's sessions, a program's progress, its timeline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import (
    CharField,
    Exists,
    F,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import JSONObject

from kapclinic.practice.models import User
from programs.models import Program
from sessions.booking.models import Allocation, Session, Stage
from sessions.booking.rules import OVERRIDE_FROM
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
    "attested",
    "checked_in_at",
    "started_at",
    "completed_at",
    "cancelled_at",
    "reason",
    "override_reason",
)


def session_rows(queryset: QuerySet[Session]) -> QuerySet[Any, dict[str, Any]]:
    """Sessions as plain rows, straight from SQL: with the client's name and the latest stage.

    `owed` is the obligation that an integration fulfils, or that a dose made; `reason_roles` are the roles of whoever
    first gave the reason that stands, by the session's history.
    """
    writer = User.objects.filter(pk=OuterRef("history_user_id")).values("roles")[:1]
    worded = Session.history.filter(id=OuterRef("pk"), reason=OuterRef("reason")).order_by("history_id")
    of_session = Q(integration_session=OuterRef("pk")) | Q(dosing_session=OuterRef("pk"))
    owed = Obligation.objects.filter(of_session).values("pk")[:1]
    beside = Allocation.objects.filter(
        session=OuterRef("pk"), released_at__isnull=True, lanes__startswith__gte=OVERRIDE_FROM
    )
    stage = Stage.objects.filter(session=OuterRef("pk")).order_by("-at", "-pk")
    rows: QuerySet[Any, dict[str, Any]] = queryset.values(
        *SHOWN,
        client_first_name=F("client__legal_first_name"),
        client_chosen_name=F("client__chosen_name"),
        client_last_name=F("client__legal_last_name"),
        client_mrn=F("client__mrn"),
        double_use=Exists(beside),
        owed=Subquery(owed),
        reason_roles=Subquery(worded.annotate(writer_roles=Subquery(writer)).values("writer_roles")[:1]),
        latest_stage=Subquery(
            stage.values(row=JSONObject(stage="stage", at="at", by="created_by"))[:1],
            output_field=JSONField(),
        ),
    )
    return rows


IN_PROGRESS = {
    Obligation.State.DUE: "open",
    Obligation.State.BOOKED: "open",
    Obligation.State.MET: "met",
    Obligation.State.MET_LATE: "met",
    Obligation.State.MISSED: "missed",
    Obligation.State.WAIVED: "waived",
}


def progress(programs: Iterable[Program]) -> dict[UUID, dict[str, dict[str, int]]]:
    """Per program: preparation {done, required}, dosing {done, planned}, integration {open, met, missed, waived}."""
    rows = list(programs)
    found: dict[UUID, dict[str, dict[str, int]]] = {
        program.pk: {
            "preparation": {"done": 0, "required": program.protocol.min_preparations},
            "dosing": {"done": 0, "planned": program.protocol.planned_doses},
            "integration": dict.fromkeys(("open", "met", "missed", "waived"), 0),
        }
        for program in rows
    }
    for program_id, what, count in _counts([program.pk for program in rows]):
        if what in {"preparation", "dosing"}:
            found[program_id][what]["done"] = count
        elif what in IN_PROGRESS:
            found[program_id]["integration"][IN_PROGRESS[Obligation.State(what)]] += count
    return found


def _counts(ids: list[UUID]) -> Iterable[tuple[UUID, str, int]]:
    """(program, "preparation", "dosing" or the state of its obligations, how many), in one query."""
    named = {name: Value(name, output_field=CharField()) for name in ("preparation", "dosing")}
    prepared = dosing.preparations_counted(ids).annotate(what=named["preparation"])
    dosed = dosing.doses_counted(ids).annotate(what=named["dosing"])
    rows: Iterable[tuple[UUID, str, int]] = prepared.values_list("program_id", "what", "n").union(
        dosed.values_list("session__program_id", "what", "n"),
        integration.counted(ids).values_list("program_id", "state", "n"),
        all=True,
    )
    return rows


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
