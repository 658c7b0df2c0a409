"""A mistaken move of a session is taken back, or its time is put right: a row says what was said before."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core.errors import IllegalTransition, Invalid, NotPermitted
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import Room, SessionKind, User
from kapclinic.practice.rules import BOOKERS
from programs import services as programs
from programs.models import Phase, Program
from programs.rules import LIVE
from sessions.booking import services as booking
from sessions.booking.models import MoveUndo, Session
from sessions.booking.rules import StoredStaff
from sessions.booking.rules.said import UNWEIGHED
from sessions.dosing import selectors as dosing
from sessions.integration.services import held_slots, undoing
from sessions.monitoring import selectors as monitoring
from sessions.notes import selectors as notes
from sessions.visits.rules import MOMENTS, Made, order_errors, undoable_by
from sessions.visits.selectors.made import moves_made
from sessions.visits.services.visits import advance, lock_session
from sessions.waitlist import services as waitlist

M = MoveUndo.Move


@transaction.atomic
def undo(*, session_id: UUID, move: str, reason: str, by: User, at: datetime) -> Session:
    """Take the last move of a session back. What hung on it is judged anew: the phase, what is owed, what is held.

    :raises IllegalTransition: for any move but the last one, or while a dose, a reading or a signed note stands on it
    :raises NotPermitted: unless `by` made it within 24 hours and may still make it, or is the medical director
    A no-show whose people or room are gone since stands without them, and the desk is told.

    :raises ResourceConflict: when the slot of a no-show is taken by now
    """
    require_role(by, BOOKERS, what="Undoing a move")
    session = lock_session(session_id)
    made = moves_made(session)
    if not made or made[-1].move != move:
        last = made[-1].move if made else None
        raise IllegalTransition("Only the last move is undone.", state=session.status, last=last)
    row = made[-1]
    _require_doer(row, by=by, at=at)
    _require_nothing_on_it(session, move)
    _write(row, session, reason=reason, corrected_to=None, by=by, at=at)
    session.status = row.before
    came_at = session.checked_in_at
    setattr(session, MOMENTS[move], None)
    if move == M.CHECK_IN:
        _forget_who_came(session, came_at)
    if move == M.NO_SHOW:
        _stand_again(session, by=by, at=at)
    session.save_by(by, at=at)
    if move == M.NO_SHOW:
        waitlist.note_booking(session=session, by=by, at=at)
        _leave_what_is_gone(session, by=by, at=at)
    if move == M.COMPLETE and session.kind == SessionKind.INTEGRATION:
        undoing.unsettle(session=session, by=by, at=at)
    if move == M.COMPLETE and session.kind == SessionKind.PREPARATION:
        _step_back(session.program, by=by, at=at)
    return session


@transaction.atomic
def correct_time(
    *, session_id: UUID, move: str, moment: datetime, reason: str, by: User, at: datetime
) -> Session:
    """Put right when a move of a session was made; the time that was said before is kept beside it.

    :raises IllegalTransition: for a move that was not made, or was taken back
    :raises NotPermitted: unless `by` made it within 24 hours and may still make it, or is the medical director
    :raises NotToday: / Invalid: for a time of another day, to come, or out of the order of the moves
    """
    require_role(by, BOOKERS, what="Correcting a time")
    session = lock_session(session_id)
    row = next((one for one in moves_made(session) if one.move == move), None)
    if row is None:
        raise IllegalTransition("This move was not made.", state=session.status)
    _require_doer(row, by=by, at=at)
    booking.require_day(
        session=session,
        moment=moment,
        roles=BOOKERS,
        what="Correcting a time",
        override_reason=reason,
        by=by,
        at=at,
        begun=move == M.NO_SHOW,
    )
    lived, stayed = _lived(session, move), dosing.stayed_until(session_id=session.pk)
    errors = order_errors(session, move=move, moment=moment, lived=lived, stayed=stayed)
    if errors:
        raise Invalid(errors[0].detail, errors=errors)
    _write(row, session, reason=reason, corrected_to=moment, by=by, at=at)
    setattr(session, MOMENTS[move], moment)
    session.save_by(by, at=at)
    if session.kind == SessionKind.INTEGRATION and session.status == Session.Status.COMPLETED:
        undoing.judge_again(session=session, by=by, at=at)
    return session


def _require_doer(row: Made, *, by: User, at: datetime) -> None:
    if not undoable_by(row, by=by, at=at):
        raise NotPermitted(
            "Who made the move, and may make it still, takes it back within 24 hours; else the medical director."
        )


def _lived(session: Session, move: str) -> datetime | None:
    """The first dose of the session; of its check-in also the first reading."""
    moments = [dosing.first_dosed_at(session_id=session.pk)]
    if move == M.CHECK_IN:
        readings = monitoring.standing_readings(session_id=session.pk).order_by("measured_at")
        moments.append(readings.values_list("measured_at", flat=True).first())
    return min((one for one in moments if one is not None), default=None)


def _require_nothing_on_it(session: Session, move: str) -> None:
    """:raises IllegalTransition: while a dose, a reading, an alarm or an adverse event says that the client was here,
    or a note is signed on it, which would be of a session that has not begun and would open billing once that is over
    """
    if move in {M.CHECK_IN, M.NO_SHOW} and notes.bears_signature(session_id=session.pk):
        raise IllegalTransition(
            "A note was signed on this: cancel the session, or book another one.", state=session.status
        )
    if move not in {M.CHECK_IN, M.START}:
        return
    if dosing.standing_doses(session_id=session.pk).exists():
        raise IllegalTransition("A dose was given: void it first.", state="dosed")
    if move == M.CHECK_IN and monitoring.standing_readings(session_id=session.pk).exists():
        raise IllegalTransition("Readings were taken: void them first.", state=session.status)
    if move == M.CHECK_IN and (session.alarms.exists() or session.adverse_events.exists()):
        raise IllegalTransition(
            "An alarm or an adverse event says that the client was here.", state=session.status
        )


def _write(
    row: Made, session: Session, *, reason: str, corrected_to: datetime | None, by: User, at: datetime
) -> None:
    MoveUndo(
        session=session,
        move=row.move,
        moment=getattr(session, MOMENTS[row.move]) or row.at,
        done_by=row.by,
        done_at=row.at,
        corrected_to=corrected_to,
        reason=reason,
    ).insert_by(by, at=at)


def _forget_who_came(session: Session, came_at: datetime | None) -> None:
    """It was somebody else, or nobody: when they ate and what they weigh is asked of the client who comes. What was
    attested of them counts no more either (`dosing.selectors.words_of`).
    """
    session.fasting_since = None
    if came_at is not None and session.weighed_at is not None and session.weighed_at >= came_at:
        for name, value in UNWEIGHED.items():
            setattr(session, name, value)


def _stand_again(session: Session, *, by: User, at: datetime) -> None:
    """The client was no no-show: the session holds what it held, and so do its dose's slot and its obligation."""
    session.reason = ""
    if session.kind == SessionKind.DOSING:
        users = [UUID(row["user"]) for row in session.staff]
        rooms = [session.room_id] if session.room_id else []
        held_slots.lock_dose(program=session.program, resources=[session.client_id, *users, *rooms])
    booking.hold_again(session=session, by=by, at=at)
    if session.kind == SessionKind.DOSING and session.program.status in LIVE:
        held_slots.hold_slot(dose=session, program=session.program, by=by, at=at)
    if session.kind == SessionKind.INTEGRATION:
        undoing.stand_again(session=session, by=by, at=at)


