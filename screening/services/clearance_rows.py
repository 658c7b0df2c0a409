"""A clearance's rows on the worklist: to be reviewed while it is suspended, and that its end is near."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import DateField, Exists, ExpressionWrapper, F, IntegerField, OuterRef, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from kapclinic.core.rows import each
from kapclinic.practice.models import SYSTEM, Actor
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Task
from programs.models import Program, Protocol
from programs.policy import LIMITS, limit
from screening import rules, selectors
from screening.models import Clearance

DAY = timedelta(days=1)


def open_review(clearance: Clearance, *, by: Actor, at: datetime) -> Task:
    """The prescriber's row, due at once."""
    return _open(Kind.CLEARANCE_REVIEW, clearance, due_at=at, by=by, at=at)


def _open(kind: Kind, clearance: Clearance, *, due_at: datetime, by: Actor, at: datetime) -> Task:
    program = clearance.program
    return trail.open_task(
        kind=kind,
        location=program.location_id,
        client=program.client_id,
        assignee=program.prescriber_id,
        subject_type="clearance",
        subject_id=clearance.pk,
        due_at=due_at,
        by=by,
        at=at,
    )


def settle(clearance_id: UUID, *, by: Actor, at: datetime, outcome: str) -> None:
    """Take the review off the worklist: the clearance was upheld, voided or decided anew."""
    trail.settle_tasks(kind=Kind.CLEARANCE_REVIEW, subject_id=clearance_id, by=by, at=at, outcome=outcome)


def settle_ended(clearance_id: UUID, *, by: Actor, at: datetime, outcome: str) -> None:
    """Take every row of a clearance off the worklist: it is voided, over, or decided anew."""
    settle(clearance_id, by=by, at=at, outcome=outcome)
    trail.settle_tasks(kind=Kind.CLEARANCE_EXPIRING, subject_id=clearance_id, by=by, at=at, outcome=outcome)


def settle_earlier(clearance: Clearance, *, by: Actor, at: datetime) -> None:
    """The same for every other clearance of its program: a new decision stands in their place."""
    for other in Clearance.objects.filter(program=clearance.program_id).exclude(pk=clearance.pk):
        settle_ended(other.pk, by=by, at=at, outcome="decided anew")


def _longest_warning() -> int:
    """The most days ahead that any protocol tells of a clearance's end."""
    limits = Protocol.objects.values_list("limits", flat=True).distinct()
    return max((int(limit(row, "clearance_expiring_days")) for row in limits), default=0)


def _nearly_over(at: datetime) -> QuerySet[Clearance]:
    """The last clearance of each course that goes on, in its protocol's last days, told of to nobody so far."""
    days = Coalesce(
        Cast(KeyTextTransform("clearance_expiring_days", "program__protocol__limits"), IntegerField()),
        Value(LIMITS["clearance_expiring_days"]),
    )
    told = Task.objects.filter(kind=Kind.CLEARANCE_EXPIRING, subject_id=OuterRef("pk"))
    newer = Clearance.objects.filter(
        program=OuterRef("program"),
        decision=Clearance.Decision.CLEARED,
        voided_at__isnull=True,
        valid_from__gt=OuterRef("valid_from"),
    )
    rows = Clearance.objects.filter(
        ~Exists(told),
        ~Exists(newer),
        decision=Clearance.Decision.CLEARED,
        voided_at__isnull=True,
        expires_on__range=(at.date() - DAY, at.date() + DAY + timedelta(days=_longest_warning())),
        program__status__in=[Program.Status.ACTIVE, Program.Status.ON_HOLD],
    )
    found: QuerySet[Clearance] = rows.annotate(
        tell_from=ExpressionWrapper(F("expires_on") - days, output_field=DateField())
    ).filter(tell_from__lte=at.date() + DAY)  # a day of slack: the clinic's own date decides below
    return found.select_related("program__location", "program__protocol").order_by("pk")


def sweep_clearances(*, at: datetime) -> int:
    """Tell of clearances that are near their end, open reviews that were ticked off, and close what is over.

    Returns how many rows were opened or closed: a second pass finds nothing more to do.
    """
    closed = each(list(_rows_of_the_past(at)), partial(_close, at=at))
    near = each(list(_nearly_over(at).values_list("pk", flat=True)), partial(_tell, at=at))
    listed = Task.objects.open().filter(kind=Kind.CLEARANCE_REVIEW).values("subject_id")
    silent = selectors.to_review().exclude(pk__in=listed).order_by("pk")
    back = each(list(silent.values_list("pk", flat=True)), partial(_reopen, at=at))
    return closed + near + back


def _rows_of_the_past(at: datetime) -> list[UUID]:
    kinds = (Kind.CLEARANCE_REVIEW, Kind.CLEARANCE_EXPIRING)
    listed = Task.objects.open().filter(kind__in=kinds).values("subject_id")
    rows = Clearance.objects.filter(pk__in=listed, expires_on__lte=at.date()).select_related(
        "program__location"
    )
    return [row.pk for row in rows if _is_over(row, at)]


def _is_over(clearance: Clearance, at: datetime) -> bool:
    today = at.astimezone(clearance.program.location.zone).date()
    return rules.clearance_state(clearance, suspended=True, today=today).state == rules.EXPIRED


@transaction.atomic
def _close(clearance_id: UUID, *, at: datetime) -> int:
    settle_ended(clearance_id, by=SYSTEM, at=at, outcome="expired")
    return 1


@transaction.atomic
def _reopen(clearance_id: UUID, *, at: datetime) -> int:
    clearance = selectors.to_review().get(pk=clearance_id)
    if _is_over(clearance, at):
        return 0
    open_review(clearance, by=SYSTEM, at=at)
    return 1


@transaction.atomic
def _tell(clearance_id: UUID, *, at: datetime) -> int:
    """One row `clearance_expiring`, due when the clearance's last local day begins; seen to once, it stays away."""
    clearance = _nearly_over(at).filter(pk=clearance_id).first()
    if clearance is None or _is_over(clearance, at) or clearance.expires_on is None:
        return 0
    zone = clearance.program.location.zone
    if clearance.tell_from > at.astimezone(zone).date():  # type: ignore[attr-defined]
        return 0
    due_at = datetime.combine(clearance.expires_on, time.min, tzinfo=zone)
    _open(Kind.CLEARANCE_EXPIRING, clearance, due_at=due_at, by=SYSTEM, at=at)
    return 1
