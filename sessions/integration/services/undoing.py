"""An integration that was completed or missed in error: what is owed for its dose is judged anew."""

from __future__ import annotations

from datetime import datetime

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict
from kapclinic.practice.models import SYSTEM, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.integration import rules
from sessions.integration.models import Obligation
from sessions.integration.services.obligations import link_booking, reopen

GAVE_WAY = "The session that was missed stands after all."
S = Obligation.State


class BookedElsewhere(Conflict):
    title = "The integration of this dose is booked elsewhere by now"


def unsettle(*, session: Session, by: User, at: datetime) -> Obligation | None:
    """The integration session is not over after all: its obligation waits for it again, if it can still meet it."""
    obligation = _of(session)
    if obligation is None:
        return None
    if obligation.state in {S.MET, S.MET_LATE} and obligation.integration_session_id == session.pk:
        transitions.apply(rules.OBLIGATION_MOVES, "unmeet", instance=obligation, by=by, field="state")
        return obligation.save_by(by, at=at)
    return _link(obligation, session, by=by, at=at)


def stand_again(*, session: Session, by: User, at: datetime) -> Obligation | None:
    """The integration was not missed: its dose's obligation is booked with it again. What the scheduler booked in its
    place gives way.

    :raises BookedElsewhere: when somebody has booked another session for it
    """
    obligation = _of(session)
    if obligation is None:
        return None
    other = obligation.integration_session
    if obligation.state == S.BOOKED and other is not None and other.pk != session.pk:
        replaceable = other.source == Session.Source.SCHEDULER and other.status == Session.Status.SCHEDULED
        if not replaceable:
            raise BookedElsewhere("Cancel that session first.", session=str(other.pk))
        booking.end_booking(session=other, move="cancel", reason=GAVE_WAY, by=SYSTEM, at=at)
        reopen(session=other, by=SYSTEM, at=at)
        obligation.refresh_from_db()
    return _link(obligation, session, by=by, at=at)


def _of(session: Session) -> Obligation | None:
    if session.for_dose_id is None:
        return None
    locked = Obligation.objects.select_for_update(of=("self",)).select_related(
        "program", "integration_session"
    )
    found: Obligation | None = locked.filter(dosing_session=session.for_dose_id).first()
    return found


def _link(obligation: Obligation, session: Session, *, by: User, at: datetime) -> Obligation | None:
    if obligation.state not in {S.DUE, S.MISSED} or session.starts_at < obligation.window_start:
        return None
    trail.settle_tasks(kind=Kind.INTEGRATION_EARLY, subject_id=obligation.pk, by=by, at=at, outcome="undone")
    return link_booking(obligation=obligation, session=session, by=by, at=at)
