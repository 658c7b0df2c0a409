"""Estimates that nobody has handed over in time: on the worklist of billing until they are."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.estimates import selectors
from billing.estimates.models import Estimate
from kapclinic.core.moments import begin_of
from kapclinic.practice.models import SYSTEM, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import Matter, keep_listed, settle_tasks


def sweep_estimate_due(*, at: datetime) -> int:
    """Ask for each estimate whose day is over and that was neither issued nor voided; returns how many rows changed."""
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


def settle_estimate_due(*, estimate: Estimate, by: User, at: datetime, outcome: str) -> None:
    """The estimate was handed over, or taken back."""
    settle_tasks(kind=Kind.ESTIMATE_DUE, subject_id=estimate.pk, by=by, at=at, outcome=outcome)
