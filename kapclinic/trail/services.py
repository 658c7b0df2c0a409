"""Verbs of the trail: log an act, open and finish tasks, forget old answers.

Those of the outbox and of the chain's seals are in files of their own, and are called by this one's name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NotRequired, Protocol, TypedDict, TypeVar
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Model, QuerySet

from kapclinic.core import transitions
from kapclinic.core.audited import HasId, change_all_by, insert_all_by
from kapclinic.core.errors import Invalid
from kapclinic.core.origin import present
from kapclinic.core.rows import each
from kapclinic.core.transitions import HasRoles
from kapclinic.trail import kinds, rules, selectors
from kapclinic.trail.anchors import keep_anchor
from kapclinic.trail.answers import reseal_answers
from kapclinic.trail.changes import look_at_changed
from kapclinic.trail.models import AuditEvent, BackupWord, IdempotencyRecord, Task
from kapclinic.trail.outbox import (
    Missed,
    Notice,
    NotNow,
    Unwanted,
    queue_message,
    queue_notices,
    retry_message,
    send_waiting,
)
from kapclinic.trail.partitions import make_partitions
from kapclinic.trail.seals import SEAL_LOCK, seal_events

Row = TypeVar("Row", bound=Model)

__all__ = [
    "SEAL_LOCK",
    "Matter",
    "Missed",
    "NotNow",
    "Notice",
    "Unwanted",
    "carry_up_overdue",
    "escalate_task",
    "escalate_tasks",
    "finish_task",
    "forget_ended_logins",
    "forget_old_answers",
    "keep_anchor",
    "keep_listed",
    "log_act",
    "look_at_changed",
    "make_partitions",
    "open_task",
    "open_tasks",
    "queue_message",
    "queue_notices",
    "reopen_ticked",
    "reseal_answers",
    "retry_message",
    "seal_events",
    "send_waiting",
    "settle",
    "settle_tasks",
]

IDEMPOTENCY_DAYS = 7
FORGOTTEN = 20_000
AS_NUMBER = attrgetter("int")  # the order of ids, found by C
AT_ONCE = timedelta(hours=1)  # what has come of age within an hour goes together, with one line in the log
TOGETHER = 10_000  # subjects asked for at once: a statement takes 65,535 parameters
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
    """Append one audit event; it is chained later, so that requests never wait for each other.

    Where it comes from is that of the request which this thread works on.
    """
    origin = present()
    event = AuditEvent(
        created_at=at,
        created_by=by,
        roles=sorted(roles),
        action=action,
        object_type=object_type,
        object_id=object_id,
        clients=sorted(set(clients), key=AS_NUMBER),
        outcome=outcome,
        detail=detail or {},
        address=origin.address if origin else None,
        request_id=origin.request_id if origin else None,
    )
    event.save(force_insert=True)
    return event


def forget_old_answers(*, by: HasId, at: datetime) -> int:
    """Drop idempotency records that are older than a client may retry: the oldest, at most FORGOTTEN of them a pass.

    About once an hour, with one audit event that says how many.
    """
    before = at - timedelta(days=IDEMPOTENCY_DAYS)
    old = IdempotencyRecord.objects.filter(created_at__lt=before).order_by("created_at")
    oldest = old.values_list("created_at", flat=True).first()
    if oldest is None or oldest >= before - AT_ONCE:
        return 0
    return _forget(old, of="idempotency_record", before=before, by=by, at=at)


def forget_ended_logins(*, by: HasId, at: datetime) -> int:
    """Drop browser sessions that ended a day ago or earlier, as `forget_old_answers` drops answers."""
    before = at - timedelta(days=1)
    old = Session.objects.filter(expire_date__lt=before).order_by("expire_date")
    oldest = old.values_list("expire_date", flat=True).first()
    if oldest is None or oldest >= before - AT_ONCE:
        return 0
    return _forget(old, of="login", before=before, by=by, at=at)


@transaction.atomic
def _forget(old: QuerySet[Row], *, of: str, before: datetime, by: HasId, at: datetime) -> int:
    """Delete the first FORGOTTEN of `old`, and write down how many that were: nothing goes silently."""
    count: int
    count, _ = old.model._base_manager.filter(pk__in=old.values("pk")[:FORGOTTEN]).delete()
    detail = {"count": count, "before": before.isoformat()}
    log_act(by=by.pk, roles=(), action="retention.forgotten", object_type=of, detail=detail, at=at)
    return count


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
    looked: bool = False,
) -> Task:
    """Put a row on a worklist, once: an open row of the same kind and subject is returned as it is.

    Who sees it is declared with its kind; `roles` narrows that. `looked`: the caller has just seen that there is none.

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
    return _once(task, looked=looked, by=by, at=at)


class Matter(TypedDict):
    """What a row is about that a sweep puts on the worklist from the facts alone."""

    location: UUID
    client: UUID | None
    assignee: UUID | None
    roles: NotRequired[Iterable[str] | None]
    due_at: datetime


