"""What a dose is written beside, behind its locks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kapclinic.core.asking import AtOnce
from kapclinic.core.errors import IllegalTransition
from kapclinic.core.postgresql.scoped import Asks
from kapclinic.practice.models import SessionKind
from kapclinic.trail.sql import ACTS
from programs.models import PhaseSpan
from sessions.booking.models import Session
from sessions.booking.services.holding import hold
from sessions.dosing import selectors
from sessions.dosing.models import Administration, Order
from sessions.integration.selectors import Debt
from sessions.monitoring.services.alarms import Planned


def require_dosing(session: Session) -> None:
    """:raises IllegalTransition: for a session that is not a dosing session"""
    if session.kind != SessionKind.DOSING:
        raise IllegalTransition("This is not a dosing session.", state=session.status)


class Here(NamedTuple):
    """What a dose is written beside, read behind the locks of its program and session (`selectors.for_a_dose`)."""

    session: Session
    left_at: datetime | None  # the discharge
    doses: Sequence[Administration]
    orders: Sequence[Order]
    dosed: frozenset[UUID]  # sessions of the program with a dose
    span: PhaseSpan | None
    owed: Debt
    beside: Planned

    @property
    def begun(self) -> datetime | None:
        return self.doses[0].administered_at if self.doses else None


_asked = AtOnce(selectors.for_a_dose)
_asked_with_key = AtOnce(selectors.for_a_dose, when=ACTS)


def asks_here(session_id: UUID) -> Asks:
    """What `record_administration` asks first behind the locks of a request that took them with its key."""
    return _asked_with_key.asks(session_id=session_id)


def read_here(session_id: UUID, *, locked: bool) -> Here:
    """Lock the program and the session, unless the request has, and read the rest behind the locks.

    :raises IllegalTransition: for a session that is not a dosing session
    """
    if not locked:
        hold(session_id=session_id, with_course=True)
    ask = _asked_with_key if locked else _asked
    (session,), left, doses, orders, dosed, spans, owed, no_slot, *beside = ask(session_id=session_id)
    require_dosing(session)
    for obligation in owed:
        obligation.dosing_session = session  # and so each knows the other
    span = next(iter(spans), None)
    still_owed, watched = Debt(owed, no_slot), Planned.of(*beside)
    return Here(session, next(iter(left), None), doses, orders, frozenset(dosed), span, still_owed, watched)
