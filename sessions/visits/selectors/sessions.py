"""Sessions as they are shown: plain rows, straight from SQL."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Exists,
    F,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import JSONObject

from kapclinic.practice.models import User
from sessions.booking.models import Allocation, MoveUndo, Session, Stage
from sessions.booking.rules import OVERRIDE_FROM, Escort, Place, StoredStaff
from sessions.dosing.selectors import latest_words
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
    "escort_confirmed_at",
    "fasting_since",
    "weight_kg",
    "weight_source",
    "weight_confirmed",
    "checked_in_at",
    "started_at",
    "completed_at",
    "cancelled_at",
    "reason",
    "override_reason",
)


class LatestStage(TypedDict):
    stage: str
    at: str  # SQL makes JSON of it
    by: str


class Word(TypedDict):
    """The latest word on one code; SQL makes JSON of it."""

    code: str
    value: bool
    by: str
    at: str


class Undone(TypedDict):
    """A move that was taken back, or put right; SQL makes JSON of it."""

    move: str
    moment: str
    corrected_to: str | None
    at: str
    by: str
    reason: str


class SessionRow(TypedDict):
    """The columns SHOWN, and what stands beside them."""

    id: UUID
    program: UUID
    client: UUID
    location: UUID
    room: UUID | None
    for_dose: UUID | None
    version: int
    created_at: datetime
    kind: str
    number: int
    modality: str
    starts_at: datetime
    ends_at: datetime
    status: str
    source: str
    outcome: str
    staff: list[StoredStaff]
    client_confirmed_at: datetime | None
    client_location: Place | None
    escort: Escort | None
    escort_confirmed_at: datetime | None
    fasting_since: datetime | None
    weight_kg: Decimal | None
    weight_source: str
    weight_confirmed: bool
    words: list[Word]
    checked_in_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    reason: str
    override_reason: str
    client_first_name: str
    client_chosen_name: str
    client_last_name: str
    client_mrn: str
    double_use: bool
    owed: UUID | None
    reason_roles: list[str] | None
    latest_stage: LatestStage | None
    undone: list[Undone]


def session_rows(queryset: QuerySet[Session]) -> QuerySet[Session, SessionRow]:
    """Sessions as plain rows, straight from SQL: with the client's name, the latest stage and attestations.

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
    taken_back = MoveUndo.objects.filter(session=OuterRef("pk")).order_by("created_at", "pk")
    stage = Stage.objects.filter(session=OuterRef("pk")).order_by("-at", "-pk")
    rows: QuerySet[Session, SessionRow] = queryset.values(
        *SHOWN,
        client_first_name=F("client__legal_first_name"),
        client_chosen_name=F("client__chosen_name"),
        client_last_name=F("client__legal_last_name"),
        client_mrn=F("client__mrn"),
        double_use=Exists(beside),
        owed=Subquery(owed),
        words=latest_words(),
        reason_roles=Subquery(worded.annotate(writer_roles=Subquery(writer)).values("writer_roles")[:1]),
        undone=ArraySubquery(
            taken_back.values(
                row=JSONObject(
                    move="move",
                    moment="moment",
                    corrected_to="corrected_to",
                    at="created_at",
                    by="created_by",
                    reason="reason",
                )
            )
        ),
        latest_stage=Subquery(
            stage.values(row=JSONObject(stage="stage", at="at", by="created_by"))[:1],
            output_field=JSONField(),
        ),
    )
    return rows
