"""Pure rules of reminders: which messages a session asks for, when each may leave, what a plan may say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from kapclinic.core.errors import FieldError
from kapclinic.practice.models import Client, Role, SessionKind
from kapclinic.practice.rules import e164
from kapclinic.trail.models import Outbox
from sessions.booking.models import Session
from sessions.reminders.models import ReminderPlan

PLANNERS = frozenset({Role.ADMIN, Role.MEDICAL_DIRECTOR})
BOOKING = "booking"
CANCELLED = "cancelled"
TEMPLATE = "reminder"
FRESH = timedelta(hours=48)  # how long after a booking it is still worth telling
BEFORE_QUIET = timedelta(minutes=30)  # room for a few tries before the quiet hours begin
INSTRUCTED = 24  # hours before a dose from which on every reminder says how to come
LONGEST_QUIET = timedelta(hours=16)
SHIFT = timedelta(hours=24)  # the most that quiet hours can move a reminder
AHEAD = timedelta(hours=24)  # how long before it leaves a message is written
LOOK_AGAIN = timedelta(hours=6)  # at the latest, though nothing seems to have changed
_STAMP = "%Y%m%dT%H%M%SZ"  # a session's start in the key of a message
# Words that would tell a stranger at the client's phone what the visit is for.
TELLING = re.compile(
    r"ketamine|esketamine|spravato|psilocybin|mdma|psychedel|psych|therap|lozenge|troche|infus|inject|\bdos(e|es|ing)\b"
    r"|preparation|integration|\bmedical\b|maintenance|treatment|mental|depress|ptsd|trauma|anxi|suicid|addict|opioid",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Booked:
    """Since when a session stands at its present time, what time it had before, how often it came back to this one.

    `told` is the time that the client was last told of, if any.
    """

    since: datetime
    before: datetime | None
    returns: int
    told: datetime | None = None


@dataclass(frozen=True)
class Message:
    """One message: `when` is "booking" or the hours before the session."""

    key: str
    when: str
    channel: str
    send_at: datetime


def booked(rows: Iterable[tuple[datetime, datetime, str]]) -> Booked | None:
    """The present run of a session from its history [(recorded at, starts_at, status)], oldest first.

    A held slot is not yet booked. None for one that never was.
    """
    runs: list[tuple[datetime, datetime]] = []  # (starts_at, since)
    for recorded_at, starts_at, status in rows:
        if status == Session.Status.SCHEDULED and (not runs or runs[-1][0] != starts_at):
            runs.append((starts_at, recorded_at))
    if not runs:
        return None
    (starts_at, since), earlier = runs[-1], [start for start, _ in runs[:-1]]
    return Booked(since, earlier[-1] if earlier else None, earlier.count(starts_at))


def zone_of(client: Client, session: Session) -> ZoneInfo:
    """The client's time zone: their own, else the location's."""
    return ZoneInfo(client.time_zone) if client.time_zone else session.location.zone


def _quiet(moment: datetime, zone: ZoneInfo, plan: ReminderPlan) -> tuple[datetime, datetime] | None:
    """The quiet period that `moment` lies in, or None."""
    begin, end, local = plan.quiet_from, plan.quiet_to, moment.astimezone(zone)
    now, overnight = local.time(), begin > end
    if begin == end or not ((now >= begin or now < end) if overnight else begin <= now < end):
        return None
    first = local.date() - timedelta(days=1) if overnight and now < end else local.date()
    last = first + timedelta(days=1) if overnight else first
    return _at(first, begin, zone), _at(last, end, zone)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def quiet_until(moment: datetime, zone: ZoneInfo, plan: ReminderPlan) -> datetime | None:
    """When the quiet hours that hold at `moment` end; None when none hold."""
    found = _quiet(moment, zone, plan)
    return None if found is None else found[1]


def leaves_at(planned: datetime, starts_at: datetime, zone: ZoneInfo, plan: ReminderPlan) -> datetime:
    """`planned`, or after the quiet hours that it fell into if that is before the session, else before them."""
    found = _quiet(planned, zone, plan)
    if found is None:
        return planned
    begin, end = found
    return end if end < starts_at else begin - BEFORE_QUIET


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
    of under every plan, when the client knows of another time.
    """
    zone = zone_of(session.client, session)
    planned = {str(h): session.starts_at - timedelta(hours=h) for h in sorted(plan.hours_before)}
    if plan.on_booking or run.told not in {None, session.starts_at}:
        planned[BOOKING] = run.since
    moments: dict[datetime, str] = {}
    for when, moment in planned.items():
        send_at = leaves_at(moment, session.starts_at, zone, plan)
        if run.since <= send_at < session.starts_at:
            moments.setdefault(send_at, when)  # quiet hours may push two together: the later one tells enough
    again = f":{run.returns}" if run.returns else ""
    return [
        Message(_key(session, session.starts_at, when, channel) + again, when, channel, send_at)
        for send_at, when in sorted(moments.items())
        for channel in channels_of(session.client, plan, offered)
    ]


