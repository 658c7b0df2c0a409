"""Do a job, step by step. Each step is a short transaction that begins with the job's row: whoever is killed leaves
every step done or not begun, another goes on from the rows, and nothing is done twice.
"""

from __future__ import annotations

import logging
from datetime import datetime
from time import monotonic
from uuid import UUID

from django.db import OperationalError, transaction

from billing.documents import selectors as papers
from billing.documents import services as documents
from billing.documents.models import Superbill
from billing.documents.rules import is_payers
from billing.documents.services import NothingToBill, Period
from billing.jobs import rules, selectors
from billing.jobs.models import Failure, Job, JobFile, JobItem, JobResult, Kind, State
from billing.jobs.rendering import archive, books, tables
from kapclinic.core import doorbell, paper, transitions
from kapclinic.core.errors import ClinicError
from kapclinic.core.rows import FAILURES
from kapclinic.practice.models import SYSTEM, User
from kapclinic.practice.rules import BILLERS
from kapclinic.trail.services import log_act

logger = logging.getLogger(__name__)
SLICE_SECONDS = 20.0  # then others of the queue have their turn


def work_on(*, job_id: UUID, at: datetime, seconds: float = SLICE_SECONDS) -> None:
    """Go on with a job for some seconds, and ask to go on when it is not over then.

    A job that somebody else is at is left to them.
    """
    stop = monotonic() + seconds
    while monotonic() < stop:
        if not _step(job_id, at=at):
            return
    with transaction.atomic():
        doorbell.ring(rules.TASK, job_id=job_id)


def sweep_jobs(*, at: datetime) -> int:
    """Go on with the jobs that are not over, for some seconds in all; returns how many there were."""
    stop = monotonic() + SLICE_SECONDS
    found = selectors.open_jobs()
    for job_id in found:
        if (left := stop - monotonic()) > 0:
            work_on(job_id=job_id, at=at, seconds=left)
    return len(found)


def _step(job_id: UUID, *, at: datetime) -> bool:
    """One step, and whether there may be another: none when the job is over or somebody is at it."""
    with transaction.atomic():
        rows = Job.objects.select_for_update(of=("self",), skip_locked=True)
        job: Job | None = rows.filter(pk=job_id, state__in=rules.OPEN).first()
        if job is None:
            return False
        asker: User = User.objects.get(pk=job.created_by)
        if not (asker.is_active and asker.role_set & BILLERS and set(job.locations) <= set(asker.locations)):
            _fail(job, Failure.NOT_PERMITTED, at=at)
            return False
        asker.narrow(job.locations)  # who asked by a narrowed token gets no more than it shows
        if job.state == State.QUEUED:
            transitions.apply(rules.JOB_MOVES, "begin", instance=job, by=SYSTEM, field="state")
            job.save_by(SYSTEM, at=at)
            return True
        item = selectors.next_item(job) if job.kind == Kind.SUPERBILL_RUN else None
        if item is not None:
            _bill(job, item, by=asker, at=at)
            return True
        _finish(job, at=at)
        return False


def _fail(job: Job, failure: Failure, *, at: datetime) -> None:
    transitions.apply(rules.JOB_MOVES, "fail", instance=job, by=SYSTEM, field="state")
    job.failure, job.ended_at = failure, at
    job.save_by(SYSTEM, at=at)


def _bill(job: Job, item: JobItem, *, by: User, at: datetime) -> None:
    """Issue the superbill of one client, or keep why there is none. The paper and the result are one transaction."""
    result = JobResult(item=item)
    try:
        with transaction.atomic():
            result.superbill = documents.issue_superbill(
                values=_period(job, item), by=by, at=at, only_new=True
            )
    except NothingToBill as refusal:
        result.reasons = _why_nothing(job, item, by=by) or [refusal.code]
    except ClinicError as refusal:
        result.reasons = rules.reasons_of(refusal.errors, otherwise=refusal.code)
    except OperationalError:
        raise  # the database is away, or somebody holds a lock: later
    except FAILURES as exc:
        logger.warning("one client of a run failed, the others go on: %s", type(exc).__name__)
        result.reasons = [Failure.BROKEN]
    result.insert_by(by, at=at)
    if result.superbill is not None:
        _log(result.superbill, job, by=by, at=at)


def _period(job: Job, item: JobItem) -> Period:
    period: Period = {
        "client": item.subject,
        "from_date": job.from_date,
        "to_date": job.to_date,
    }
    if job.location_id is not None:
        period["location"] = job.location_id
    return period


def _why_nothing(job: Job, item: JobItem, *, by: User) -> list[str]:
    """Why a client has no line: the services stand on a paper already, or each session lacks something."""
    rows = papers.rendered_charges(
        client=item.subject,
        from_date=job.from_date,
        to_date=job.to_date,
        location=job.location_id,
        user=by,
    )
    if any(is_payers(charge) for charge in rows):
        return ["already_on_superbill"]
    left = papers.left_out(
        client=item.subject,
        from_date=job.from_date,
        to_date=job.to_date,
        location=job.location_id,
        lines=[],
        user=by,
    )
    return list(dict.fromkeys(one.reason for one in left))


def _log(row: Superbill, job: Job, *, by: User, at: datetime) -> None:
    """The same audit event that a request leaves, with the run that it belongs to."""
    log_act(
        by=by.pk,
        roles=by.role_set,
        action="superbill.create",
        object_type="superbill",
        object_id=row.pk,
        clients=[row.client_id],
        detail={"run": str(job.pk)},
        at=at,
    )


def _finish(job: Job, *, at: datetime) -> None:
    """Make the file and end the job, in one transaction; a job that breaks at it has failed."""
    try:
        with transaction.atomic():
            content = _file(job)
            JobFile(job=job, content=content, sha256=paper.fingerprint(content)).insert_by(SYSTEM, at=at)
    except OperationalError:
        raise
    except FAILURES as exc:
        logger.warning("a job could not be packed: %s", type(exc).__name__)
        _fail(job, Failure.BROKEN, at=at)
        return
    transitions.apply(rules.JOB_MOVES, "finish", instance=job, by=SYSTEM, field="state")
    job.ended_at = at
    job.save_by(SYSTEM, at=at)


def _file(job: Job) -> bytes:
    if job.kind in {Kind.SUPERBILL_RUN, Kind.SUPERBILLS_ZIP}:
        return archive.as_zip(selectors.papers(job), selectors.left_out(job))
    if job.kind in rules.LINES:
        rows = [
            rules.line_row(row.content, line, client=str(row.client_id))
            for row, wanted in selectors.lines_of(job)
            for line in row.content["lines"]
            if line["charge"] in wanted
        ]
        if job.kind == Kind.LINES_CSV:
            return tables.as_csv(rules.LINE_COLUMNS, rows)
        return tables.as_xlsx(rules.LINE_COLUMNS, rows, at=job.created_at)
    entries = selectors.entries_of(job)
    if job.kind == Kind.BEANCOUNT:
        return books.as_beancount(entries, from_date=job.from_date)
    return tables.as_csv(rules.ENTRY_COLUMNS, [rules.entry_row(**vars(entry)) for entry in entries])
