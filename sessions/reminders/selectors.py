"""Questions to reminders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Exists, Min, OuterRef, Q, QuerySet, Subquery

from kapclinic.practice.models import Client, Location, User
from kapclinic.practice.selectors import mains_of
from kapclinic.practice.worklist import Kind
from kapclinic.trail.models import Outbox, Task
from sessions.booking.models import Session
from sessions.reminders import rules
from sessions.reminders.models import ReminderPlan
from sessions.reminders.rules import Booked
from sessions.reminders.sql import COMING, UNSEEN

FULL = ("client", "location", "program__protocol")


def plans_of(locations: Iterable[Location]) -> dict[UUID, ReminderPlan]:
    """Each location's plan; the defaults, unsaved, where nobody made one."""
    places = list(locations)
    made = {plan.pk: plan for plan in ReminderPlan.objects.filter(location__in=places)}
    return {place.pk: made.get(place.pk) or ReminderPlan(id=place.pk, location=place) for place in places}


def ahead(*, at: datetime) -> QuerySet[Session]:
    """All that is booked and to come."""
    booked: QuerySet[Session] = Session.objects.filter(status=Session.Status.SCHEDULED, starts_at__gt=at)
    return booked


def coming(*, longest: int, at: datetime) -> set[UUID]:
    """The booked sessions whose reminders may be near, that were booked or moved lately, or of which messages wait; and
    those that are `called_off`.
    """
    until = at + timedelta(hours=longest) + rules.SHIFT + rules.AHEAD
    since, template = at - rules.FRESH, rules.TEMPLATE
    with connection.cursor() as cursor:
        cursor.execute(COMING, {"at": at, "until": until, "since": since, "template": template})
        return {pk for (pk,) in cursor.fetchall()}


def unseen(session_ids: Iterable[UUID], *, ways: Iterable[str], at: datetime) -> dict[UUID, str]:
    """Those of the sessions whose messages have to be worked out again: session -> what there is to see of it now."""
    with connection.cursor() as cursor:
        cursor.execute(UNSEEN, {"sessions": list(session_ids), "ways": ",".join(sorted(ways)), "at": at})
        return dict(cursor.fetchall())


def known(sessions: QuerySet[Session], *, only: Iterable[UUID]) -> list[Session]:
    """Those of the sessions, with location, and with the client whose contact data count."""
    rows = sessions.filter(pk__in=list(only)).select_related("client", "location").order_by("pk")
    return _as_known(rows)


def _as_known(sessions: Iterable[Session]) -> list[Session]:
    """The sessions, each with the client whose contact data count where two registrations are one person."""
    rows = list(sessions)
    mains = mains_of(session.client_id for session in rows)
    for session in rows:
        session.client = mains.get(session.client_id, session.client)
    return rows


def runs_of(sessions: Iterable[Session]) -> dict[UUID, Booked]:
    """Since when each session stands at its present time, from its history; and what its client was told."""
    ids = [session.pk for session in sessions]
    told = told_of(ids)
    rows = Session.history.filter(id__in=ids).order_by("id", "version")
    facts = rows.values_list("id", "history_date", "starts_at", "status")
    found = {
        pk: rules.booked(row[1:] for row in group) for pk, group in groupby(facts, key=lambda row: row[0])
    }
    return {pk: replace(run, told=told.get(pk)) for pk, run in found.items() if run is not None}


def told_of(session_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """The time of each session that its client was last told of, by a message that left."""
    left = reminders().filter(subject_id__in=list(session_ids), status=Outbox.Status.SENT)
    rows = left.order_by("sent_at", "pk").values_list("subject_id", "key")
    return {pk: rules.time_told(key) for pk, key in rows if pk is not None}


def called_off(*, at: datetime) -> QuerySet[Session]:
    """Sessions to come that were cancelled lately, or whose message waits once more; of which a message had left."""
    left = reminders().filter(subject_id=OuterRef("pk"), status=Outbox.Status.SENT)
    waits = reminders().filter(subject_id=OuterRef("pk"), status=Outbox.Status.PENDING)
    gone: QuerySet[Session] = Session.objects.filter(
        Q(updated_at__gte=at - rules.FRESH) | Exists(waits),
        Exists(left),
        status=Session.Status.CANCELLED,
        starts_at__gt=at - rules.FRESH,
    )
    return gone


class Call(NamedTuple):
    """The last time that the front desk was asked to call a session's client, and whether that still waits."""

    asked_at: datetime
    waits: bool


def calls_asked_for(session_ids: Iterable[UUID]) -> dict[UUID, Call]:
    """Of the sessions whose client the front desk was ever asked to call, the last such row."""
    rows = Task.objects.filter(kind=Kind.CLIENT_UNTOLD, subject_id__in=list(session_ids)).order_by(
        "created_at"
    )
    found = rows.values_list("subject_id", "created_at", "state")
    return {about: Call(asked_at, state == Task.State.OPEN) for about, asked_at, state in found}


def dead(session_ids: Iterable[UUID]) -> set[str]:
    """The keys of messages about these sessions that nobody took, however often they were tried."""
    rows = reminders().filter(subject_id__in=list(session_ids), status=Outbox.Status.DEAD)
    return set(rows.values_list("key", flat=True))


def reminders() -> QuerySet[Outbox]:
    """All messages that this room ever wrote."""
    return Outbox.objects.filter(recipient_kind=Outbox.Recipient.CLIENT, template__startswith=rules.TEMPLATE)


def waiting() -> dict[UUID, list[tuple[UUID, str]]]:
    """The messages that wait, as id and key, by their session."""
    rows = reminders().filter(status=Outbox.Status.PENDING)
    found: defaultdict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    for pk, key, about in rows.values_list("pk", "key", "subject_id"):
        if about is not None:
            found[about].append((pk, key))
    return dict(found)


def reminded_in_vain(*, at: datetime) -> Iterable[tuple[UUID, datetime]]:
    """Each location with reminders by e-mail that have left for sessions to come, and when the first one left."""
    left = reminders().filter(status=Outbox.Status.SENT, channel=Outbox.Channel.EMAIL)
    ahead = Session.objects.filter(status=Session.Status.SCHEDULED, starts_at__gt=at)
    sent = left.filter(subject_id=OuterRef("pk")).order_by("sent_at").values("sent_at")[:1]
    rows = ahead.annotate(reminded_at=Subquery(sent)).filter(reminded_at__isnull=False)
    found: Iterable[tuple[UUID, datetime]] = (
        rows.order_by().values("location").annotate(first=Min("reminded_at")).values_list("location", "first")
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


def begun(ids: Iterable[UUID], *, at: datetime) -> set[UUID]:
    """Those of these sessions that have begun and were not called off."""
    over = Session.objects.standing().filter(pk__in=list(ids), starts_at__lte=at)
    return set(over.values_list("pk", flat=True))


def session_of(session_id: UUID | None) -> Session | None:
    """The session of a message, with all that its text needs."""
    if session_id is None:
        return None
    found = _as_known(Session.objects.select_related(*FULL).filter(pk=session_id))
    return found[0] if found else None