def _key(session: Session, told: datetime, when: str, channel: str) -> str:
    return f"{TEMPLATE}:{session.pk}:{told.astimezone(UTC).strftime(_STAMP)}:{when}:{channel}"


def time_told(key: str) -> datetime:
    """The start of the session that a message with this key told of."""
    return datetime.strptime(key.split(":")[2], _STAMP).replace(tzinfo=UTC)


def cancellations_of(
    session: Session, told: datetime, *, plan: ReminderPlan, offered: frozenset[str]
) -> list[Message]:
    """The messages that say that a session is off; `told` is the time at which the client would come.

    None when quiet hours last until then: see `untold`.
    """
    send_at = leaves_at(session.updated_at, told, zone_of(session.client, session), plan)
    if not session.updated_at <= send_at < told:
        return []
    return [
        Message(_key(session, told, CANCELLED, channel), CANCELLED, channel, send_at)
        for channel in channels_of(session.client, plan, offered)
    ]


def untold(
    session: Session, told: datetime, messages: Sequence[Message], *, called: bool, at: datetime
) -> bool:
    """Would the client come at a time that is no more, since no message tells them before it?

    They know `told` from a message; or another time, when the desk `called` them since.
    """
    still = told == session.starts_at and session.status != Session.Status.CANCELLED and not called
    if still or told <= at or session.client.died_on is not None:
        return False
    return not any(message.send_at < told for message in messages)


def to_queue(
    messages: Sequence[Message], session: Session, *, plan: ReminderPlan, at: datetime
) -> list[Message]:
    """The messages of the coming day, and the latest one whose moment has passed: it replaces the earlier ones."""
    until = quiet_until(at, zone_of(session.client, session), plan)
    too_late = until is not None and until >= session.starts_at
    past = max((message.send_at for message in messages if message.send_at <= at), default=at)
    return [
        message
        for message in messages
        if at < message.send_at <= at + AHEAD
        or (message.send_at == past and not too_late and (message.when != BOOKING or at - FRESH <= past))
    ]


def next_look(messages: Iterable[Message], *, of: UUID, at: datetime) -> datetime:
    """When `to_queue` may say something else of a session's messages, though nothing changes but the time.

    At the latest three to six hours from now, by the session's id: they do not all come at once.
    """
    latest = at + LOOK_AGAIN * (1 - of.int % 60 / 120)
    moments = [moment for message in messages for moment in (message.send_at - AHEAD, message.send_at)]
    return min([latest, *(moment for moment in moments if moment > at)])


def instructs(session: Session, *, when: str, plan: ReminderPlan, at: datetime) -> bool:
    """Whether this message says how to come to a dose: those of the last 24 hours, or the last one that there is."""
    if session.kind != SessionKind.DOSING:
        return False
    if when == BOOKING:
        last = not plan.hours_before
        return last or session.starts_at - at <= timedelta(hours=INSTRUCTED)
    return int(when) <= max(INSTRUCTED, min(plan.hours_before))


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
