"""What waits for a prescriber, of whatever kind, as rows of one list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce

from kapclinic.core.statements import Row
from kapclinic.practice.models import SessionKind, User
from kapclinic.practice.rules import DIRECTOR, PRESCRIBER
from kapclinic.practice.worklist import Kind
from kapclinic.trail.models import Task
from programs.models import Program
from screening.models import (
    AlertRelease,
    AllergyVoid,
    Clearance,
    LabResultVoid,
    MeasureVoid,
    SafetyAlert,
    Screening,
    Suspension,
)
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

Rows: TypeAlias = QuerySet[Model, Row]


@dataclass(frozen=True)
class Where:
    """Where the client, the course and the session of a row stand, as paths from it."""

    client: str
    program: str
    session: str | None = None

    @property
    def prescriber(self) -> str:
        return f"{self.program}__prescriber"


OF_PROGRAM = Where("program__client", "program")
OF_SESSION = Where("session__client", "session__program", "session")
ITS_OWN = Where("client", "program", "pk")
NO_TIME = Cast(Value(None), DateTimeField())
STANDS = Value(False, output_field=BooleanField())  # noqa: FBT003  (an expression)


@dataclass(frozen=True)
class Part:
    """The rows of one kind: what to open, where they stand, since when they wait and until when they should not.

    `gone`: was what each of them waits for taken back since?
    """

    kind: str
    subject: str
    found: QuerySet[Model]
    where: Where
    since: Combinable
    due: Combinable = NO_TIME
    gone: Combinable = STANDS

    def of(self, user: User) -> Part:
        """Those of the courses that the user prescribes for, and of those whose prescriber is there no more."""
        there = User.objects.filter(
            pk=OuterRef(self.where.prescriber),
            is_active=True,
            roles__overlap=sorted(map(str, PRESCRIBER)),
            locations__contains=[OuterRef(f"{self.where.program}__location")],
        )
        return replace(self, found=self.found.filter(Q(**{self.where.prescriber: user.pk}) | ~Exists(there)))

    def rows(self) -> Rows:
        """As plain rows, with the same columns in the same order for every kind."""
        session = F(self.where.session) if self.where.session else Cast(Value(None), UUIDField())
        return self.found.order_by().values(
            about_kind=Value(self.kind, output_field=CharField()),
            about_type=Value(self.subject, output_field=CharField()),
            about_id=F("pk"),
            about_client=F(self.where.client),
            about_program=F(self.where.program),
            about_session=session,
            about_assigned=F(self.where.prescriber),
            about_since=self.since,
            about_due=self.due,
            about_gone=self.gone,
            about_rank=Coalesce(self.due, Value(NEVER, output_field=DateTimeField())),
        )


def _next_dose(at: datetime) -> Subquery:
    """When the next dose of the course is booked: until then it should be decided."""
    doses = Session.objects.filter(
        program=OuterRef("program"), kind=SessionKind.DOSING, status__in=AHEAD, starts_at__gte=at - LATE
    )
    return Subquery(doses.order_by("starts_at").values("starts_at")[:1])


def _screenings(places: list[UUID], at: datetime) -> Part:
    sent = Screening.objects.filter(
        status=Screening.Status.SUBMITTED, program__status__in=GOING_ON, program__location__in=places
    )
    return Part("screening", "screening", sent, OF_PROGRAM, F("submitted_at"), _next_dose(at))


def _reviews(places: list[UUID], at: datetime) -> Part:
    reasons = Suspension.objects.filter(clearance=OuterRef("pk"), uphold__isnull=True).order_by()
    earliest = Subquery(reasons.values("clearance").annotate(first=Min("fact__at")).values("first"))
    suspended = clearances.to_review().select_related(None).filter(program__location__in=places)
    gone = ExpressionWrapper(
        ~Exists(reasons.filter(~_taken_back())), output_field=BooleanField()
    )  # nobody lifts what a prescriber decides
    return Part("clearance_review", "clearance", suspended, OF_PROGRAM, earliest, _next_dose(at), gone)


def _taken_back() -> Q:
    """Of a suspension: was the row that its fact stands on voided?"""
    voids = (("allergy", AllergyVoid), ("lab_result", LabResultVoid), ("measure", MeasureVoid))
    found = Q()
    for name, model in voids:
        voided = model.objects.filter(**{name: OuterRef("fact__subject_id")})
        found |= Q(Exists(voided), fact__subject_type=name)
    return found


def _ending(places: list[UUID]) -> Part:
    told = Task.objects.open().filter(kind=Kind.CLEARANCE_EXPIRING, subject_id=OuterRef("pk"))
    due = Subquery(told.order_by("due_at").values("due_at")[:1])
    ending = Clearance.objects.filter(Exists(told), program__location__in=places)
    return Part("clearance_ending", "clearance", ending, OF_PROGRAM, F("valid_from"), due)


def _alerts(places: list[UUID], at: datetime) -> list[Part]:
    """Open ones; and those that were acknowledged and hold the doses of a course that goes on."""
    alerts = SafetyAlert.objects.filter(program__location__in=places)
    unanswered = alerts.filter(status=SafetyAlert.Status.OPEN)
    holding = alerts.filter(
        ~Exists(AlertRelease.objects.standing().filter(alert=OuterRef("pk"))),
        status=SafetyAlert.Status.ACKNOWLEDGED,
        cause__in=HOLDING,
        program__status__in=GOING_ON,
    )
    since = F("created_at")
    return [
        Part("safety_alert", "safety_alert", unanswered, OF_PROGRAM, since, F("acknowledge_by")),
        Part("alert_release", "safety_alert", holding, OF_PROGRAM, since, _next_dose(at)),
    ]


def _unordered(places: list[UUID], at: datetime) -> Part:
    """Doses of today and of the next days that have no order which is still good when they begin."""
    good = Order.objects.filter(session=OuterRef("pk"), valid_until__gte=OuterRef("starts_at"))
    found = Session.objects.filter(
        ~Exists(good),
        ~Exists(dosing.standing_doses(session_id=OuterRef("pk"))),
        kind=SessionKind.DOSING,
        location__in=places,
        status__in=OPEN,
        starts_at__range=(at - LATE, at + AHEAD_BY),
    )
    return Part("order_missing", "session", found, ITS_OWN, F("created_at"), F("starts_at"))


def _above_cap(places: list[UUID], *, but: User | None) -> Part:
    waiting = dosing.orders_that_wait().filter(session__location__in=places)
    waiting = waiting if but is None else waiting.exclude(prescriber=but)
    due = F("session__starts_at")
    return Part("order_above_cap", "order", waiting, OF_SESSION, F("created_at"), due)


def _overrides(places: list[UUID], at: datetime) -> Part:
    unread = GateOverride.objects.unread().filter(
        session__location__in=places, created_at__gte=at - READ_WITHIN
    )
    return Part("override", "override", unread, OF_SESSION, F("created_at"))


def _events(places: list[UUID]) -> Part:
    unreviewed = AdverseEvent.objects.filter(
        session__location__in=places, review_due_at__isnull=False, reviews__isnull=True
    )
    due = F("review_due_at")
    return Part("adverse_event_review", "adverse_event", unreviewed, OF_SESSION, F("created_at"), due)


def decisions(*, user: User, places: Iterable[UUID], mine: bool, at: datetime) -> Rows:
    """All that waits at these locations for a prescriber, and for the medical director where they alone decide; what
    is due first comes first. With `mine` only what `user` may and should decide: as the prescriber of the course or in
    the place of one who left, as a second prescriber, as the director, and never what they did themselves.
    """
    here = list(places)
    directs = not mine or bool(user.role_set & DIRECTOR)
    parts: list[Part] = []
    if not mine or user.role_set & PRESCRIBER:
        of_course = [_screenings(here, at), _reviews(here, at), _ending(here), *_alerts(here, at)]
        of_course.append(_unordered(here, at))
        parts += [part.of(user) if mine else part for part in of_course]
        parts.append(_above_cap(here, but=user if mine else None))
    passed = _overrides(here, at)
    if mine:
        passed = passed if directs else passed.of(user)
        passed = replace(passed, found=passed.found.exclude(created_by=user.pk))
    parts += [passed, _events(here)] if directs else [passed]
    first, *others = [part.rows() for part in parts]
    return first.union(*others, all=True).order_by("about_rank", "about_since", "about_id")
