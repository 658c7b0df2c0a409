"""Verbs of the outbox: queue messages with the fact that they tell of, claim and send them, try a dead one again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from time import monotonic
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.transitions import HasRoles
from kapclinic.trail import rules
from kapclinic.trail.models import Outbox
from kapclinic.trail.sql import CLAIM

OF_READER = {
    Outbox.Recipient.STAFF: Outbox.Priority.STAFF,
    Outbox.Recipient.CLIENT: Outbox.Priority.CLIENT,
}


def queue_message(
    *,
    key: str,
    template: str,
    recipient: UUID,
    at: datetime,
    subject_id: UUID | None = None,
    channel: str = Outbox.Channel.EMAIL,
    recipient_kind: str = Outbox.Recipient.STAFF,
    send_at: datetime | None = None,
    priority: int | None = None,
) -> None:
    """Write a message into the outbox with the fact it tells of; the same key twice is one message.

    Without a `priority` it is that of its reader: staff before clients.
    """
    row = Outbox(
        key=key,
        template=template,
        channel=channel,
        recipient_kind=recipient_kind,
        recipient=recipient,
        subject_id=subject_id,
        next_at=send_at or at,
        created_at=at,
        priority=OF_READER[Outbox.Recipient(recipient_kind)] if priority is None else priority,
    )
    Outbox.objects.bulk_create([row], ignore_conflicts=True)


class Notice(NamedTuple):
    """One message to a member of the staff: its key, whom it goes to, what it is about."""

    key: str
    recipient: UUID
    subject_id: UUID


def queue_notices(
    notices: Iterable[Notice], *, template: str, at: datetime, priority: int = Outbox.Priority.STAFF
) -> None:
    """Do `queue_message` for several members of the staff at once: one statement for all of them."""
    rows = [
        Outbox(
            key=notice.key,
            template=template,
            recipient=notice.recipient,
            subject_id=notice.subject_id,
            next_at=at,
            created_at=at,
            priority=priority,
        )
        for notice in sorted(
            notices
        )  # in one order: two that write the same keys wait, and never for each other
    ]
    Outbox.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)


@transaction.atomic
def retry_message(*, message_id: UUID, by: HasRoles, at: datetime) -> Outbox:
    """Let a message that was given up wait again, with all its tries.

    :raises IllegalTransition: unless it is dead
    """
    row: Outbox = Outbox.objects.select_for_update().get(pk=message_id)
    transitions.apply(rules.MESSAGE_MOVES, "retry", instance=row, by=by)
    row.attempts, row.next_at = 0, at
    row.save()
    return row


class Unwanted(Exception):
    """Raised by `deliver`: the message is no longer true, or its reader opted out."""


class Missed(Unwanted):
    """Raised by `deliver`: it is too late for this message; it is dead when a try failed before, else cancelled."""


class NotNow(Exception):
    """Raised by `deliver`: send it from `until` on; that costs no try."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


def _claim(channel: str, at: datetime) -> Outbox | None:
    """The next message of the channel, marked as being sent until its lease is over; one statement."""
    values = {"channel": channel, "at": at, "leases": [rules.lease(n) for n in range(1, rules.OUTBOX_TRIES)]}
    return next(iter(Outbox.objects.raw(CLAIM, values)), None)


def _try(row: Outbox, deliver: Callable[[Outbox], None], at: datetime) -> None:
    """Try to send one message, and note how that ended. One at which the worker died every time is given up unsent."""
    if row.attempts > rules.OUTBOX_TRIES:
        row.status = Outbox.Status.DEAD
        return
    try:
        deliver(row)
    except NotNow as exc:
        row.status, row.attempts, row.next_at = Outbox.Status.PENDING, row.attempts - 1, exc.until
    except Unwanted as exc:
        lost = isinstance(exc, Missed) and row.attempts > 1
        row.status = Outbox.Status.DEAD if lost else Outbox.Status.CANCELLED
    except (OSError, ValueError) as exc:
        row.status = Outbox.Status.DEAD if row.attempts >= rules.OUTBOX_TRIES else Outbox.Status.PENDING
        rules.logger.warning("outbox %s failed: %s", row.pk, type(exc).__name__)
    else:
        row.status, row.sent_at = Outbox.Status.SENT, at


def send_waiting(*, deliver: Callable[[Outbox], None], at: datetime) -> int:
    """Send what waits; a failure is tried again later with back-off, and after the last try is dead and visible.

    `deliver` gets the row and passes its id on as the provider's idempotency key: a crash between sending and
    marking means a second try, never a lost message. It may also raise Unwanted, Missed or NotNow. The next message is
    chosen anew each time, by priority: an alarm that comes up in the midst of a thousand reminders is next. Each
    channel goes on until nothing waits, or for CHANNEL_SECONDS of a pass.
    """
    sent = 0
    for channel in Outbox.Channel.values:
        stop = monotonic() + rules.CHANNEL_SECONDS
        while monotonic() < stop and (row := _claim(channel, at)) is not None:
            _try(row, deliver, at)
            row.save(update_fields=["status", "attempts", "next_at", "sent_at"])
            sent += row.status == Outbox.Status.SENT
    return sent
