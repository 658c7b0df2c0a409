"""Sessions as they are shown: plain rows, straight from SQL."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypedDict
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    F,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, JSONObject

from kapclinic.core.postgresql.scoped import Asks
from kapclinic.core.statements import Row, StandIns, Statement, compiled, of_asker
from kapclinic.core.transitions import HasRoles
from kapclinic.practice.models import Role, User
from kapclinic.practice.rules import BOOKERS, CLINICIANS
from sessions.booking.models import Allocation, MoveUndo, Session, Stage
from sessions.booking.rules import OVERRIDE_FROM, Escort, Place, StoredStaff
from sessions.booking.selectors.video import video_address
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


# Fields for clinicians alone, and those of the visit, which billing does not read.
CLINICAL = frozenset({"fasting_since", "weight_kg", "weight_source", "weight_confirmed"})
SELDOM = 1000  # seats: among 35,000 sessions as soon read as 50 of them are met on the walk
NOTHING = Cast(Value(""), TextField())
OF_THE_VISIT = frozenset({"escort", "escort_confirmed_at", "client_location"})


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
    told_reason: str
    override_reason: str
    client_first_name: str
    client_chosen_name: str
    client_last_name: str
    client_mrn: str
    double_use: bool
    owed: UUID | None
    latest_stage: LatestStage | None
    undone: list[Undone]
    video_address: str


def session_rows(queryset: QuerySet[Session], *, by: HasRoles) -> QuerySet[Session, SessionRow]:
    """Sessions as plain rows, straight from SQL: with the client's name, the latest stage and attestations.

    `owed` is the obligation that an integration fulfils, or that a dose made. What `by` may not read (R13) is not read:
    columns of CLINICAL and OF_THE_VISIT are left out, and `words`; of the reason and of why a move was undone stands
    `told_reason` and an empty text.
    """
    clinical, books = bool(by.role_set & CLINICIANS), bool(by.role_set & BOOKERS)
    hidden = {*(() if clinical else CLINICAL), *(() if books else OF_THE_VISIT), "reason"}
    of_session = Q(integration_session=OuterRef("pk")) | Q(dosing_session=OuterRef("pk"))
    owed = Obligation.objects.filter(of_session).values("pk")[:1]
    beside = Allocation.objects.filter(
        session=OuterRef("pk"), released_at__isnull=True, lanes__startswith__gte=OVERRIDE_FROM
    )
    rows: QuerySet[Session, SessionRow] = queryset.values(
        *(name for name in SHOWN if name not in hidden),
        client_first_name=F("client__legal_first_name"),
        client_chosen_name=F("client__chosen_name"),
        client_last_name=F("client__legal_last_name"),
        client_mrn=F("client__mrn"),
        double_use=Exists(beside),
        owed=Subquery(owed),
        told_reason=F("reason") if clinical else _reason_of_the_desk(by),
        undone=_undone(clinical=clinical),
        latest_stage=_latest_stage(),
        **({"words": latest_words()} if clinical else {}),
        **({"video_address": video_address()} if books else {}),
    )
    return rows


def seats_of(user: UUID) -> QuerySet[Allocation]:
    """What holds or held time of somebody: whoever is on a session's staff has, or had, a seat in it."""
    rows: QuerySet[Allocation] = Allocation.objects.filter(
        kind=Allocation.Kind.STAFF, resource=user, session__isnull=False
    )
    return rows


def was_seldom_there(user: UUID, source: str) -> bool:
    """Has somebody so few seats that their sessions are sooner found by these than by a walk through the book?

    The staff of a session is JSON, and behind a policy no index is asked for what it holds.
    """
    return seats_of(user).using(source)[:SELDOM].count() < SELDOM


def session_row(session_id: UUID, *, by: User) -> Row | None:
    """The one of `session_rows` with this id; None for one that `by` does not see."""
    statement = _statement_of_one(by.role_set, len(by.locations))
    rows = statement.rows(of_asker(by) | {"session": session_id}) if statement else []
    return rows[0] if rows else None


def asks_session_row(session_id: UUID, *, by: User) -> list[Asks]:
    """The statement of `session_row`, to be sent ahead; none for who sees none."""
    statement = _statement_of_one(by.role_set, len(by.locations))
    return [statement.asks(of_asker(by) | {"session": session_id})] if statement else []


@lru_cache(maxsize=200)
def _statement_of_one(roles: frozenset[str], locations: int) -> Statement | None:
    stand_ins = StandIns()
    asker = stand_ins.asker(roles, locations)
    seen = Session.objects.visible_to(asker).filter(pk=stand_ins.key("session"))
    return compiled(session_rows(seen, by=asker), stand_ins)


def _reason_of_the_desk(by: HasRoles) -> Case | Cast:
    """The reason as the front desk reads it: what the front desk wrote, by the session's history; others read none."""
    if Role.FRONT_DESK not in by.role_set:
        return NOTHING
    writer = User.objects.filter(pk=OuterRef("history_user_id"))
    own = writer.filter(roles__contains=[Role.FRONT_DESK]).exclude(roles__overlap=sorted(CLINICIANS))
    worded = Session.history.filter(id=OuterRef("pk"), reason=OuterRef("reason")).order_by("history_id")
    told = Subquery(worded.annotate(own=Exists(own)).values("own")[:1], output_field=BooleanField())
    # In this order: only of a session with a reason is its history read.
    return Case(
        When(Q(reason="") | ~Q(outcome=""), then=Value("")),
        When(Q(told), then=F("reason")),
        default=Value(""),
        output_field=CharField(),
    )


def _undone(*, clinical: bool) -> ArraySubquery:
    taken_back = MoveUndo.objects.filter(session=OuterRef("pk")).order_by("created_at", "pk")
    names = {"move": "move", "moment": "moment", "corrected_to": "corrected_to"}
    why = F("reason") if clinical else NOTHING
    return ArraySubquery(
        taken_back.values(row=JSONObject(**names, at="created_at", by="created_by", reason=why))
    )


def _latest_stage() -> Subquery:
    stage = Stage.objects.filter(session=OuterRef("pk")).order_by("-at", "-pk")
    row = stage.values(row=JSONObject(stage="stage", at="at", by="created_by"))[:1]
    return Subquery(row, output_field=JSONField())
