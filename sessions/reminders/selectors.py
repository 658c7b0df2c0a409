"""Questions to reminders."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.db.models import Min, OuterRef, Q, QuerySet, Subquery

from kapclinic.practice.models import Client, Location, User
from kapclinic.trail.models import Outbox
from sessions.booking.models import Session
from sessions.reminders import rules
from sessions.reminders.models import ReminderPlan
from sessions.reminders.rules import Booked

FULL = ("client", "location", "program__protocol")


def plans_of(locations: Iterable[Location]) -> dict[UUID, ReminderPlan]:
    """Each location's plan; the defaults, unsaved, where nobody made one."""
    places = list(locations)
    made = {plan.pk: plan for plan in ReminderPlan.objects.filter(location__in=places)}
    return {place.pk: made.get(place.pk) or ReminderPlan(id=place.pk, location=place) for place in places}


def coming(*, longest: int, at: datetime) -> list[Session]:
    """Booked sessions whose reminders may be near, that were booked or moved lately, or of which messages wait."""
    near = Q(starts_at__lte=at + timedelta(hours=longest) + rules.SHIFT + rules.AHEAD)
    lately = Q(updated_at__gte=at - rules.FRESH)
    waiting = Q(pk__in=reminders().filter(status=Outbox.Status.PENDING).values("subject_id"))
    booked = Session.objects.filter(status=Session.Status.SCHEDULED, starts_at__gt=at)
    return list(booked.filter(near | lately | waiting).select_related("client", "location").order_by("pk"))


def runs_of(sessions: Iterable[Session]) -> dict[UUID, Booked]:
    """Since when each session stands at its present time, from its history."""
    rows = Session.history.filter(id__in=[session.pk for session in sessions]).order_by("id", "version")
    facts = rows.values_list("id", "history_date", "starts_at", "status")
    found = {
        pk: rules.booked(row[1:] for row in group) for pk, group in groupby(facts, key=lambda row: row[0])
    }
    return {pk: run for pk, run in found.items() if run is not None}


def reminders() -> QuerySet[Outbox]:
    """All messages that this room ever wrote."""
    return Outbox.objects.filter(recipient_kind=Outbox.Recipient.CLIENT, template__startswith=rules.TEMPLATE)


def reminded_in_vain(*, at: datetime) -> Iterable[tuple[UUID, datetime]]:
    """Each location with reminders by e-mail that have left for sessions to come, and when the first one left."""
    left = reminders().filter(status=Outbox.Status.SENT, channel=Outbox.Channel.EMAIL)
    ahead = Session.objects.filter(status=Session.Status.SCHEDULED, starts_at__gt=at)
    sent = left.filter(subject_id=OuterRef("pk")).order_by("sent_at").values("sent_at")[:1]
    rows = ahead.annotate(left_at=Subquery(sent)).filter(left_at__isnull=False)
    found: Iterable[tuple[UUID, datetime]] = (
        rows.order_by().values("location").annotate(first=Min("left_at")).values_list("location", "first")
    )
    return found


def messages_visible_to(user: User) -> QuerySet[Outbox]:
    """Messages to staff and clients of the user's own locations."""
    staff = User.objects.filter(locations__overlap=list(user.locations)).values("pk")
    clients = Client.objects.visible_to(user).values("pk")
    return Outbox.objects.filter(
        Q(recipient_kind=Outbox.Recipient.STAFF, recipient__in=staff)
        | Q(recipient_kind=Outbox.Recipient.CLIENT, recipient__in=clients)
    )


def begun(ids: Iterable[UUID | None], *, at: datetime) -> set[UUID]:
    """Those of these sessions that have begun and were not called off."""
    over = Session.objects.standing().filter(pk__in=list(ids), starts_at__lte=at)
    return set(over.values_list("pk", flat=True))


def session_of(session_id: UUID | None) -> Session | None:
    """The session of a message, with all that its text needs."""
    if session_id is None:
        return None
    found: Session | None = Session.objects.select_related(*FULL).filter(pk=session_id).first()
    return found
