"""Pure rules of reminders: which messages a session asks for, when each may leave, what a plan may say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from kapclinic.core.errors import FieldError
from kapclinic.practice.models import Client, Role, SessionKind
from kapclinic.practice.rules import e164
from kapclinic.trail.models import Outbox
from sessions.booking.models import Session
from sessions.reminders.models import ReminderPlan
from sessions.reminders.rules.known import (
    BOOKING,
    CANCELLED,
    TEMPLATE,
    Booked,
    Standing,
    key_of,
    time_told,
)
from sessions.reminders.rules.quiet import LONGEST_QUIET, leaves_at, quiet_until

__all__ = ["BOOKING", "CANCELLED", "TEMPLATE", "leaves_at", "quiet_until", "time_told"]

PLANNERS = frozenset({Role.ADMIN, Role.MEDICAL_DIRECTOR})
STEP = "reminders"  # of the sweep
HOUR = timedelta(hours=1)
FRESH = timedelta(hours=48)  # how long after a booking it is still worth telling
INSTRUCTED = timedelta(hours=24)  # before a dose, from when on every reminder says how to come
SHIFT = timedelta(hours=24)  # the most that quiet hours can move a reminder
AHEAD = timedelta(hours=24)  # how long before it leaves a message is written
LOOK_AGAIN = timedelta(hours=6)  # at the latest, though nothing seems to have changed
# Words that would tell a stranger at the client's phone what the visit is for.
TELLING = re.compile(
    r"ketamine|esketamine|spravato|psilocybin|mdma|psychedel|psych|therap|lozenge|troche|infus|inject|\bdos(e|es|ing)\b"
    r"|preparation|integration|\bmedical\b|maintenance|treatment|mental|depress|ptsd|trauma|anxi|suicid|addict|opioid",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Message:
    """One message: `when` is "booking" or the hours before the session."""

    key: str
    when: str
    channel: str
    send_at: datetime


class Asked(NamedTuple):
    """What a session asks for, and how it stands beside what its client knows."""

    session: Session
    run: Booked
    messages: list[Message]


def zone_of(client: Client, session: Session) -> ZoneInfo:
    """The client's time zone: their own, else the location's."""
    return ZoneInfo(client.time_zone) if client.time_zone else session.location.zone


def channels_of(client: Client, plan: ReminderPlan, offered: frozenset[str]) -> list[str]:
    """Ways that the plan uses, the clinic has, the client has an address for and agreed to: no consent, no message.

    None for a client who has died: whoever holds their phone is not to be reminded.
    """
    if client.died_on is not None:
        return []
    address = {Outbox.Channel.EMAIL: client.email, Outbox.Channel.SMS: e164(client.phone)}
    return [
        channel
        for channel in Outbox.Channel.values
        if channel in plan.channels
        and channel in offered
        and address[Outbox.Channel(channel)]
        and client.communication_consent.get(channel) is True
    ]


def messages_of(
    session: Session, run: Booked, *, plan: ReminderPlan, offered: frozenset[str]
) -> list[Message]:
    """Every message that the session as it is booked now asks for, in the order in which they leave.

    A reminder whose moment lies before the booking is left out: the booking's own message says the same. A move is told
    of under every plan, when the client knows of another time; one back to the time that they know is no news.
    """
    zone = zone_of(session.client, session)
    planned = {str(h): session.starts_at - timedelta(hours=h) for h in sorted(plan.hours_before)}
    if run.is_news or (plan.on_booking and run.known is None):
        planned[BOOKING] = run.since
    moments: dict[datetime, str] = {}
    for when, moment in planned.items():
        send_at = leaves_at(moment, session.starts_at, zone, plan)
        if run.since <= send_at < session.starts_at:
            moments.setdefault(send_at, when)  # quiet hours may push two together: the later one tells enough
    return [
        Message(key_of(session.pk, run.now, when=when, channel=channel), when, channel, send_at)
        for send_at, when in sorted(moments.items())
        for channel in channels_of(session.client, plan, offered)
    ]


def cancellations_of(
    session: Session, run: Booked, *, plan: ReminderPlan, offered: frozenset[str]
) -> list[Message]:
    """The messages that say that a session is off, at the time at which the client would come.

    None when they know of no time, or quiet hours last until then: see `untold`.
    """
    if run.known is None:
        return []
    told = run.known.what.starts_at
    send_at = leaves_at(run.since, told, zone_of(session.client, session), plan)
    if not run.since <= send_at < told:
        return []
    off = Standing(told, off=True)
    return [
        Message(key_of(session.pk, off, when=CANCELLED, channel=channel), CANCELLED, channel, send_at)
        for channel in channels_of(session.client, plan, offered)
    ]


def told_until(run: Booked) -> datetime:
    """Up to when it makes sense to tell a client of this: the session's start, or that of the one which is off."""
    return run.known.what.starts_at if run.now.off and run.known is not None else run.now.starts_at


