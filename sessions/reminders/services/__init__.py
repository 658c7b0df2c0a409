"""Verbs of reminders. The sweep works out from the rows what should be waiting; sending looks at the rows again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction

from kapclinic.core.errors import merge
from kapclinic.core.rows import in_batches
from kapclinic.practice.models import SYSTEM, Location, User
from kapclinic.practice.rules import e164
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Outbox
from kapclinic.trail.services import Matter, Missed, NotNow, Unwanted
from sessions.booking.models import Session
from sessions.reminders import rules, selectors, sms
from sessions.reminders.models import ReminderPlan
from sessions.reminders.rules import Asked, Message, texts
from sessions.reminders.services.calls import keep_calls
from sessions.reminders.sql import LOOKED

BATCH = 1000  # sessions that are worked out, and written, at once
FIRST = timedelta(microseconds=1)  # what is off is told before what was booked instead, of the same moment
LinkOf: TypeAlias = Callable[..., str | None]  # (session, at=): the address by which a client confirms it
_links: list[LinkOf] = []
NOWHERE = frozenset(f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy"))


def register_links(link_of: LinkOf) -> None:
    """Let reminders carry the links that a room above makes; at the start of the process, once."""
    if link_of not in _links:
        _links.append(link_of)


@transaction.atomic
def save_plan(*, plan: ReminderPlan, values: rules.PlanFields, by: User, at: datetime) -> ReminderPlan:
    """Change a location's plan; the caller has locked the location.

    :raises Invalid: for an hour or channel given twice, quiet hours that leave no day, words that tell too much
    """
    quiet_from = values.get("quiet_from", plan.quiet_from)
    quiet_to = values.get("quiet_to", plan.quiet_to)
    merge(rules.plan_errors(values, quiet_from=quiet_from, quiet_to=quiet_to))
    for name, value in values.items():
        setattr(plan, name, value)
    if "hours_before" in values:
        plan.hours_before = sorted(values["hours_before"], reverse=True)
    return plan.save_by(by, at=at)


def offered() -> frozenset[str]:
    """The ways that this installation can send."""
    return frozenset(Outbox.Channel.values if settings.SMS_WEBHOOK_URL else [Outbox.Channel.EMAIL])


def sweep_reminders(*, at: datetime) -> int:
    """Make the outbox hold what the sessions ask for now, and no more; returns how many rows changed.

    Looks at the sessions that changed, or whose next message is near; at each one every six hours. Twice the same is
    once: a message that is there stays. One of a session that was moved or called off, or whose
    client wants none any more, is cancelled before it leaves. A client who was told of a session is told that it was
    moved or cancelled; where no message can say so in time, the front desk is asked to call.

    After an outage, however long, that holds for whatever changed meanwhile. A batch of sessions is one transaction,
    and one that fails keeps no other waiting (`in_batches`).
    """
    plans = selectors.plans_of(Location.objects.all())
    longest = max((hours for plan in plans.values() for hours in plan.hours_before), default=0)
    ahead, gone = selectors.ahead(at=at), selectors.called_off()
    there = selectors.coming(longest=longest, since=selectors.looked_since(at=at), at=at)
    seen = selectors.unseen(there, ways=offered(), at=at)
    waiting = selectors.waiting()
    elsewhere = sorted(waiting.keys() - there)

    def work_out(batch: Sequence[UUID]) -> int:
        fresh, off = selectors.with_facts(ahead, only=batch), selectors.with_facts(gone, only=batch)
        asked = _messages_asked(fresh, off, plans=plans)
        changed = _queue_asked(asked, plans=plans, at=at)
        keep_calls(batch, asked, plans=plans, at=at)
        changed += _cancel_others(batch, waiting, asked, at=at)
        _looked({pk: seen[pk] for pk in batch}, asked, at=at)
        return changed

    over = in_batches(elsewhere, lambda batch: _cancel_others(batch, waiting, [], at=at), size=BATCH)
    return over + in_batches(sorted(seen), work_out, size=BATCH)


def _queue_asked(asked: Sequence[Asked], *, plans: Mapping[UUID, ReminderPlan], at: datetime) -> int:
    """Let each message that is asked for wait, as far as it has not left; how many rows changed."""
    rows = selectors.rows_of(one.session.pk for one in asked)
    changed = 0
    for session, run, messages in asked:
        plan = plans[session.location_id]
        zone = rules.zone_of(session.client, session)
        for message in rules.to_queue(messages, session, run, plan=plan, at=at):
            moment = max(message.send_at, at)
            first = rules.quiet_until(moment, zone, plan) or moment
            changed += _queue(message, session, rows.get(message.key), first=first, at=at)
    return changed


def _looked(seen: Mapping[UUID, str], asked: Sequence[Asked], *, at: datetime) -> None:
    """Keep what was seen before anything was read: what changed meanwhile is seen to be other in the next pass."""
    messages = {one.session.pk: one.messages for one in asked}
    ids = sorted(seen)
    looks = [rules.next_look(messages.get(pk, ()), of=pk, at=at) for pk in ids]
    hashes, forget = [seen[pk] for pk in ids], at - rules.FRESH
    with connection.cursor() as cursor:
        cursor.execute(LOOKED, {"ids": ids, "seen": hashes, "look_at": looks, "forget": forget})


def _messages_asked(
    sessions: Sequence[Session], gone: Sequence[Session], *, plans: Mapping[UUID, ReminderPlan]
) -> list[Asked]:
    """What each session asks for; what is off first."""
    runs, ways = selectors.runs_of([*gone, *sessions]), offered()
    found: list[Asked] = []
    for session in (*gone, *sessions):
        run = runs.get(session.pk)
        if run is None or (run.now.off and run.known is None):
            continue
        work_out = rules.cancellations_of if run.now.off else rules.messages_of
        messages = work_out(session, run, plan=plans[session.location_id], offered=ways)
        found.append(Asked(session, run, messages))
    return found


def reaches_nobody() -> bool:
    """Does mail of this installation end on a console, or nowhere? With the embedded pair that is meant."""
    return not settings.EMBEDDED and settings.EMAIL_BACKEND in NOWHERE


def sweep_undelivered(*, at: datetime) -> int:
    """Tell each location whose reminders left for nowhere, in one row, while such a session is still to come."""
    waiting: dict[UUID, Matter] = {}
    if reaches_nobody():
        for location_id, first in selectors.reminded_in_vain(at=at):
            waiting[location_id] = {
                "location": location_id,
                "client": None,
                "assignee": None,
                "due_at": first,
            }
    return trail.keep_listed(
        kind=Kind.REMINDER_UNDELIVERED, subject_type="location", waiting=waiting, by=SYSTEM, at=at
    )


def _queue(message: Message, session: Session, row: Outbox | None, *, first: datetime, at: datetime) -> int:
    """Let the message wait until `first`."""
    if message.when == rules.CANCELLED:
        first -= FIRST
    if row is None:
        trail.queue_message(
            key=message.key,
            template=f"{rules.TEMPLATE}_{message.when}",
            channel=message.channel,
            recipient_kind=Outbox.Recipient.CLIENT,
            recipient=session.client_id,
            subject_id=session.pk,
            send_at=first,
            at=at,
        )
        return 1
    waits = row.status == Outbox.Status.PENDING and row.attempts == 0
    if row.status != Outbox.Status.CANCELLED and not (
        waits and max(first, row.next_at) > at and row.next_at != first
    ):
        return 0
    # Only a row that nobody has taken meanwhile.
    same = Outbox.objects.filter(pk=row.pk, status=row.status, attempts=row.attempts)
    return same.update(status=Outbox.Status.PENDING, attempts=0, next_at=first)


def _cancel_others(
    session_ids: Iterable[UUID],
    waiting: Mapping[UUID, Sequence[tuple[UUID, str]]],
    asked: Sequence[Asked],
    *,
    at: datetime,
) -> int:
    """Cancel waiting messages of these sessions that none of them asks for; how many.

    Those of a begun session stay: sending finds them too late.
    """
    wanted = {message.key for one in asked for message in one.messages}
    others = [(pk, about) for about in session_ids for pk, key in waiting.get(about, ()) if key not in wanted]
    late = selectors.begun({about for _, about in others}, at=at)
    ids = [pk for pk, about in others if about not in late]
    return Outbox.objects.filter(pk__in=ids, status=Outbox.Status.PENDING).update(
        status=Outbox.Status.CANCELLED
    )


def deliver_reminder(row: Outbox, *, at: datetime) -> None:
    """Send one message to a client, if it is still true.

    :raises Unwanted: when the session was moved or called off, the client opted out, or the next message is due as well
    :raises Missed: when the session has begun
    :raises NotNow: in the client's quiet hours
    :raises OSError: when mail server or gateway did not take it
    """
    session = selectors.session_of(row.subject_id)
    if session is None or session.status == Session.Status.NO_SHOW:
        raise Unwanted
    off = session.status == Session.Status.CANCELLED
    starts_at = rules.time_told(row.key) if off else session.starts_at
    if not off and (starts_at <= at or session.status != Session.Status.SCHEDULED):
        raise Missed
    plan = selectors.plans_of([session.location])[session.location_id]
    coming, gone = ([], [session]) if off else ([session], [])
    asked = _messages_asked(coming, gone, plans={session.location_id: plan})
    one, message = next(
        ((one, message) for one in asked for message in one.messages if message.key == row.key), (None, None)
    )
    if one is None or message is None:
        raise Unwanted
    if starts_at <= at:
        raise Missed
    until = rules.quiet_until(at, rules.zone_of(session.client, session), plan)
    if until is not None:
        raise NotNow(until) if until < starts_at else Missed
    if _is_overtaken(message, one, at=at):
        raise Unwanted
    facts = replace(_facts(one, message, plan=plan, at=at), link=_link_to(session, at=at))
    _send(row, session, facts)


def _is_overtaken(message: Message, one: Asked, *, at: datetime) -> bool:
    """Is a later message due by the same way, which says all of this: as after an outage?"""
    later = {
        other.key
        for other in one.messages
        if other.channel == message.channel and message.send_at < other.send_at <= at
    }
    return bool(later) and selectors.is_on_its_way(later)


def _link_to(session: Session, *, at: datetime) -> str:
    """The address at which the client confirms; empty where clients reach no page, or there is nothing to confirm."""
    return next((found for link_of in _links if (found := link_of(session, at=at))), "")


def _facts(one: Asked, message: Message, *, plan: ReminderPlan, at: datetime) -> texts.Facts:
    """All that the text says. Of a move says also a reminder that is the first to tell of it."""
    session, run = one.session, one.run
    zone = rules.zone_of(session.client, session)
    first = message.when in {rules.BOOKING, run.told.by if run.told else message.when}
    before = run.known.what if run.known and run.is_news and first else None
    return texts.Facts(
        place=texts.place_name(plan.sender_name, session.location.name),
        phone=session.location.phone,
        starts_at=rules.told_until(run).astimezone(zone),
        emergency_phone=plan.emergency_phone,
        emergency_text=plan.emergency_text,
        is_new=message.when == rules.BOOKING,
        is_off=run.now.off,
        before=before.starts_at.astimezone(zone) if before else None,
        instructs=not run.now.off and rules.instructs(session, one.messages, at=at),
        fasting=session.program.protocol.fasting_hours,
        at_home=run.now.by_video,
        by_video=run.now.by_video,
        was_by_video=before.by_video if before else None,
    )


def _send(row: Outbox, session: Session, facts: texts.Facts) -> None:
    """The row's id goes along, so that whoever passes it on can drop a second copy."""
    if row.channel == Outbox.Channel.SMS:
        sms.post(message_id=str(row.pk), to=e164(session.client.phone), text=texts.sms(facts))
        return
    EmailMessage(
        subject=texts.SUBJECT,
        body=texts.email(facts),
        to=[session.client.email],
        headers={"Message-ID": f"<{row.pk}@kapclinic>", "Auto-Submitted": "auto-generated"},
    ).send()
