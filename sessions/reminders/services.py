"""Verbs of reminders. The sweep works out from the rows what should be waiting; sending looks at the rows again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from kapclinic.core.errors import merge
from kapclinic.practice.models import SYSTEM, Location, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Outbox
from kapclinic.trail.services import Matter, Missed, NotNow, Unwanted
from sessions.booking.models import Session
from sessions.reminders import rules, selectors, sms
from sessions.reminders.models import ReminderPlan
from sessions.reminders.rules import Booked, Message, texts

NOWHERE = frozenset(f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy"))


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

    Twice the same is once: a message that is there stays. One of a session that was moved or called off, or whose
    client wants none any more, is cancelled before it leaves.
    """
    plans = selectors.plans_of(Location.objects.all())
    longest = max((hours for plan in plans.values() for hours in plan.hours_before), default=0)
    sessions = selectors.coming(longest=longest, at=at)
    runs, ways = selectors.runs_of(sessions), offered()
    rows = {row.key: row for row in selectors.reminders().filter(subject_id__in=[s.pk for s in sessions])}
    changed, wanted = 0, set()
    for session in sessions:
        if (run := runs.get(session.pk)) is None:
            continue
        plan = plans[session.location_id]
        messages = rules.messages_of(session, run, plan=plan, offered=ways)
        wanted |= {message.key for message in messages}
        for message in rules.to_queue(messages, session, plan=plan, at=at):
            changed += _queue(message, session, rows.get(message.key), at=at)
    return changed + _cancel_others(wanted, at=at)


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


def _queue(message: Message, session: Session, row: Outbox | None, *, at: datetime) -> int:
    if row is None:
        trail.queue_message(
            key=message.key,
            template=f"{rules.TEMPLATE}_{message.when}",
            channel=message.channel,
            recipient_kind=Outbox.Recipient.CLIENT,
            recipient=session.client_id,
            subject_id=session.pk,
            send_at=max(message.send_at, at),
            at=at,
        )
        return 1
    waits = row.status == Outbox.Status.PENDING and row.attempts == 0
    if row.status != Outbox.Status.CANCELLED and not (
        waits and message.send_at > at and row.next_at != message.send_at
    ):
        return 0
    # Only a row that nobody has taken meanwhile.
    same = Outbox.objects.filter(pk=row.pk, status=row.status, attempts=row.attempts)
    return same.update(status=Outbox.Status.PENDING, attempts=0, next_at=max(message.send_at, at))


def _cancel_others(wanted: set[str], *, at: datetime) -> int:
    """Cancel waiting messages that are not wanted, but for those of a begun session: sending finds them too late."""
    waiting = selectors.reminders().filter(status=Outbox.Status.PENDING)
    others = [row for row in waiting.only("pk", "key", "subject_id") if row.key not in wanted]
    late = selectors.begun((row.subject_id for row in others), at=at)
    ids = [row.pk for row in others if row.subject_id not in late]
    return Outbox.objects.filter(pk__in=ids, status=Outbox.Status.PENDING).update(
        status=Outbox.Status.CANCELLED
    )


def deliver_reminder(row: Outbox, *, at: datetime) -> None:
    """Send one message to a client, if it is still true.

    :raises Unwanted: when the session was moved or called off, or the client opted out
    :raises Missed: when the session has begun
    :raises NotNow: in the client's quiet hours
    :raises OSError: when mail server or gateway did not take it
    """
    session = selectors.session_of(row.subject_id)
    if session is None or session.status in {Session.Status.CANCELLED, Session.Status.NO_SHOW}:
        raise Unwanted
    if session.starts_at <= at or session.status != Session.Status.SCHEDULED:
        raise Missed
    plan = selectors.plans_of([session.location])[session.location_id]
    run = selectors.runs_of([session]).get(session.pk)
    messages = rules.messages_of(session, run, plan=plan, offered=offered()) if run else []
    message = next((found for found in messages if found.key == row.key), None)
    if run is None or message is None:
        raise Unwanted
    until = rules.quiet_until(at, rules.zone_of(session.client, session), plan)
    if until is not None:
        raise NotNow(until) if until < session.starts_at else Missed
    _send(row, session, _facts(session, run, message, plan=plan, at=at))


def _facts(
    session: Session, run: Booked, message: Message, *, plan: ReminderPlan, at: datetime
) -> texts.Facts:
    zone = rules.zone_of(session.client, session)
    return texts.Facts(
        place=texts.place_name(plan.sender_name, session.location.name),
        phone=session.location.phone,
        starts_at=session.starts_at.astimezone(zone),
        emergency_phone=plan.emergency_phone,
        emergency_text=plan.emergency_text,
        is_new=message.when == rules.BOOKING,
        before=run.before.astimezone(zone) if run.before else None,
        instructs=rules.instructs(session, when=message.when, plan=plan, at=at),
        fasting=session.program.protocol.fasting_hours,
        at_home=session.modality == "video",
    )


def _send(row: Outbox, session: Session, facts: texts.Facts) -> None:
    """The row's id goes along, so that whoever passes it on can drop a second copy."""
    if row.channel == Outbox.Channel.SMS:
        sms.post(message_id=str(row.pk), to=rules.e164(session.client.phone), text=texts.sms(facts))
        return
    EmailMessage(
        subject=texts.SUBJECT,
        body=texts.email(facts),
        to=[session.client.email],
        headers={"Message-ID": f"<{row.pk}@kapclinic>", "Auto-Submitted": "auto-generated"},
    ).send()
