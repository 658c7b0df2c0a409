"""Verbs of the trail: log an act, seal the chain, open and finish tasks, queue and send messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import NotRequired, Protocol, TypedDict
from uuid import UUID

from django.db import connection, transaction

from kapclinic.core import transitions
from kapclinic.core.audited import HasId
from kapclinic.core.errors import Invalid
from kapclinic.core.rows import each
from kapclinic.core.transitions import HasRoles
from kapclinic.trail import kinds, rules, selectors
from kapclinic.trail.models import AuditEvent, AuditSeal, IdempotencyRecord, Outbox, Task

SEAL_LOCK = 0x6B61705F7365616C  # "kap_seal"
SEAL_BATCH = 2000
IDEMPOTENCY_DAYS = 7
OPEN_ONCE = "(kind, subject_id) WHERE state = 'open'"  # the index `task_open_once`


class Staff(HasId, HasRoles, Protocol):
    """A staff member, as far as the trail knows them."""


def log_act(
    *,
    by: UUID,
    roles: Iterable[str],
    action: str,
    object_type: str,
    at: datetime,
    object_id: UUID | None = None,
    clients: Iterable[UUID] = (),
    outcome: str = "ok",
    detail: Mapping[str, object] | None = None,
) -> AuditEvent:
    """Append one audit event; it is chained later, so that requests never wait for each other."""
    event = AuditEvent(
        created_at=at,
        created_by=by,
        roles=sorted(roles),
        action=action,
        object_type=object_type,
        object_id=object_id,
        clients=sorted(set(clients)),
        outcome=outcome,
        detail=detail or {},
    )
    event.save(force_insert=True)
    return event


@transaction.atomic
def seal_events(*, everything: bool = False) -> int:
    """Chain the events that are not yet sealed, in order; returns how many.

    Looks back one hour behind the last sealed event (a request may commit late), or at all of them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEAL_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    last = AuditSeal.objects.order_by("-sequence").first()
    sequence, previous = (last.sequence, last.hash) if last else (0, rules.GENESIS)
    waiting = AuditEvent.objects.filter(seal__isnull=True).order_by("id")
    if last and not everything:
        waiting = waiting.filter(id__gt=rules.uuid_floor(last.event_id, back=timedelta(hours=1)))
    seals = []
    for event in waiting[:SEAL_BATCH]:
        sequence += 1
        digest = rules.link(previous, sequence, event)
        seals.append(AuditSeal(sequence=sequence, event=event, previous_hash=previous, hash=digest))
        previous = digest
    AuditSeal.objects.bulk_create(seals)  # a chain, not history
    return len(seals)


def forget_old_answers(*, at: datetime) -> int:
    """Drop idempotency records that are older than a client may retry."""
    gone, _ = IdempotencyRecord.objects.filter(created_at__lt=at - timedelta(days=IDEMPOTENCY_DAYS)).delete()
    return gone


def open_task(
    *,
    kind: str,
    location: UUID,
    subject_type: str,
    subject_id: UUID,
    due_at: datetime,
    by: HasId,
    at: datetime,
    roles: Iterable[str] | None = None,
    client: UUID | None = None,
    assignee: UUID | None = None,
) -> Task:
    """Put a row on a worklist, once: an open row of the same kind and subject is returned as it is.

    Who sees it is declared with its kind; `roles` narrows that.

    :raises Undeclared: for a kind, or a role of it, that the table of kinds does not name
    """
    task = Task(
        kind=kind,
        roles=sorted(kinds.seen_by(kind, roles)),
        location=location,
        client=client,
        assignee=assignee,
        subject_type=subject_type,
        subject_id=subject_id,
        due_at=due_at,
    )
    return _once(task, by=by, at=at)


def _once(task: Task, *, by: HasId, at: datetime) -> Task:
    """`task`, or the open row of its kind and subject that was there before."""
    open_rows = selectors.open_rows(kind=task.kind, subject_id=task.subject_id)
    before: Task | None = open_rows.first()
    if before is not None:
        return before
    return task if task.save_once_by(by, at=at, unless=OPEN_ONCE) else open_rows.get()


def escalate_task(
    *, task: Task, roles: Iterable[str], by: HasId, at: datetime, assignee: UUID | None = None
) -> Task:
    """Carry an open row up: more roles see it, and its count rises.

    :raises Undeclared: for a role that its kind does not climb to
    """
    task.roles = sorted(set(task.roles) | kinds.seen_by(task.kind, roles))
    task.assignee = assignee or task.assignee
    task.escalation += 1
    return task.save_by(by, at=at)


@transaction.atomic
def finish_task(*, task_id: UUID, by: Staff, at: datetime, outcome: str = "") -> Task:
    """Take a row off the worklist. One that only a fact settles comes back with the next sweep (`reopen_ticked`).

    :raises IllegalTransition: when it is done already
    :raises Invalid: without an outcome, for a kind that only words settle
    """
    task: Task = Task.objects.select_for_update().get(pk=task_id)
    transitions.apply(rules.TASK_MOVES, "done", instance=task, by=by, field="state")
    if task.kind in kinds.in_words() and not outcome.strip():
        raise Invalid.field("outcome", "Say what was done: nothing else settles this row.", code="required")
    task.done_at, task.done_by, task.outcome = at, by.pk, outcome
    return task.save_by(by, at=at)


def settle_tasks(*, kind: str, subject_id: UUID, by: HasId, at: datetime, outcome: str) -> None:
    """Take the open row of this kind and subject off the worklist, because the fact behind it is gone."""
    rows = selectors.open_rows(kind=kind, subject_id=subject_id).select_for_update()
    settle(rows, by=by, at=at, outcome=outcome)