def open_tasks(
    *, kind: str, subject_type: str, matters: Mapping[UUID, Matter], by: HasId, at: datetime
) -> list[Task]:
    """Do `open_task` for many subjects of one kind: three statements whatever their number.

    :raises Undeclared: as `open_task`
    :raises IntegrityError: when another transaction opened one of them at this moment; try again one by one
    """
    there = list(Task.objects.open().select_for_update().filter(kind=kind, subject_id__in=list(matters)))
    known = {task.subject_id for task in there}
    missing = [
        Task(
            kind=kind,
            roles=sorted(kinds.seen_by(kind, matter.get("roles"))),
            location=matter["location"],
            client=matter["client"],
            assignee=matter["assignee"],
            subject_type=subject_type,
            subject_id=subject_id,
            due_at=matter["due_at"],
        )
        for subject_id, matter in matters.items()
        if subject_id not in known
    ]
    insert_all_by(missing, by, at=at)
    return there + missing


def escalate_tasks(tasks: Iterable[Task], *, roles: Iterable[str], by: HasId, at: datetime) -> None:
    """Do `escalate_task` for many locked rows of one kind: two statements for those that are carried up alike.

    :raises Undeclared: as `escalate_task`
    """
    alike: dict[tuple[tuple[str, ...], int], list[Task]] = {}
    for task in tasks:
        seen = tuple(sorted(set(task.roles) | kinds.seen_by(task.kind, roles)))
        alike.setdefault((seen, task.escalation + 1), []).append(task)
    for (seen, count), rows in alike.items():
        change_all_by(rows, {"roles": list(seen), "escalation": count}, by, at=at)


def _once(task: Task, *, looked: bool = False, by: HasId, at: datetime) -> Task:
    """`task`, or the open row of its kind and subject that was there before."""
    open_rows = selectors.open_rows(kind=task.kind, subject_id=task.subject_id)
    before: Task | None = None if looked else open_rows.first()
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


def hand_on(*, subject_id: UUID, was: UUID, to: UUID | None, by: HasId, at: datetime) -> None:
    """Let the open rows about this subject that were one person's be another's."""
    for task in Task.objects.open().select_for_update().filter(subject_id=subject_id, assignee=was):
        task.assignee = to
        task.save_by(by, at=at)


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


def keep_listed(
    *,
    kind: str,
    subject_type: str,
    waiting: Mapping[UUID, Matter],
    by: HasId,
    at: datetime,
    among: Collection[UUID] | None = None,
) -> int:
    """Let the open rows of this kind, about subjects of this type, be those of `waiting`: the others are settled, the
    missing opened.

    With `among`, only rows of these subjects are looked at, and all of it is the caller's transaction: when somebody
    holds one of the rows, nothing of it stands. Without, each row is a transaction of its own.

    Twice the same is once; a row that somebody ticked off while its matter stands comes back. One whose matter is
    somebody else's now, another location's, or due at another time, is changed to that; what is due at once stays due
    since it was opened.

    :returns: how many rows were opened, changed or settled
    :raises OperationalError: with `among`, when somebody holds a row for longer than the caller's `lock_timeout`
    """
    rows = Task.objects.open().filter(kind=kind, subject_type=subject_type)
    rows = rows if among is None else rows.filter(subject_id__in=among)
    listed = {row[0]: row[1:] for row in rows.values_list("subject_id", "assignee", "location", "due_at")}

    def now_of(subject_id: UUID) -> tuple[UUID | None, UUID, datetime]:
        matter, (*_, due_at) = waiting[subject_id], listed[subject_id]
        at_once = matter["due_at"] == at
        return matter["assignee"], matter["location"], due_at if at_once else matter["due_at"]

    changed = [pk for pk, known in listed.items() if pk in waiting and now_of(pk) != known]

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
    def change(subject_id: UUID) -> int:
        for task in Task.objects.open().select_for_update().filter(kind=kind, subject_id=subject_id):
            task.assignee, task.location, task.due_at = now_of(subject_id)
            task.save_by(by, at=at)
        return 1

    missing, over = sorted(set(waiting) - set(listed)), sorted(set(listed) - set(waiting))
    # who names `among` has taken the note of their change away: a row left for the next pass would be left for good
    run = each if among is None else _all_or_none
    return run(missing, put) + run(sorted(changed), change) + run(over, take)


def _all_or_none(subjects: Iterable[UUID], work: Callable[[UUID], int]) -> int:
    return sum(map(work, subjects))


def reopen_ticked(*, kind: str, waiting: Iterable[UUID], by: HasId, at: datetime) -> list[Task]:
    """Put back worklist rows that somebody ticked off although the fact that settles them is still missing.

    `waiting` are the subjects that still wait for that fact. A row comes back as it was, for everybody to whom it had
    been carried up; a subject that never had a row of this kind gets none.
    """
    listed = Task.objects.open().filter(kind=kind).values_list("subject_id", flat=True)
    silent = sorted(set(waiting) - set(listed))
    back: list[Task] = []
    for start in range(0, len(silent), TOGETHER):
        some = silent[start : start + TOGETHER]
        rows = Task.objects.filter(kind=kind, subject_id__in=some).order_by(
            "subject_id", "-created_at", "-pk"
        )
        back += [_once(_copy(row), by=by, at=at) for row in rows.distinct("subject_id")]
    return back


def _copy(row: Task) -> Task:
    whose = ("kind", "roles", "location", "client", "assignee")
    names = (*whose, "subject_type", "subject_id", "due_at", "escalation")
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


def tell_backups(*, told_at: datetime, newest_began_at: datetime | None, ok: bool) -> None:
    """What the service of the backups says of itself: it stands in one row, for `/status`."""
    said = {"told_at": told_at, "newest_began_at": newest_began_at, "ok": ok}
    BackupWord.objects.update_or_create(name="backups", defaults=said)
