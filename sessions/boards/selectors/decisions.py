"""What waits for a prescriber, of whatever kind, as rows of one list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    CharField,
    DateTimeField,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
)
from django.db.models.functions import Cast, Coalesce

from kapclinic.practice.models import SessionKind, User
from kapclinic.practice.rules import DIRECTOR, PRESCRIBER
from kapclinic.practice.worklist import Kind
from kapclinic.trail.models import Task
from programs.models import Program
from screening.models import AlertRelease, Clearance, SafetyAlert, Screening, Suspension
from screening.models.alerts import HOLDING
from screening.selectors import clearances
from sessions.booking.models import Session
from sessions.booking.rules import AHEAD
from sessions.dosing import selectors as dosing
from sessions.dosing.models import AdverseEvent, GateOverride, Order
from sessions.dosing.selectors.orders import OPEN

AHEAD_BY = timedelta(days=7)  # a dose that is so near lacks its order
LATE = timedelta(hours=12)  # a session that was to begin longer ago does not wait for an order any more
READ_WITHIN = timedelta(days=30)  # an override of longer ago is history
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
GOING_ON = [Program.Status.ACTIVE, Program.Status.ON_HOLD]

Rows = QuerySet[Any, Any]  # plain rows of a union


@dataclass(frozen=True)
class Where:
    """Where the client, the course and the prescriber of a row stand, as paths from it."""

    client: str
    program: str
    session: str | None = None

    @property
    def prescriber(self) -> str:
        return f"{self.program}__prescriber"


def _id(path: str | None) -> Any:
    return F(path) if path else Cast(Value(None), UUIDField())


def _rows(
    found: QuerySet[Any], kind: str, subject: str, where: Where, *, since: Any, due: Any = None
) -> Rows:
    """The columns of every part of the list, in one order."""
    no_time = Cast(Value(None), DateTimeField())
    due = no_time if due is None else due
    return found.order_by().values(
        about_kind=Value(kind, output_field=CharField()),
        about_type=Value(subject, output_field=CharField()),
        about_id=F("pk"),
        about_client=F(where.client),
        about_program=F(where.program),
        about_session=_id(where.session),
        about_assigned=F(where.prescriber),
        about_since=since,
        about_due=due,
        about_rank=Coalesce(due, Value(NEVER, output_field=DateTimeField())),
    )


def _next_dose(program: str, at: datetime) -> Subquery:
    """When the next dose of the course is booked: until then it should be decided."""
    doses = Session.objects.filter(
        program=OuterRef(program), kind=SessionKind.DOSING, status__in=AHEAD, starts_at__gte=at - LATE
    )
    return Subquery(doses.order_by("starts_at").values("starts_at")[:1])


OF_PROGRAM = Where("program__client", "program")
OF_SESSION = Where("session__client", "session__program", "session")


def _of_course(places: Iterable[UUID], at: datetime) -> list[tuple[QuerySet[Any], Where, Mapping[str, Any]]]:
    """What waits for the prescriber of a course: (rows, where they stand, the columns)."""
    here = {"program__location__in": list(places)}
    sent = Screening.objects.filter(status=Screening.Status.SUBMITTED, program__status__in=GOING_ON, **here)
    reasons = Suspension.objects.filter(clearance=OuterRef("pk"), uphold__isnull=True).order_by()
    earliest = Subquery(reasons.values("clearance").annotate(first=Min("fact__at")).values("first"))
    ending = Task.objects.open().filter(kind=Kind.CLEARANCE_EXPIRING, subject_id=OuterRef("pk"))
    released = AlertRelease.objects.standing().filter(alert=OuterRef("pk"))
    alerts = SafetyAlert.objects.filter(**here)
    holding = alerts.filter(
        ~Exists(released),
        status=SafetyAlert.Status.ACKNOWLEDGED,
        cause__in=HOLDING,
        program__status__in=GOING_ON,
    )
    next_dose = _next_dose("program", at)
    return [
        (sent, OF_PROGRAM, _as("screening", "screening", since=F("submitted_at"), due=next_dose)),
        (
            clearances.to_review().select_related(None).filter(**here),
            OF_PROGRAM,
            _as("clearance_review", "clearance", since=earliest, due=next_dose),
        ),
        (
            Clearance.objects.filter(Exists(ending), **here),
            OF_PROGRAM,
            _as("clearance_ending", "clearance", since=F("valid_from"), due=_first(ending, "due_at")),
        ),
        (
            alerts.filter(status=SafetyAlert.Status.OPEN),
            OF_PROGRAM,
            _as("safety_alert", "safety_alert", since=F("created_at"), due=F("acknowledge_by")),
        ),
        (holding, OF_PROGRAM, _as("alert_release", "safety_alert", since=F("created_at"), due=next_dose)),
        (
            _unordered(places, at),
            Where("client", "program", "pk"),
            _as("order_missing", "session", since=F("created_at"), due=F("starts_at")),
        ),
    ]


def _as(kind: str, subject: str, **times: Any) -> dict[str, Any]:
    return {"kind": kind, "subject": subject, **times}


def _first(rows: QuerySet[Any], column: str) -> Subquery:
    return Subquery(rows.order_by(column).values(column)[:1])


def _unordered(places: Iterable[UUID], at: datetime) -> QuerySet[Session]:
    """Doses of the next days, and of today, that have no order which is still good when they begin."""
    good = Order.objects.filter(session=OuterRef("pk"), valid_until__gte=OuterRef("starts_at"))
    given = dosing.standing_doses(session_id=OuterRef("pk"))
    found: QuerySet[Session] = Session.objects.filter(
        ~Exists(good),
        ~Exists(given),
        kind=SessionKind.DOSING,
        location__in=list(places),
        status__in=OPEN,
        starts_at__range=(at - LATE, at + AHEAD_BY),
    )
    return found


def _overrides(places: Iterable[UUID], at: datetime) -> QuerySet[GateOverride]:
    found: QuerySet[GateOverride] = GateOverride.objects.unread().filter(
        session__location__in=list(places), created_at__gte=at - READ_WITHIN
    )
    return found


def decisions(*, user: User, places: Iterable[UUID], mine: bool, at: datetime) -> Rows:
    """All that waits at these locations for a prescriber, and for the medical director where they alone decide; what
    is due first comes first. With `mine` only what `user` may and should decide: as the prescriber of the course, as a
    second prescriber, as the director, and never what they did themselves.
    """
    places = list(places)
    prescribes = not mine or bool(user.role_set & PRESCRIBER)
    directs = not mine or bool(user.role_set & DIRECTOR)
    parts: list[Rows] = []
    if prescribes:
        for rows, where, columns in _of_course(places, at):
            own = rows.filter(**{where.prescriber: user.pk}) if mine else rows
            parts.append(_rows(own, where=where, **columns))
        waiting = dosing.orders_that_wait().filter(session__location__in=places)
        waiting = waiting.exclude(prescriber=user) if mine else waiting
        above = _as("order_above_cap", "order", since=F("created_at"), due=F("session__starts_at"))
        parts.append(_rows(waiting, where=OF_SESSION, **above))
    passed = _overrides(places, at)
    if mine:
        theirs = Q() if directs else Q(session__program__prescriber=user)
        passed = passed.filter(theirs).exclude(created_by=user.pk)
    parts.append(_rows(passed, where=OF_SESSION, **_as("override", "override", since=F("created_at"))))
    if directs:
        events = AdverseEvent.objects.filter(
            session__location__in=places, review_due_at__isnull=False, reviews__isnull=True
        )
        review = _as("adverse_event_review", "adverse_event", since=F("created_at"), due=F("review_due_at"))
        parts.append(_rows(events, where=OF_SESSION, **review))
    first, *others = parts
    return first.union(*others, all=True).order_by("about_rank", "about_since", "about_id")
