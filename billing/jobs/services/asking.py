"""Ask for a job, or stop one. What it is about is settled at once; the worker does it after the commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NotRequired, TypedDict, TypeVar
from uuid import UUID

from django.db import connection, transaction

from billing.jobs import rules, selectors
from billing.jobs.models import Failure, Job, JobItem, JobResult, Kind
from billing.jobs.selectors import Scope
from kapclinic.core import doorbell, transitions
from kapclinic.core.errors import FieldError, Invalid, merge
from kapclinic.practice.models import User

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('billing:exports', 0))"


class RunAsk(TypedDict):
    """Both days inclusive; `location` narrows it, `clients` names whom it is about."""

    from_date: date
    to_date: date
    location: NotRequired[UUID | None]
    clients: NotRequired[list[UUID] | None]


class ExportAsk(TypedDict):
    """`since_last` leaves out what an export of the same rows held before."""

    kind: str
    from_date: date
    to_date: date
    location: NotRequired[UUID | None]
    since_last: NotRequired[bool]


@transaction.atomic
def ask_for_run(*, values: RunAsk, by: User, at: datetime) -> Job:
    """Let the superbills of a period be issued, one a client; without `clients` for all who came or were charged.

    :raises Invalid: for a reversed period, or a location or client that the actor can't see
    """
    scope = _scope(values["from_date"], values["to_date"], values.get("location"), by=by)
    named = values.get("clients")
    if named is None:
        clients = selectors.clients_to_bill(scope, user=by)
    else:
        merge(
            [
                FieldError(f"/clients/{index}", "not_found", "There is no such client for you.")
                for index in selectors.named_errors(named, user=by)
            ]
        )
        clients = selectors.one_each(named, user=by)
    job = _begin(Kind.SUPERBILL_RUN, scope, values.get("location"), total=len(clients), by=by, at=at)
    _keep(job, [(client, None) for client in clients], by=by, at=at)
    return job


@transaction.atomic
def ask_for_export(*, values: ExportAsk, by: User, at: datetime) -> Job:
    """Let what was issued or booked in a period be packed into a file.

    What it holds is taken now, so that of two who ask for what is new at once, one gets it. A superbill that the books
    contradict is left out, with its lines, and told.

    :raises Invalid: for a reversed period, a location that the actor can't see, or more papers than one archive takes
    """
    kind, location = values["kind"], values.get("location")
    scope = _scope(
        values["from_date"], values["to_date"], location, by=by, since_last=values.get("since_last", False)
    )
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME)
    subjects = _subjects(kind, scope)
    if kind == Kind.SUPERBILLS_ZIP and len(subjects) > rules.MOST_PAPERS:
        detail = f"{len(subjects)} superbills: an archive takes {rules.MOST_PAPERS}. Choose a shorter period."
        raise Invalid.field("to_date", detail, code="too_many")
    job = _begin(kind, scope, location, total=len(subjects), by=by, at=at)
    items = _keep(job, subjects, by=by, at=at)
    stale = selectors.outdated({paper for _, paper in subjects if paper is not None})
    left = [JobResult(item=item, reasons=["outdated"]) for item in items if item.superbill_id in stale]
    _insert(left, by=by, at=at)
    return job


def _scope(
    from_date: date, to_date: date, location: UUID | None, *, by: User, since_last: bool = False
) -> Scope:
    errors = []
    if to_date < from_date:
        errors.append(FieldError("/to_date", "reversed", "The period ends before it begins."))
    if location is not None and location not in by.locations:
        errors.append(FieldError("/location", "not_found", "There is no such location for you."))
    merge(errors)
    visible = list(by.locations)
    return Scope(from_date, to_date, visible if location is None else [location], visible, since_last)


def _subjects(kind: str, scope: Scope) -> list[tuple[UUID, UUID | None]]:
    """(what is exported, the superbill that it stands on), in the order of the file."""
    if kind in selectors.TYPES:
        return [(entry.id, None) for entry in selectors.entries(kind, scope)]
    found = selectors.lines(kind, scope)
    if kind == Kind.SUPERBILLS_ZIP:
        return [(paper, paper) for paper in dict.fromkeys(paper for _, paper in found)]
    return list(found)


def _begin(kind: str, scope: Scope, location: UUID | None, *, total: int, by: User, at: datetime) -> Job:
    job = Job(
        kind=kind,
        from_date=scope.from_date,
        to_date=scope.to_date,
        location_id=location,
        locations=scope.locations,
        since_last=scope.since_last,
        total=total,
    ).save_by(by, at=at)
    doorbell.ring(rules.TASK, job_id=job.pk)
    return job


def _keep(job: Job, subjects: Sequence[tuple[UUID, UUID | None]], *, by: User, at: datetime) -> list[JobItem]:
    rows = [
        JobItem(job=job, position=position, subject=subject, superbill_id=superbill)
        for position, (subject, superbill) in enumerate(subjects)
    ]
    _insert(rows, by=by, at=at)
    return rows


Fact = TypeVar("Fact", JobItem, JobResult)


def _insert(rows: Sequence[Fact], *, by: User, at: datetime) -> None:
    """Write many facts in one statement."""
    for row in rows:
        row.created_at, row.created_by = at, by.pk
    if rows:
        type(rows[0]).objects.bulk_create(rows, batch_size=1000)


@transaction.atomic
def stop(*, job_id: UUID, by: User, at: datetime) -> Job:
    """Stop a job. What it has issued stays; what it would have exported counts as not exported.

    :raises IllegalTransition: when it is over
    """
    job: Job = Job.objects.select_for_update().get(pk=job_id)
    transitions.apply(rules.JOB_MOVES, "stop", instance=job, by=by, field="state")
    job.failure, job.ended_at = Failure.STOPPED, at
    return job.save_by(by, at=at)