def untold(
    session: Session, run: Booked, leaving: Iterable[datetime], *, plan: ReminderPlan, at: datetime
) -> bool:
    """Must somebody call the client, since they know of another time and no message says so in time?

    In time is before whichever of both times comes first and is still to come. `leaving` are the moments at which
    messages would leave, were it not for quiet hours.
    """
    if not run.is_unheard or run.known is None or session.client.died_on is not None:
        return False
    times = [told_until(run), run.known.what.starts_at]
    ahead = [moment for moment in times if moment > at]
    if not ahead:
        return False
    zone = zone_of(session.client, session)
    return not any((quiet_until(moment, zone, plan) or moment) < min(ahead) for moment in leaving)


def leaving_at(
    messages: Iterable[Message],
    queued: Iterable[Message],
    rows: Mapping[str, Outbox],
    *,
    at: datetime,
) -> list[datetime]:
    """When each of `messages` would leave that still may: what waits at its next try, what comes later at its moment.

    One whose moment has passed is `queued` now or never; `rows` are those of the outbox.
    """
    now = {message.key for message in queued}
    moments = []
    for message in messages:
        row = rows.get(message.key)
        if row is not None and row.status in {Outbox.Status.PENDING, Outbox.Status.SENDING}:
            moments.append(max(row.next_at, at))
        elif (row is None or row.status == Outbox.Status.CANCELLED) and (
            message.send_at > at or message.key in now
        ):
            moments.append(max(message.send_at, at))
    return moments


def to_queue(
    messages: Sequence[Message], session: Session, run: Booked, *, plan: ReminderPlan, at: datetime
) -> list[Message]:
    """The messages of the coming day, and the latest one whose moment has passed: it replaces the earlier ones.

    A booking of long ago is announced no more, unless the client still knows of another time.
    """
    until, fresh = quiet_until(at, zone_of(session.client, session), plan), at - FRESH
    too_late = until is not None and until >= told_until(run)
    past = max((message.send_at for message in messages if message.send_at <= at), default=at)
    return [
        message
        for message in messages
        if at < message.send_at <= at + AHEAD
        or (
            message.send_at == past
            and not too_late
            and (message.when != BOOKING or run.is_unheard or fresh <= past)
        )
    ]


def next_look(messages: Iterable[Message], *, of: UUID, at: datetime) -> datetime:
    """When `to_queue` may say something else of a session's messages, though nothing changes but the time.

    At the latest three to six hours from now, by the session's id: they do not all come at once.
    """
    latest = at + LOOK_AGAIN * (1 - of.int % 60 / 120)
    moments = [moment for message in messages for moment in (message.send_at - AHEAD, message.send_at)]
    return min([latest, *(moment for moment in moments if moment > at)])


def instructs(session: Session, messages: Iterable[Message], *, at: datetime) -> bool:
    """Whether the message that leaves now says how to come to a dose: those of the last 24 hours, and the last one that
    comes before the client has to fast.
    """
    if session.kind != SessionKind.DOSING:
        return False
    fasting = HOUR * max(
        (float(hours or 0) for hours in session.program.protocol.fasting_hours.values()), default=0
    )
    latest = session.starts_at - fasting
    in_time = any(at < message.send_at < latest for message in messages)
    return session.starts_at - at <= INSTRUCTED or not in_time


def tells(text: str) -> bool:
    """Whether a text would give away what the visit is for (45 CFR 164.522(b), 164.530(c): the least that does)."""
    return TELLING.search(text) is not None


class PlanFields(TypedDict, total=False):
    """What a location changes of its plan."""

    hours_before: list[int]
    on_booking: bool
    channels: list[str]
    quiet_from: time
    quiet_to: time
    sender_name: str
    emergency_phone: str
    emergency_text: str


def plan_errors(values: PlanFields, *, quiet_from: time, quiet_to: time) -> list[FieldError]:
    """What a plan must not say: an hour twice, a day without waking hours, words that tell what the visit is for."""
    errors = [
        FieldError(f"/{name}", "telling", "This would tell a stranger what the visit is for.")
        for name in ("sender_name", "emergency_phone", "emergency_text")
        if tells(str(values.get(name, "")))
    ]
    lists: dict[str, Sequence[int | str]] = {
        "hours_before": values.get("hours_before", ()),
        "channels": values.get("channels", ()),
    }
    errors += [
        FieldError(f"/{name}", "repeated", "Each one once.")
        for name, given in lists.items()
        if len(set(given)) < len(given)
    ]
    day = date(2000, 1, 1)
    quiet = datetime.combine(day, quiet_to) - datetime.combine(day, quiet_from)
    if quiet % timedelta(days=1) > LONGEST_QUIET:
        errors.append(FieldError("/quiet_to", "too_long", "Quiet hours last 16 hours at most."))
    return errors
