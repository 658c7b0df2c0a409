"""Questions to reminders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.db import connection
from django.db.models import Exists, Min, OuterRef, Q, QuerySet, Subquery

from kapclinic.practice.models import SYSTEM, Client, Location, User
from kapclinic.practice.selectors import mains_of
from kapclinic.practice.worklist import Kind
from kapclinic.trail import turns
from kapclinic.trail.models import Outbox, Task
from sessions.booking.models import Session
from sessions.reminders import rules
from sessions.reminders.models import ReminderPlan
from sessions.reminders.rules import known
from sessions.reminders.rules.known import Booked, Heard, Run
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


def looked_since(*, at: datetime) -> datetime:
    """From when on a pass asks for what was saved: two days before it, or before the last one that came to its end.

    Whoever could not be told while no pass ran is found by the first one afterwards.
    """
    last = turns.last_run(rules.STEP)
    return (at if last is None else min(last, at)) - rules.FRESH


def coming(*, longest: int, since: datetime, at: datetime) -> set[UUID]:
    """The booked sessions whose reminders may be near, that were saved `since` then, or of which messages wait; those
    that are `called_off`, and all that the front desk is asked to call about.
    """
    until = at + timedelta(hours=longest) + rules.SHIFT + rules.AHEAD
    values: dict[str, datetime | str] = {
        "at": at,
        "until": until,
        "since": since,
        "template": rules.TEMPLATE,
        "kind": Kind.CLIENT_UNTOLD,
    }
    with connection.cursor() as cursor:
        cursor.execute(COMING, values)
        return {pk for (pk,) in cursor.fetchall()}


def unseen(session_ids: Iterable[UUID], *, ways: Iterable[str], at: datetime) -> dict[UUID, str]:
    """Those of the sessions whose messages have to be worked out again: session -> what there is to see of it now."""
    if not (ids := list(session_ids)):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(UNSEEN, {"sessions": list(ids), "ways": ",".join(sorted(ways)), "at": at})
        return dict(cursor.fetchall())


def with_facts(sessions: QuerySet[Session], *, only: Iterable[UUID]) -> list[Session]:
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


def owner_of(session: Session) -> UUID:
    """The client whose session it is in the book, whosever contact data count."""
    found: UUID = Session.objects.values_list("client_id", flat=True).get(pk=session.pk)
    return found


def runs_of(sessions: Iterable[Session]) -> dict[UUID, Booked]:
    """Since when each session stands as it does, from its history; and what its client was told of it."""
    ids = [session.pk for session in sessions]
    rows = Session.history.filter(id__in=ids).order_by("id", "version")
    facts = rows.values_list("id", "history_date", "starts_at", "status", "modality")
    runs = {pk: known.runs(row[1:] for row in group) for pk, group in groupby(facts, key=lambda row: row[0])}
    heard = _heard(runs)
    return {pk: known.booked(those, heard.get(pk, ())) for pk, those in runs.items() if those}


def _heard(runs: Mapping[UUID, Sequence[Run]]) -> dict[UUID, list[Heard]]:
    """What the client of each session was told of it, oldest first: by messages that left, and on the telephone."""
    found: defaultdict[UUID, list[Heard]] = defaultdict(list)
    left = reminders().filter(subject_id__in=list(runs), status=Outbox.Status.SENT)
    for about, key, sent_at in left.order_by("pk").values_list("subject_id", "key", "sent_at"):
        if about is not None and sent_at is not None:
            found[about].append(known.by_message(runs[about], key, at=sent_at))
    done = _calls(runs).filter(state=Task.State.DONE).exclude(done_by=SYSTEM.pk)
    for about, asked_at, done_at in done.values_list("subject_id", "created_at", "done_at"):
        if done_at is not None and (called := known.by_call(runs[about], asked_at=asked_at, at=done_at)):
            found[about].append(called)
    return {pk: sorted(told, key=lambda one: one.at) for pk, told in found.items()}


def _calls(session_ids: Iterable[UUID]) -> QuerySet[Task]:
    """All rows that ever asked the front desk to call the clients of these sessions."""
    rows: QuerySet[Task] = Task.objects.filter(kind=Kind.CLIENT_UNTOLD, subject_id__in=list(session_ids))
    return rows


def calls_waiting(session_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """Of the sessions whose client the front desk is to call, since when."""
    rows = _calls(session_ids).filter(state=Task.State.OPEN)
    return dict(rows.values_list("subject_id", "created_at"))


def called_off() -> QuerySet[Session]:
    """Sessions that were cancelled, of which a message had left."""
    left = reminders().filter(subject_id=OuterRef("pk"), status=Outbox.Status.SENT)
    gone: QuerySet[Session] = Session.objects.filter(Exists(left), status=Session.Status.CANCELLED)
    return gone


def come(session_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the sessions whose client has come."""
    here = Session.objects.filter(pk__in=list(session_ids), checked_in_at__isnull=False)
    return set(here.exclude(status=Session.Status.CANCELLED).values_list("pk", flat=True))


def rows_of(session_ids: Iterable[UUID]) -> dict[str, Outbox]:
    """The messages that were written about these sessions, by their key."""
    return {row.key: row for row in reminders().filter(subject_id__in=list(session_ids))}


def is_on_its_way(keys: Iterable[str]) -> bool:
    """Does any of these messages wait, or has it left?"""
    fine = [Outbox.Status.PENDING, Outbox.Status.SENDING, Outbox.Status.SENT]
    found: bool = Outbox.objects.filter(key__in=list(keys), status__in=fine).exists()
    return found


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
