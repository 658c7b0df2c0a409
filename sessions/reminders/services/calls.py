"""Whom the front desk is asked to call: clients who know of another time, and whom no message tells in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from kapclinic.practice.models import SYSTEM
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from sessions.booking.models import Session
from sessions.reminders import rules, selectors
from sessions.reminders.models import ReminderPlan
from sessions.reminders.rules import Asked

CHANGED = "The session has changed again since."
BACK = "The session is again as the client knows it."
TOLD = "A message has told the client."
COME = "The client has come."


def keep_calls(
    session_ids: Sequence[UUID], asked: Sequence[Asked], *, plans: Mapping[UUID, ReminderPlan], at: datetime
) -> None:
    """Let the front desk be asked to call about those of the sessions of which somebody must, and about no others.

    A row is asked anew when the session has changed since, so that what the desk then ticks off is what stands. It goes
    by itself once the client knows, or has come.
    """
    waits = selectors.calls_waiting(session_ids)
    must = _must_be_called(asked, plans=plans, at=at)
    for session, run, _ in asked:
        since = waits.pop(session.pk, None)
        if since is not None and not run.is_unheard:
            _settle(session.pk, TOLD if run.told else BACK, at=at)
        if session.pk not in must:
            continue
        if since is not None and since < run.since:
            _settle(session.pk, CHANGED, at=at)
        if since is None or since < run.since:
            _open(session, at=at)
    for pk in sorted(selectors.come(waits)):
        _settle(pk, COME, at=at)


def _must_be_called(asked: Sequence[Asked], *, plans: Mapping[UUID, ReminderPlan], at: datetime) -> set[UUID]:
    unheard = [one for one in asked if one.run.is_unheard]
    rows = selectors.rows_of(one.session.pk for one in unheard) if unheard else {}
    found = set()
    for session, run, messages in unheard:
        plan = plans[session.location_id]
        queued = rules.to_queue(messages, session, run, plan=plan, at=at)
        leaving = rules.leaving_at(messages, queued, rows, at=at)
        if rules.untold(session, run, leaving, plan=plan, at=at):
            found.add(session.pk)
    return found


def _settle(session_id: UUID, why: str, *, at: datetime) -> None:
    trail.settle_tasks(kind=Kind.CLIENT_UNTOLD, subject_id=session_id, by=SYSTEM, at=at, outcome=why)


def _open(session: Session, *, at: datetime) -> None:
    """Of the client in whose record the session stands, as whom else they may be registered."""
    trail.open_task(
        kind=Kind.CLIENT_UNTOLD,
        location=session.location_id,
        client=selectors.owner_of(session),
        subject_type="session",
        subject_id=session.pk,
        due_at=at,
        by=SYSTEM,
        at=at,
    )