def settle(rows: Iterable[Task], *, by: HasId, at: datetime, outcome: str) -> None:
    """Take these open rows, which the caller has locked, off the worklist."""
    for task in rows:
        task.state, task.done_at, task.done_by, task.outcome = Task.State.DONE, at, by.pk, outcome
        task.save_by(by, at=at)


class Matter(TypedDict):
    """What a row is about that a sweep puts on the worklist from the facts alone."""

    location: UUID
    client: UUID | None
    assignee: UUID | None
    roles: NotRequired[Iterable[str] | None]
    due_at: datetime


def keep_listed(
    *, kind: str, subject_type: str, waiting: Mapping[UUID, Matter], by: HasId, at: datetime
) -> int:
    """Let the open rows of this kind be those of `waiting`, by subject: the others are settled, the missing opened.

    Twice the same is once; a row that somebody ticked off while its matter stands comes back, and one whose matter is
    somebody else's now is handed on.

    :returns: how many rows were opened, handed on or settled
    """
    listed = dict(Task.objects.open().filter(kind=kind).values_list("subject_id", "assignee"))
    handed = [pk for pk, owner in listed.items() if pk in waiting and waiting[pk]["assignee"] != owner]

    @transaction.atomic
    def put(subject_id: UUID) -> int:
        open_task(
            kind=kind, subject_type=subject_type, subject_id=subject_id, **waiting[subject_id], by=by, at=at
        )
        return 1

    @transaction.atomic
    def take(subject_id: UUID) -> int:
        settle_tasks(kind=kind, subject_id=subject_id, by=by, at=at, outcome="settled")
        return 1

    @transaction.atomic
    def hand(subject_id: UUID) -> int:
        for task in Task.objects.open().select_for_update().filter(kind=kind, subject_id=subject_id):
            task.assignee = waiting[subject_id]["assignee"]
            task.save_by(by, at=at)
        return 1

    missing, over = sorted(set(waiting) - set(listed)), sorted(set(listed) - set(waiting))
    return each(missing, put) + each(sorted(handed), hand) + each(over, take)


def reopen_ticked(*, kind: str, waiting: Iterable[UUID], by: HasId, at: datetime) -> list[Task]:
    """Put back worklist rows that somebody ticked off although the fact that settles them is still missing.

    `waiting` are the subjects that still wait for that fact. A row comes back as it was, for everybody to whom it had
    been carried up; a subject that never had a row of this kind gets none.
    """
    listed = Task.objects.open().filter(kind=kind).values_list("subject_id", flat=True)
    silent = set(waiting) - set(listed)
    if not silent:
        return []
    rows = Task.objects.filter(kind=kind, subject_id__in=silent).order_by("subject_id", "-created_at", "-pk")
    return [_once(_copy(row), by=by, at=at) for row in rows.distinct("subject_id")]


def _copy(row: Task) -> Task:
    names = (
        "kind",
        "roles",
        "location",
        "client",
        "assignee",
        "subject_type",
        "subject_id",
        "due_at",
        "escalation",
    )
    return Task(**{name: getattr(row, name) for name in names})


def carry_up_overdue(*, of: Iterable[str], roles: Iterable[str], by: HasId, at: datetime) -> int:
    """Show overdue rows of these kinds to `roles` as well, each row once; returns how many."""
    wanted = sorted(map(str, roles))
    late = Task.objects.open().filter(kind__in=list(of), due_at__lte=at).exclude(roles__contains=wanted)

    @transaction.atomic
    def carry(task_id: UUID) -> int:
        task = late.select_for_update(skip_locked=True).filter(pk=task_id).first()
        return 0 if task is None else int(bool(escalate_task(task=task, roles=wanted, by=by, at=at)))

    return each(late.order_by("due_at", "pk").values_list("pk", flat=True), carry)


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
) -> None:
    """Write a message into the outbox with the fact it tells of; the same key twice is one message."""
    Outbox.objects.get_or_create(
        key=key,
        defaults={
            "template": template,
            "channel": channel,
            "recipient_kind": recipient_kind,
            "recipient": recipient,
            "subject_id": subject_id,
            "next_at": send_at or at,
            "created_at": at,
        },
    )


@transaction.atomic
def retry_message(*, message_id: UUID, by: Staff, at: datetime) -> Outbox:
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
    with transaction.atomic():
        row: Outbox | None = (
            Outbox.objects.select_for_update(skip_locked=True)
            .filter(
                channel=channel,
                status__in=[Outbox.Status.PENDING, Outbox.Status.SENDING],
                next_at__lte=at,
            )
            .order_by("-recipient_kind", "next_at", "pk")  # staff first: theirs may be an alarm
            .first()
        )
        if row is not None:
            row.status, row.attempts = Outbox.Status.SENDING, row.attempts + 1
            row.next_at = at + rules.lease(row.attempts)
            row.save()
        return row


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


def send_waiting(*, deliver: Callable[[Outbox], None], at: datetime, most: int = 100) -> int:
    """Send what waits; a failure is tried again later with back-off, and after the last try is dead and visible.

    `deliver` gets the row and passes its id on as the provider's idempotency key: a crash between sending and
    marking means a second try, never a lost message. It may also raise Unwanted, Missed or NotNow. Each channel
    gets `most` tries and CHANNEL_SECONDS of a pass.
    """
    sent = 0
    for channel in Outbox.Channel.values:
        stop = monotonic() + rules.CHANNEL_SECONDS
        for _ in range(most):
            row = _claim(channel, at) if monotonic() < stop else None
            if row is None:
                break
            _try(row, deliver, at)
            row.save()
            sent += row.status == Outbox.Status.SENT
    return sent
