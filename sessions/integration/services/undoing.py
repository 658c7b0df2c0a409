"""An integration that was completed or missed in error: what is owed for its dose is judged anew."""

from __future__ import annotations

from datetime import datetime

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict
from kapclinic.practice.models import SYSTEM, Actor, User
from kapclinic.practice.rules import DIRECTOR
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from programs.rules import earliest_integration
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.booking.rules import CAREGIVERS
from sessions.integration import rules
from sessions.integration.models import Obligation
from sessions.integration.services.obligations import link_booking, reopen, settle

GAVE_WAY = "The session in whose place it was booked stands after all."
S = Obligation.State


class BookedElsewhere(Conflict):
    title = "The integration of this dose is booked elsewhere by now"


def unsettle(*, session: Session, by: Actor, at: datetime) -> Obligation | None:
    """The integration session is not over after all: its obligation waits for it again, if it can still meet it.

    What the scheduler booked in the meantime gives way, but not to one that began too early and stays completed.
    """
    obligation = _of(session)
    if obligation is None:
        return None
    if obligation.state in {S.MET, S.MET_LATE} and obligation.integration_session_id == session.pk:
        transitions.apply(rules.OBLIGATION_MOVES, "unmeet", instance=obligation, by=by, field="state")
        return obligation.save_by(by, at=at)
    if not _can_meet(obligation, session):
        return None
    _give_way(obligation, session, at=at)
    return _link(obligation, session, by=by, at=at)


def judge_again(*, session: Session, by: User, at: datetime) -> None:
    """When a completed integration began was put right. The desk corrects its own check-in: what follows is no word of
    the desk's, so the system says it.
    """
    judge = by if set(by.roles) & (CAREGIVERS | DIRECTOR) else SYSTEM
    unsettle(session=session, by=judge, at=at)
    settle(session=session, by=judge, at=at)


def _can_meet(obligation: Obligation, session: Session) -> bool:
    if session.starts_at < obligation.window_start:
        return False
    if session.status != Session.Status.COMPLETED:
        return True
    began = session.started_at or session.checked_in_at
    earliest = earliest_integration(obligation.program.protocol, window_start=obligation.window_start)
    return began is not None and began >= earliest


def stand_again(*, session: Session, by: User, at: datetime) -> Obligation | None:
    """The integration was not missed: its dose's obligation is booked with it again. What the scheduler booked in its
    place gives way.

    :raises BookedElsewhere: when somebody has booked another session for it
    """
    obligation = _of(session)
    if obligation is None:
        return None
    kept = _give_way(obligation, session, at=at)
    if kept is not None:
        raise BookedElsewhere("Cancel that session first.", session=str(kept.pk))
    return _link(obligation, session, by=by, at=at)


def _give_way(obligation: Obligation, session: Session, *, at: datetime) -> Session | None:
    """Cancel what the scheduler booked in the place of `session`; returns the session that somebody else booked."""
    other = obligation.integration_session
    if obligation.state != S.BOOKED or other is None or other.pk == session.pk:
        return None
    if other.source != Session.Source.SCHEDULER or other.status != Session.Status.SCHEDULED:
        return other
    booking.end_booking(session=other, move="cancel", reason=GAVE_WAY, by=SYSTEM, at=at)
    reopen(session=other, by=SYSTEM, at=at)
    obligation.refresh_from_db()
    return None


def _of(session: Session) -> Obligation | None:
    if session.for_dose_id is None:
        return None
    locked = Obligation.objects.select_for_update(of=("self",)).select_related(
        "program", "integration_session"
    )
    found: Obligation | None = locked.filter(dosing_session=session.for_dose_id).first()
    return found


def _link(obligation: Obligation, session: Session, *, by: Actor, at: datetime) -> Obligation | None:
    if obligation.state not in {S.DUE, S.MISSED} or session.starts_at < obligation.window_start:
        return None
    trail.settle_tasks(kind=Kind.INTEGRATION_EARLY, subject_id=obligation.pk, by=by, at=at, outcome="undone")
    return link_booking(obligation=obligation, session=session, by=by, at=at)
