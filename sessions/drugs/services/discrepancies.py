"""Drug that is not where the books say: opened with its ledger entry, then explained or reported, and closed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, IllegalTransition, merge
from kapclinic.core.moments import moment_errors
from kapclinic.core.rows import each
from kapclinic.practice.models import SYSTEM, Actor, User
from kapclinic.practice.selectors import staff_with_role
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Task
from sessions.drugs import rules
from sessions.drugs.models import DrugDiscrepancy, DrugEntry
from sessions.drugs.rules import S, deadlines

NOTICE = {DrugDiscrepancy.Cause.LOSS: Kind.DRUG_LOSS, DrugDiscrepancy.Cause.VARIANCE: Kind.DRUG_VARIANCE}
UP = sorted(Kind.DRUG_LOSS.climbs_to)  # who hears that a clock ran out


class OwnEntry(Conflict):
    code, title = "own_entry", "Somebody else answers for what you entered or witnessed"


def open_discrepancy(
    *, entry: DrugEntry, expected_mg: Decimal, discovered_at: datetime, by: User, at: datetime
) -> DrugDiscrepancy:
    """Open a discrepancy for what a loss or a count changed in the balance; its clocks run from `discovered_at`.

    Notice within one business day, Form 106 within 45 days (21 CFR 1301.76(b), 88 FR 40707).
    """
    location = entry.lot.location
    row = DrugDiscrepancy(
        location=location,
        lot=entry.lot,
        entry=entry,
        cause="loss" if entry.kind == rules.K.LOSS else "variance",
        expected_mg=expected_mg,
        counted_mg=entry.balance_mg,
        difference_mg=entry.delta_mg,
        discovered_at=discovered_at,
        notice_due_at=deadlines.one_business_day_after(discovered_at, zone=location.zone),
        form_106_due_on=deadlines.form_106_due_on(discovered_at.astimezone(location.zone).date()),
    ).save_by(by, at=at)
    _tell(row, kind=NOTICE[DrugDiscrepancy.Cause(row.cause)], due_at=row.notice_due_at, by=by, at=at)
    return row


def _tell(row: DrugDiscrepancy, *, kind: str, due_at: datetime, by: Actor, at: datetime) -> Task:
    return trail.open_task(
        kind=kind,
        location=row.location_id,
        subject_type="drug_discrepancy",
        subject_id=row.pk,
        due_at=due_at,
        by=by,
        at=at,
    )


def _settle(row: DrugDiscrepancy, kinds: Iterable[str], *, by: User, at: datetime, outcome: str) -> None:
    for kind in kinds:
        trail.settle_tasks(kind=kind, subject_id=row.pk, by=by, at=at, outcome=outcome)


def _form_due_at(row: DrugDiscrepancy) -> datetime:
    return deadlines.end_of_day(row.form_106_due_on, zone=row.location.zone)


def _moved(discrepancy_id: UUID, move: str, *, by: User) -> DrugDiscrepancy:
    found = DrugDiscrepancy.objects.select_for_update(of=("self",)).select_related("location", "lot", "entry")
    row: DrugDiscrepancy = found.get(pk=discrepancy_id)
    transitions.apply(rules.DISCREPANCY_MOVES, move, instance=row, by=by, field="state")
    if move in rules.BY_ANOTHER and rules.is_own(row.entry, by=by):
        raise OwnEntry
    return row


@transaction.atomic
def explain_discrepancy(*, discrepancy_id: UUID, reason: str, by: User, at: datetime) -> DrugDiscrepancy:
    """Say what error of the books it was: nothing was stolen or lost, so the clocks stop.

    :raises NotPermitted: unless `by` is the medical director
    :raises IllegalTransition: unless it is open
    :raises OwnEntry: when `by` wrote or witnessed the entry
    """
    row = _moved(discrepancy_id, "explain", by=by)
    row.explanation, row.explained_at = reason, at
    _settle(row, (*NOTICE.values(), Kind.DRUG_FORM_106), by=by, at=at, outcome="explained")
    return row.save_by(by, at=at)


@transaction.atomic
def notify_discrepancy(
    *, discrepancy_id: UUID, reference: str, notified_at: datetime, by: User, at: datetime
) -> DrugDiscrepancy:
    """Say that the DEA field office was told in writing, under which reference and when; Form 106 is then owed.

    :raises NotPermitted: unless `by` is the medical director
    :raises IllegalTransition: when it is closed, or the office was told before
    :raises Invalid: for a time in the future or before the discovery
    """
    row = _moved(discrepancy_id, "notify", by=by)
    if row.notified_at is not None:
        raise IllegalTransition("The field office was told already.", state=row.state)
    merge(moment_errors(moment=notified_at, at=at, after=row.discovered_at, field="notified_at"))
    row.notice_reference, row.notified_at = reference, notified_at
    _settle(row, NOTICE.values(), by=by, at=at, outcome="notified")
    if row.filed_at is None:
        _tell(row, kind=Kind.DRUG_FORM_106, due_at=_form_due_at(row), by=by, at=at)
    return row.save_by(by, at=at)


@transaction.atomic
def file_discrepancy(
    *, discrepancy_id: UUID, form_106_number: str, filed_at: datetime, by: User, at: datetime
) -> DrugDiscrepancy:
    """Say that DEA Form 106 was filed online, under which number and when.

    :raises NotPermitted: unless `by` is the medical director
    :raises IllegalTransition: when it is closed, or the form was filed before
    :raises Invalid: for a time in the future or before the discovery
    """
    row = _moved(discrepancy_id, "file", by=by)
    if row.filed_at is not None:
        raise IllegalTransition("Form 106 was filed already.", state=row.state)
    merge(moment_errors(moment=filed_at, at=at, after=row.discovered_at, field="filed_at"))
    row.form_106_number, row.filed_at = form_106_number, filed_at
    _settle(row, (Kind.DRUG_FORM_106,), by=by, at=at, outcome="filed")
    return row.save_by(by, at=at)


@transaction.atomic
def close_discrepancy(*, discrepancy_id: UUID, reason: str, by: User, at: datetime) -> DrugDiscrepancy:
    """End it with a reason; a reported one without Form 106 when the inquiry found neither theft nor loss.

    :raises NotPermitted: unless `by` is the medical director
    :raises IllegalTransition: unless it is explained or reported
    :raises OwnEntry: when `by` wrote or witnessed the entry
    """
    row = _moved(discrepancy_id, "close", by=by)
    row.close_reason, row.closed_at = reason, at
    _settle(row, (*NOTICE.values(), Kind.DRUG_FORM_106), by=by, at=at, outcome="closed")
    return row.save_by(by, at=at)


def sweep_discrepancies(*, at: datetime) -> int:
    """Carry up each discrepancy whose clock ran out, once per clock; returns how many."""
    running = DrugDiscrepancy.objects.filter(state__in=[S.OPEN, S.REPORTED])
    late = running.filter(
        Q(notified_at__isnull=True, notice_overdue_at__isnull=True, notice_due_at__lte=at)
        | Q(filed_at__isnull=True, form_106_overdue_at__isnull=True, form_106_due_on__lte=at.date())
    )
    return each(late.order_by("pk").values_list("pk", flat=True), partial(_carry_up, at=at))


@transaction.atomic
def _carry_up(discrepancy_id: UUID, *, at: datetime) -> int:
    found = DrugDiscrepancy.objects.select_for_update(skip_locked=True, of=("self",))
    row = found.select_related("location").filter(pk=discrepancy_id).first()
    if row is None or row.state not in {S.OPEN, S.REPORTED}:
        return 0
    told = []
    if row.notified_at is None and row.notice_overdue_at is None and row.notice_due_at <= at:
        row.notice_overdue_at = at
        told.append((NOTICE[DrugDiscrepancy.Cause(row.cause)], row.notice_due_at))
    if row.filed_at is None and row.form_106_overdue_at is None and _form_due_at(row) <= at:
        row.form_106_overdue_at = at
        told.append((Kind.DRUG_FORM_106, _form_due_at(row)))
    for kind, due_at in told:
        task = _tell(row, kind=kind, due_at=due_at, by=SYSTEM, at=at)
        trail.escalate_task(task=task, roles=UP, by=SYSTEM, at=at)
        for user in {user for role in UP for user in staff_with_role(role=role, location=row.location_id)}:
            key = f"{kind}:{row.pk}:{user.pk}"
            trail.queue_message(key=key, template="worklist", recipient=user.pk, subject_id=row.pk, at=at)
    if told:
        row.save_by(SYSTEM, at=at)
    return len(told)
