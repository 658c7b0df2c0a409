"""Questions about adverse events: what holds the next dose, what waits for a follow-up, what stood around an event."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import DurationField, F, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Greatest, JSONObject

from kapclinic.practice.models import SessionKind
from kapclinic.practice.selectors import person
from sessions.booking.models import Session
from sessions.dosing.models import Administration, AdverseEvent, AdverseEventFollowUp, AdverseEventReview
from sessions.monitoring.models import Reading
from sessions.monitoring.rules import SIGNS


def unreviewed(*, client_id: UUID) -> QuerySet[AdverseEvent]:
    """The client's severe or serious events, in any program, whose hold the director has not released.

    Severe is the grade that the event's own protocol says.
    """
    last = AdverseEventReview.objects.filter(event=OuterRef("pk")).order_by("-created_at", "-pk")
    limits = "session__program__protocol__limits"
    found: QuerySet[AdverseEvent] = AdverseEvent.objects.filter(session__client__in=person(client_id))
    return (
        found.annotate(
            severe_from=Cast(KeyTextTransform("severe_grade", limits), IntegerField()),
            released=Subquery(last.values("hold_released")[:1]),
        )
        .filter(Q(serious=True) | Q(grade__gte=F("severe_from")))
        .filter(Q(released__isnull=True) | Q(released=False))
    )


def to_follow_up(*, at: datetime) -> QuerySet[AdverseEvent]:
    """Events whose follow-up was due by `at` and that nobody has followed up."""
    found: QuerySet[AdverseEvent] = AdverseEvent.objects.filter(
        follow_up_due_at__lte=at, follow_ups__isnull=True
    )
    return found.order_by("follow_up_due_at", "pk")


def events_of(session: Session) -> QuerySet[AdverseEvent]:
    """The session's events with what an answer shows: the last dose up to the onset, and the reading nearest to it.

    In a dosing session the dose is one of its own; an event that is told of elsewhere counts from the client's last.
    """
    doses = Administration.objects.standing().filter(administered_at__lte=OuterRef("onset_at"))
    if session.kind == SessionKind.DOSING:
        doses = doses.filter(session_id=session.pk)
    else:
        doses = doses.filter(session__client__in=person(session.client_id))
    last = doses.order_by("-administered_at", "-created_at")
    since, until = F("measured_at") - OuterRef("onset_at"), OuterRef("onset_at") - F("measured_at")
    readings = Reading.objects.filter(session_id=session.pk, void__isnull=True)
    near = readings.annotate(away=Greatest(since, until, output_field=DurationField()))
    row = JSONObject(id="pk", measured_at="measured_at", **{sign: sign for sign in SIGNS})
    found: QuerySet[AdverseEvent] = AdverseEvent.objects.filter(session=session)
    return (
        found.select_related("session__program__protocol")
        .prefetch_related(Prefetch("follow_ups", AdverseEventFollowUp.objects.order_by("created_at", "pk")))
        .prefetch_related(Prefetch("reviews", AdverseEventReview.objects.order_by("created_at", "pk")))
        .annotate(
            dose=Subquery(last.values("pk")[:1]),
            dosed_at=Subquery(last.values("administered_at")[:1]),
            nearest=Subquery(near.order_by("away", "measured_at", "pk").values(row=row)[:1]),
        )
    )


def named_on(*, session_id: UUID) -> QuerySet[AdverseEvent]:
    """The session's events, in the order in which they began."""
    found: QuerySet[AdverseEvent] = AdverseEvent.objects.filter(session_id=session_id)
    return found.order_by("onset_at", "pk")


def events_of_client(*, client_id: UUID) -> QuerySet[AdverseEvent]:
    """Every event of the client, in whatever program."""
    found: QuerySet[AdverseEvent] = AdverseEvent.objects.filter(session__client__in=person(client_id))
    return found
