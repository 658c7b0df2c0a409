"""Estimates that nobody has handed over in time, and those that nobody has begun: on the worklist of billing."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from billing.estimates import selectors
from billing.estimates.models import Estimate
from billing.estimates.rules import business_days
from billing.estimates.sql import Unestimated
from kapclinic.core.moments import begin_of
from kapclinic.practice.models import SYSTEM, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import Matter, keep_listed, settle_tasks


def sweep_estimate_due(*, at: datetime) -> int:
    """Ask for each estimate whose day is over and that was neither issued nor voided, and for one of each client who
    pays themselves, has a service in the book and no estimate; returns how many rows changed.
    """
    return _list_overdue(at=at) + _list_missing(at=at)


def _list_overdue(*, at: datetime) -> int:
    waiting: dict[UUID, Matter] = {
        row.pk: {
            "location": row.location_id,
            "client": row.client_id,
            "assignee": None,
            "due_at": begin_of(row.due_on, row.location.zone, days=1),
        }
        for row in selectors.overdue(at=at)
        if row.due_on is not None
    }
    return keep_listed(kind=Kind.ESTIMATE_DUE, subject_type="estimate", waiting=waiting, by=SYSTEM, at=at)


def _list_missing(*, at: datetime) -> int:
    """One row a client, due when the first of their estimates is; what was booked too short ahead asks for none."""
    waiting: dict[UUID, Matter] = {}
    for service in selectors.unestimated(at=at):
        due_on = _due_on(service)
        if due_on is None:
            continue
        due_at = begin_of(due_on, service.zone, days=1)
        listed = waiting.get(service.client)
        if listed is None or due_at < listed["due_at"]:
            waiting[service.client] = {
                "location": service.location,
                "client": service.client,
                "assignee": None,
                "due_at": due_at,
            }
    return keep_listed(kind=Kind.ESTIMATE_DUE, subject_type="client", waiting=waiting, by=SYSTEM, at=at)


def _due_on(service: Unestimated) -> date | None:
    """By the days there: of the booking, and of the service."""
    scheduled_on = service.created_at.astimezone(service.zone).date()
    return business_days.due_when_scheduled(scheduled_on, service.starts_at.astimezone(service.zone).date())


def settle_estimate_missing(*, client: UUID, by: User, at: datetime) -> None:
    """An estimate was begun; the sweep asks again should it not tell of what is booked."""
    settle_tasks(kind=Kind.ESTIMATE_DUE, subject_id=client, by=by, at=at, outcome="begun")


def settle_estimate_due(*, estimate: Estimate, by: User, at: datetime, outcome: str) -> None:
    """The estimate was handed over, or taken back."""
    settle_tasks(kind=Kind.ESTIMATE_DUE, subject_id=estimate.pk, by=by, at=at, outcome=outcome)
