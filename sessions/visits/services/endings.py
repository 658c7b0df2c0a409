"""Verbs that end something and set a slot free: each puts the freed slot to use."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core.errors import IllegalTransition, merge
from kapclinic.core.moments import moment_errors
from kapclinic.practice.models import Actor, SessionKind, User
from programs import services as programs
from sessions.booking import rules
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.dosing import services as dosing
from sessions.dosing.models import Administration
from sessions.dosing.selectors import open_draws
from sessions.dosing.services.discharge import OpenDraw
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.integration.services import held_slots
from sessions.visits.services.freed_slots import freed_by, give_away
from sessions.visits.services.left_open import settle_left_open
from sessions.visits.services.visits import lock_session
from sessions.waitlist import services as waitlist
from sessions.waitlist.rules import Freed


@transaction.atomic
def end(
    *,
    session_id: UUID,
    move: str,
    reason: str,
    by: Actor,
    at: datetime,
    offer: bool = True,
    moment: datetime | None = None,
    override_reason: str = "",
) -> Session:
    """Cancel a session or note a no-show, and free what it held, also a dose's slot; an integration is owed again, and
    one that was held for a dose to come is held at another time, or somebody is told.

    What is free then is offered to those who wait, unless the caller does so later. A session may be cancelled on any
    day; that somebody did not come is said on the session's own, from its start on.

    :raises NotToday: for a no-show of another day, or before the start
    :raises IllegalTransition: once a dose was given, or the session is over
    :raises OpenDraw: while the draw of a voided dose is not settled (R7)
    """
    session = lock_session(session_id)
    no_show = move == "no_show"
    if no_show:
        booking.require_day(
            session=session,
            moment=moment or at,
            roles=rules.SESSION_MOVES[move].roles,
            what="The move 'no_show'",
            override_reason=override_reason,
            by=by,
            at=at,
            begun=True,
        )
    if session.outcome == Session.Outcome.DOSED:
        raise IllegalTransition("A dose was given: this session can't be cancelled.", state=session.status)
    if session.kind == SessionKind.DOSING and open_draws(session_id=session.pk):
        raise OpenDraw.of_session()
    if not no_show:
        merge(moment_errors(moment=moment or at, at=at, after=at - rules.LATE_ENTRY))
    freed = freed_by(session)
    booking.end_booking(session=session, move=move, reason=reason, by=by, at=at, moment=moment)
    if session.kind == SessionKind.DOSING:
        integration.free_held_slot(dose=session, by=by, at=at)
    if session.kind == SessionKind.INTEGRATION:
        integration.reopen(session=session, by=by, at=at)
        held_slots.hold_instead(held=session, by=by, at=at)
    settle_left_open(session=session, by=by, at=at)
    waitlist.settle_confirmation(session=session, outcome=session.status, by=by, at=at)
    if offer:
        give_away(freed=freed, by=by, at=at)
    return session


@transaction.atomic
def end_undosed(
    *, session_id: UUID, reason: str, moment: datetime, by: User, at: datetime, override_reason: str = ""
) -> Session:
    """End a visit without a dose, and put the integration slot that was held for it to use.

    :raises IllegalTransition: / Invalid: as in `dosing.services.end_undosed_leaving_slot`
    """
    held = freed_by(Session.objects.get(pk=session_id))[1:]
    session = dosing.end_undosed_leaving_slot(
        session_id=session_id, reason=reason, moment=moment, override_reason=override_reason, by=by, at=at
    )
    settle_left_open(session=session, by=by, at=at)
    give_away(freed=held, by=by, at=at)
    return session


@transaction.atomic
def waive(*, obligation_id: UUID, reason: str, by: User, at: datetime) -> Obligation:
    """Do without the integration of one dose, and put the slot that was held for it to use.

    :raises NotPermitted: / IllegalTransition: as in `integration.services.waive_leaving_slot`
    """
    dose_id = Obligation.objects.values_list("dosing_session_id", flat=True).get(pk=obligation_id)
    before = _integrations_of(dose_id)
    obligation = integration.waive_leaving_slot(obligation_id=obligation_id, reason=reason, by=by, at=at)
    give_away(freed=_let_go(before), by=by, at=at)
    return obligation


@transaction.atomic
def void_administration(*, dose_id: UUID, reason: str, by: User, at: datetime) -> None:
    """Say that a dose was recorded in error, and put the integration that stood in the book for it to use.

    :raises NotPermitted: / AlreadyVoid: as in `dosing.services.void_administration_leaving_slot`
    """
    before = _integrations_of(Administration.objects.values_list("session_id", flat=True).get(pk=dose_id))
    dosing.void_administration_leaving_slot(dose_id=dose_id, reason=reason, by=by, at=at)
    give_away(freed=_let_go(before), by=by, at=at)


def _integrations_of(dosing_session_id: UUID) -> list[UUID]:
    """The integration sessions that are booked or held for a dose; locks its program first."""
    programs.lock_program(Session.objects.values_list("program_id", flat=True).get(pk=dosing_session_id))
    standing = Session.objects.standing().filter(for_dose=dosing_session_id)
    return list(standing.values_list("pk", flat=True))


def _let_go(session_ids: Iterable[UUID]) -> list[Freed]:
    """Those of the sessions that are cancelled by now."""
    gone = Session.objects.filter(pk__in=list(session_ids), status=Session.Status.CANCELLED)
    return [Freed.of(session) for session in gone.order_by("starts_at")]
