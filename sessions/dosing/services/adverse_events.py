"""Verbs of adverse events: record, follow up, review; and what the sweep does while nobody follows one up."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, FieldError, merge
from kapclinic.core.moments import moment_errors
from kapclinic.core.rows import each
from kapclinic.practice.models import SYSTEM, Actor, Role, User
from kapclinic.practice.rules import DIRECTOR
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Task
from screening.models import SuspendingCode
from screening.services import suspend
from sessions.booking.models import Session
from sessions.dosing import selectors
from sessions.dosing.models import AdverseEvent, AdverseEventFollowUp, AdverseEventReview
from sessions.dosing.rems import services as rems
from sessions.dosing.rems.rules import recorded_events
from sessions.dosing.rules import adverse_events


class FollowUp(TypedDict):
    """What became of an event; `root_cause` says that this is why it happened."""

    text: str
    outcome: NotRequired[str]
    resolved_at: NotRequired[datetime | None]
    root_cause: NotRequired[bool]


class NotSerious(Conflict):
    code, title = "not_serious", "Only a serious event has a root cause to find"


@transaction.atomic
def record_adverse_event(
    *, session: Session, values: adverse_events.EventFields, by: User, at: datetime
) -> AdverseEvent:
    """Record an adverse event; a severe or serious one is put before the medical director at once.

    A serious one also suspends the client's clearances, from its onset on.

    The protocol's limits say by grade when somebody follows it up, and until when the director reviews a severe one
    and finds the cause of a serious one: each is a row on the worklist (clinical policy 11.3). What the REMS form asks
    about is sent after a form that was submitted.

    :raises NotPermitted: unless `by` is a clinician
    :raises Invalid: for times in the future or reversed, an unexplained `other`, criteria of an event that is not
        serious
    """
    transitions.require_role(by, adverse_events.REPORTERS, what="Recording an adverse event")
    errors = moment_errors(moment=values["onset_at"], at=at, after=None, field="onset_at")
    errors += _resolved_errors(values.get("resolved_at"), onset_at=values["onset_at"], at=at)
    merge([*errors, *adverse_events.event_errors(values)])
    due = adverse_events.due_times(
        grade=values["grade"],
        serious=values["serious"],
        resolved=values.get("resolved_at") is not None,
        limits=session.program.protocol.limits,
        at=at,
    )
    event: AdverseEvent = AdverseEvent(session=session, **values, **due).insert_by(by, at=at)
    _put(Kind.ADVERSE_EVENT_REVIEW, event, due_at=event.review_due_at, by=by, at=at)
    _put(Kind.ADVERSE_EVENT_FOLLOW_UP, event, due_at=event.follow_up_due_at, by=by, at=at)
    _put(Kind.ADVERSE_EVENT_ROOT_CAUSE, event, due_at=event.root_cause_due_at, by=by, at=at)
    if event.serious:
        suspend(
            client_id=session.client_id,
            code=SuspendingCode.SERIOUS_EVENT,
            subject_type="adverse_event",
            subject_id=event.pk,
            moment=event.onset_at,
            by=by,
            at=at,
        )
    if recorded_events([event]):
        rems.amend(session=session, by=by, at=at)
    return event


def _resolved_errors(resolved_at: datetime | None, *, onset_at: datetime, at: datetime) -> list[FieldError]:
    if resolved_at is None:
        return []
    return moment_errors(moment=resolved_at, at=at, after=onset_at, field="resolved_at")


def _put(
    kind: Kind,
    event: AdverseEvent,
    *,
    due_at: datetime | None,
    by: Actor,
    at: datetime,
) -> Task | None:
    """The event's row of this kind on the worklist; none when nothing is due."""
    if due_at is None:
        return None
    return trail.open_task(
        kind=kind,
        location=event.session.location_id,
        client=event.session.client_id,
        subject_type="adverse_event",
        subject_id=event.pk,
        due_at=due_at,
        by=by,
        at=at,
    )


@transaction.atomic
def follow_up(*, event: AdverseEvent, values: FollowUp, by: User, at: datetime) -> AdverseEventFollowUp:
    """Say what became of an event; this settles its row on the worklist, and with `root_cause` the one for the cause.

    :raises NotPermitted: unless `by` is a clinician; the root cause is the medical director's
    :raises NotSerious: for the root cause of an event that is not serious
    :raises Invalid: for an end in the future or before the onset
    """
    transitions.require_role(by, adverse_events.REPORTERS, what="Following up an adverse event")
    if values.get("root_cause"):
        transitions.require_role(by, DIRECTOR, what="Naming the root cause")
        if not event.serious:
            raise NotSerious
    merge(_resolved_errors(values.get("resolved_at"), onset_at=event.onset_at, at=at))
    row: AdverseEventFollowUp = AdverseEventFollowUp(event=event, **values).insert_by(by, at=at)
    trail.settle_tasks(
        kind=Kind.ADVERSE_EVENT_FOLLOW_UP, subject_id=event.pk, by=by, at=at, outcome="followed up"
    )
    if row.root_cause:
        trail.settle_tasks(
            kind=Kind.ADVERSE_EVENT_ROOT_CAUSE, subject_id=event.pk, by=by, at=at, outcome="found"
        )
    return row


@transaction.atomic
def review(
    *, event: AdverseEvent, conclusion: str, hold_released: bool, by: User, at: datetime
) -> AdverseEventReview:
    """Judge an event as medical director; only `hold_released` lets the client be dosed again.

    A later review overtakes an earlier one, also to hold the client again.

    :raises NotPermitted: unless `by` is a medical director
    """
    transitions.require_role(by, DIRECTOR, what="Reviewing an adverse event")
    row: AdverseEventReview = AdverseEventReview(
        event=event, conclusion=conclusion, hold_released=hold_released
    ).insert_by(by, at=at)
    outcome = "hold released" if hold_released else "hold stays"
    trail.settle_tasks(kind=Kind.ADVERSE_EVENT_REVIEW, subject_id=event.pk, by=by, at=at, outcome=outcome)
    return row


def sweep_follow_ups(*, at: datetime) -> int:
    """Carry every overdue follow-up up to the medical director; from the sweep.

    Returns how many were carried up this time: a second pass finds nothing more to do. A worklist row that somebody
    ticked off without a follow-up is opened again.
    """
    carried_up = Task.objects.open().filter(
        kind=Kind.ADVERSE_EVENT_FOLLOW_UP, subject_id=OuterRef("pk"), roles__contains=[Role.MEDICAL_DIRECTOR]
    )
    waiting = selectors.to_follow_up(at=at).exclude(Exists(carried_up))
    return each(waiting.values_list("pk", flat=True), partial(_carry_up, at=at))


@transaction.atomic
def _carry_up(event_id: UUID, *, at: datetime) -> int:
    event = selectors.to_follow_up(at=at).select_related("session").filter(pk=event_id).first()
    if event is None:  # followed up since
        return 0
    task = _put(Kind.ADVERSE_EVENT_FOLLOW_UP, event, due_at=event.follow_up_due_at, by=SYSTEM, at=at)
    assert task is not None
    waiting = Task.objects.open().exclude(roles__contains=[Role.MEDICAL_DIRECTOR])
    locked = waiting.select_for_update(skip_locked=True).filter(pk=task.pk).first()
    if locked is None:  # carried up before, or at this moment by another sweep
        return 0
    trail.escalate_task(task=locked, roles=Kind.ADVERSE_EVENT_FOLLOW_UP.climbs_to, by=SYSTEM, at=at)
    return 1