def _leave_what_is_gone(session: Session, *, by: User, at: datetime) -> None:
    """Whoever has left the clinic, the location or the role since, and a room that was closed, is not booked again."""
    named = {
        person.pk: person for person in User.objects.filter(pk__in=[row["user"] for row in session.staff])
    }

    def here(row: StoredStaff) -> bool:
        person = named.get(UUID(row["user"]))
        in_place = person is not None and person.is_active and session.location_id in person.locations
        return in_place and person is not None and row["role"] in person.role_set

    staff = [row for row in session.staff if here(row)]
    room = session.room_id
    if room is not None and not Room.objects.filter(pk=room, is_active=True).exists():
        room = None
    if len(staff) < len(session.staff) or room != session.room_id:
        booking.leave_session(session=session, staff=staff, room=room, by=by, at=at)


def _step_back(program: Program, *, by: User, at: datetime) -> None:
    """One preparation less: before the first dose the course goes back to preparation when it is not enough.

    One that is over stays in the phase in which it ended.
    """
    if program.status not in LIVE or program.phase != Phase.DOSING:
        return
    if dosing.doses_given([program.pk]).get(program.pk, 0):
        return
    programs.enter_phase(program=program, phase=Phase.PREPARATION, by=by, at=at)
    advance(program=program, by=by, moment=at)
