"""Sessions as they are shown: plain rows, straight from SQL."""

from __future__ import annotations

from typing import Any

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
from sessions.booking.models import Allocation, Session, Stage
from sessions.booking.rules import OVERRIDE_FROM
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
    "fasting_since",
    "weight_kg",
    "checked_in_at",
    "started_at",
    "completed_at",
    "cancelled_at",
    "reason",
    "override_reason",
)


def session_rows(queryset: QuerySet[Session]) -> QuerySet[Any, dict[str, Any]]:
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
    stage = Stage.objects.filter(session=OuterRef("pk")).order_by("-at", "-pk")
    rows: QuerySet[Any, dict[str, Any]] = queryset.values(
        *SHOWN,
        client_first_name=F("client__legal_first_name"),
        client_chosen_name=F("client__chosen_name"),
        client_last_name=F("client__legal_last_name"),
        client_mrn=F("client__mrn"),
        double_use=Exists(beside),
        owed=Subquery(owed),
        words=latest_words(),
        reason_roles=Subquery(worded.annotate(writer_roles=Subquery(writer)).values("writer_roles")[:1]),
        latest_stage=Subquery(
            stage.values(row=JSONObject(stage="stage", at="at", by="created_by"))[:1],
            output_field=JSONField(),
        ),
    )
    return rows
