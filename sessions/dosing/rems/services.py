"""Verbs of the REMS record: owe it with the dose, write it, submit it, and tell somebody while it is owed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import FieldError, Invalid, NotOwed, merge
from kapclinic.core.moments import moment_errors
from kapclinic.core.rows import each
from kapclinic.practice.models import SYSTEM, Actor, User
from kapclinic.practice.selectors import staff_with_role
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from sessions.booking.models import Session
from sessions.dosing.rems import rules, selectors
from sessions.dosing.rems.models import EVENTS, RemsRecord


class RemsColumns(TypedDict, total=False):
    """Columns of RemsRecord that staff fill in; null takes an answer back."""

    benzodiazepines: bool | None
    sedative_hypnotics: bool | None
    psychostimulants: bool | None
    maois: bool | None
    opioids: bool | None
    monitoring_hcp: UUID | None
    lot_number: str
    monitoring_ended_at: datetime | None
    ready_without_two_hours_at: datetime | None
    vitals_acceptable_pre: bool | None
    vitals_acceptable_completion: bool | None
    blood_pressure_reason: str
    sedation: bool | None
    sedation_resolved_at: datetime | None
    dissociation: bool | None
    dissociation_resolved_at: datetime | None
    respiratory_depression: bool | None
    respiratory_depression_resolved_at: datetime | None
    serious_adverse_event: bool | None
    serious_adverse_event_resolved_at: datetime | None
    events_note: str


class NoFormOwed(NotOwed):
    title = "No esketamine dose of this session stands"


def owe(*, session: Session, by: Actor, at: datetime) -> RemsRecord | None:
    """Make the session's monitoring record when its first esketamine dose stands; a second call makes no second one.

    The caller has locked the session. A dose that is entered again for another time moves the draft's due date.
    """
    first = selectors.devices(session_id=session.pk).first()
    if first is None:
        return None
    due = rules.due_at(first.administered_at)
    record: RemsRecord | None = RemsRecord.objects.select_for_update().filter(session=session).first()
    if record is None:
        return RemsRecord(session=session, due_at=due, monitoring_hcp_id=first.staff_id).save_by(by, at=at)
    if record.state == RemsRecord.State.DRAFT and record.due_at != due:
        trail.settle_tasks(kind=Kind.REMS_RECORD, subject_id=record.pk, by=by, at=at, outcome="dosed anew")
        record.due_at, record.warnings = due, 0
        record.save_by(by, at=at)
    return record


def amend(*, session: Session, by: User, at: datetime) -> None:
    """Have the REMS told of a dose or an event of the session that changed after the form was sent.

    The form stays as it was sent: a row on the worklist asks those who may submit it to send the change. A draft needs
    no such row.
    """
    # the lock first: a form that is being submitted just now does not know the change either
    record: RemsRecord | None = RemsRecord.objects.select_for_update().filter(session=session).first()
    if record is not None and record.state == RemsRecord.State.SUBMITTED:
        trail.open_task(
            kind=Kind.REMS_AMEND,
            location=session.location_id,
            client=session.client_id,
            subject_type="rems_record",
            subject_id=record.pk,
            due_at=at + rules.SUBMIT_WITHIN,
            by=by,
            at=at,
        )


def _lock(record_id: UUID) -> RemsRecord:
    found: RemsRecord = selectors.records().select_for_update(of=("self",)).get(pk=record_id)
    return found


@transaction.atomic
def write(*, record_id: UUID, values: RemsColumns, by: User, at: datetime) -> RemsRecord:
    """Answer questions of the form, some or all; what the record can compute is never taken from anybody.

    :raises NotPermitted: unless `by` is a nurse practitioner or prescriber
    :raises IllegalTransition: once it is submitted
    :raises Invalid: for times in the future or before the first device, a resolution of what did not occur, or a
        provider who does not work there
    """
    record = _lock(record_id)
    transitions.apply(rules.REMS_MOVES, "write", instance=record, by=by, field="state")
    if "monitoring_hcp" in values:
        record.monitoring_hcp = _provider(record, values["monitoring_hcp"])
    merge(_time_errors(record, values, at=at))
    for name, value in values.items():
        if name != "monitoring_hcp":
            setattr(record, name, value)
    merge(
        [
            FieldError(f"/{name}/resolved_at", "not_occurred", "Only what occurred can resolve.")
            for name in EVENTS
            if getattr(record, f"{name}_resolved_at") is not None and not getattr(record, name)
        ]
    )
    return record.save_by(by, at=at)


def _provider(record: RemsRecord, user_id: UUID | None) -> User | None:
    if user_id is None:
        return None
    found = selectors.may_monitor(location_id=record.session.location_id).filter(pk=user_id).first()
    if found is None:
        detail = "There is no such nurse practitioner or prescriber at this location."
        raise Invalid.field("monitoring_hcp", detail, code="not_found")
    return found


def _time_errors(record: RemsRecord, values: RemsColumns, *, at: datetime) -> list[FieldError]:
    first = selectors.first_device_at(session_id=record.session_id)
    found = []
    for name, value in values.items():
        if isinstance(value, datetime):
            field = name.replace("_resolved_at", "/resolved_at")
            found += moment_errors(moment=value, at=at, after=first, field=field)
    return found


@transaction.atomic
def submit(*, record_id: UUID, reference: str, submitted_at: datetime, by: User, at: datetime) -> RemsRecord:
    """Say that the form was sent to the REMS, when and under which reference; the whole form is kept as it was sent.

    :raises NotPermitted: unless `by` is a nurse practitioner or prescriber
    :raises IllegalTransition: the second time
    :raises NotOwed: when no esketamine dose of the session stands
    :raises Invalid: naming each field that the form lacks or contradicts, or a time in the future or before the end
        of the monitoring
    """
    record = _lock(record_id)
    transitions.apply(rules.REMS_MOVES, "submit", instance=record, by=by, field="state")
    if selectors.first_device_at(session_id=record.session_id) is None:
        raise NoFormOwed
    form = selectors.form_of(record)
    merge(rules.missing(form))
    ended = datetime.fromisoformat(form["monitoring_ended_at"])
    if datetime.fromisoformat(form["ready_without_two_hours_at"]) > ended:
        detail = "The client was ready at the end of the monitoring at the latest."
        raise Invalid.field("ready_without_two_hours_at", detail, code="too_late")
    merge(moment_errors(moment=submitted_at, at=at, after=ended, field="submitted_at"))
    record.form, record.reference = form, reference
    record.submitted_at, record.submitted_by = submitted_at, by
    record.save_by(by, at=at)
    trail.settle_tasks(kind=Kind.REMS_RECORD, subject_id=record.pk, by=by, at=at, outcome="submitted")
    return record


def sweep_records(*, at: datetime) -> int:
    """Owe what a lost step left out, and tell of every record that is still owed: on day 3, day 6 and when overdue."""
    return each(_behind(at=at), lambda step: step(at=at))


def _behind(*, at: datetime) -> Iterator[Callable[..., int]]:
    for session_id in selectors.sessions_without_record(at=at):
        yield partial(_owe_late, session_id)
    for session_id in selectors.to_tell(at=at).values_list("session_id", flat=True):
        yield partial(_tell, session_id)


def _lock_session(session_id: UUID) -> Session | None:
    found: Session | None = (
        Session.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=session_id).first()
    )
    return found


@transaction.atomic
def _owe_late(session_id: UUID, *, at: datetime) -> int:
    session = _lock_session(session_id)
    return 0 if session is None else int(owe(session=session, by=SYSTEM, at=at) is not None)


@transaction.atomic
def _tell(session_id: UUID, *, at: datetime) -> int:
    session = _lock_session(session_id)
    if session is None:
        return 0
    record = _lock(RemsRecord.objects.values_list("pk", flat=True).get(session=session))
    if record.state != RemsRecord.State.DRAFT:
        return 0
    if selectors.first_device_at(session_id=session.pk) is None:
        trail.settle_tasks(kind=Kind.REMS_RECORD, subject_id=record.pk, by=SYSTEM, at=at, outcome="not owed")
        record.warnings = 0
        record.save_by(SYSTEM, at=at)
        return 1
    return _warn(record, at=at)


def _warn(record: RemsRecord, *, at: datetime) -> int:
    """Put the record on the worklist, and write to those whom this warning is for."""
    due = rules.warnings_due(due_at=record.due_at, at=at)
    roles = rules.told(due)
    task = trail.open_task(
        kind=Kind.REMS_RECORD,
        roles=roles,
        location=record.session.location_id,
        client=record.session.client_id,
        subject_type="rems_record",
        subject_id=record.pk,
        due_at=record.due_at,
        by=SYSTEM,
        at=at,
    )
    if due <= record.warnings:
        return 1
    if record.warnings:
        trail.escalate_task(task=task, roles=roles, by=SYSTEM, at=at)
    record.warnings = due
    record.save_by(SYSTEM, at=at)
    where = record.session.location_id
    for user in {
        user.pk: user for role in roles for user in staff_with_role(role=role, location=where)
    }.values():
        key = f"rems:{record.pk}:{due}:{user.pk}"
        trail.queue_message(key=key, template="worklist", recipient=user.pk, subject_id=record.pk, at=at)
    return 1
