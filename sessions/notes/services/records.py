"""Verbs of a dosing session's own record: append an entry, take one back. They lock no row, so that nobody waits, but
for a meal that the session does not know of.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from kapclinic.core.errors import (
    AlreadyVoid,
    Conflict,
    FieldError,
    IllegalTransition,
    Invalid,
    NotPermitted,
    merge,
)
from kapclinic.core.moments import moment_errors
from kapclinic.practice.models import SessionKind, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import open_task
from programs.policy import limit
from sessions.booking.models import Session
from sessions.booking.rules import CAME
from sessions.booking.services import require_day
from sessions.dosing import selectors as dosing
from sessions.notes import rules
from sessions.notes.models import RecordEntry, RecordEntryVoid
from sessions.notes.rules import records


class AdverseEventStands(Conflict):
    code, title = "adverse_event_recorded", "An adverse event stands on this session"


class EntryVoid(AlreadyVoid):
    title = "This entry was taken back before"


@transaction.atomic
def append_entry(
    *,
    session_id: UUID,
    part: str,
    content: Mapping[str, object],
    observed_at: datetime,
    reason: str,
    by: User,
    at: datetime,
    override_reason: str = "",
) -> RecordEntry:
    """Add to the record what somebody in the session saw or did.

    Open from check-in until the protocol's `record_hours` after the end; later an entry is an addendum and says why. A
    safety concern at check-in is also a row on the worklist of whoever may act on it; until that row is done the client
    is not dosed. A meal that is later than the session's `fasting_since` takes its place, before a dose is given.

    :raises NotPermitted: unless `by` is a therapist, nurse practitioner or prescriber
    :raises NotToday: for a time on another day than the session's
    :raises IllegalTransition: for another kind of session, and before check-in
    :raises Invalid: for fields that the part lacks or needs, a time in the future or before check-in, or an addendum
        without a reason
    :raises AdverseEventStands: for "none observed" beside an adverse event
    """
    session: Session = Session.objects.select_related("program__protocol", "location").get(pk=session_id)
    require_day(
        session=session,
        moment=observed_at,
        roles=rules.ANY_WRITER,
        what="The session's record",
        override_reason=override_reason,
        by=by,
        at=at,
        field="observed_at",
    )
    _require_open(session)
    errors: list[FieldError] = moment_errors(
        moment=observed_at, at=at, after=session.checked_in_at, field="observed_at"
    )
    kept, wrong = records.read_entry(
        part,
        content,
        observed_at=observed_at,
        session_day=session.starts_at,
        zone=session.location.zone,
    )
    merge(errors + wrong)
    addendum = _addendum_reason(session, reason or override_reason, at=at)
    if part == RecordEntry.Part.NONE_OBSERVED and dosing.named_on(session_id=session.pk).exists():
        raise AdverseEventStands
    entry: RecordEntry = RecordEntry(
        session=session,
        part=part,
        content=kept,
        observed_at=observed_at,
        recorded_at=at,
        recorded_by=by,
        reason=addendum,
    ).insert_by(by, at=at)
    if kept.get("safety_concern"):
        _tell_of_concern(session, entry, by=by, at=at)
    if (eaten := kept.get("last_food_at")) is not None:
        _hear_of_meal(session, datetime.fromisoformat(str(eaten)), by=by, at=at)
    return entry


def _addendum_reason(session: Session, reason: str, *, at: datetime) -> str:
    """Why this is an addendum, empty for an ordinary entry.

    :raises Invalid: for an addendum without a reason
    """
    hours = limit(session.program.protocol.limits, "record_hours")
    if not records.is_addendum(ended_at=session.completed_at or session.ends_at, at=at, hours=hours):
        return ""
    if not reason:
        detail = f"The record closed {hours} h after the session: say why."
        raise Invalid.field("reason", detail, code="required")
    return reason


def _require_open(session: Session) -> None:
    """:raises IllegalTransition: when there is no record of this session, or not yet"""
    if session.kind != SessionKind.DOSING:
        raise IllegalTransition("Only a dosing session has this record.", state=session.status)
    if session.status not in CAME:
        raise IllegalTransition("The record begins when the client checks in.", state=session.status)


def _tell_of_concern(session: Session, entry: RecordEntry, *, by: User, at: datetime) -> None:
    minutes = limit(session.program.protocol.limits, "alert_minutes")
    open_task(
        kind=Kind.CHECK_IN_SAFETY_CONCERN,
        location=session.location_id,
        client=session.client_id,
        assignee=session.program.prescriber_id,
        subject_type="record_entry",
        subject_id=entry.pk,
        due_at=at + timedelta(minutes=minutes),
        by=by,
        at=at,
    )


def _hear_of_meal(session: Session, eaten_at: datetime, *, by: User, at: datetime) -> None:
    """The client ate since what was noted for the gates: they count from the later meal. An earlier one clears nothing,
    and what a dose was given on stays.
    """
    if session.fasting_since is None or eaten_at <= session.fasting_since:
        return
    locked: Session = Session.objects.select_for_update(of=("self",)).get(pk=session.pk)
    if locked.outcome or locked.fasting_since is None or eaten_at <= locked.fasting_since:
        return
    locked.fasting_since = eaten_at
    locked.save_by(by, at=at)


@transaction.atomic
def void_entry(*, entry: RecordEntry, reason: str, by: User, at: datetime) -> RecordEntryVoid:
    """Say that one's own entry does not count; its words stay.

    :raises NotPermitted: unless `by` wrote it
    :raises EntryVoid: the second time
    """
    if entry.recorded_by_id != by.pk:
        raise NotPermitted("Only its author takes an entry back.")
    try:
        with transaction.atomic():
            return RecordEntryVoid(entry=entry, reason=reason).insert_by(by, at=at)
    except IntegrityError as exc:
        raise EntryVoid from exc
