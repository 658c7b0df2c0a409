"""Doses: what is written before one, the dose itself, and what it owes."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from kapclinic.core import clock
from programs.models import Program
from sessions.booking.models import Session
from sessions.dosing import services as dosing
from sessions.dosing.models import Administration, Order
from sessions.dosing.services import dose_checks
from sessions.integration.models import Obligation
from sessions.monitoring import services as monitoring
from sessions.visits import services as visits
from tests.cast.people import Cast
from tests.cast.screening import cleared_program
from tests.cast.sessions import booked
from tests.replay import taped


@taped
def written_order(cast: Cast, session: Session, **more: Any) -> Order:
    values = {
        "drug": "ketamine",
        "route": session.program.protocol.route,
        "dose_mg": Decimal(100),
        "max_total_mg": Decimal(200),
        "valid_until": max(session.ends_at, clock.now()) + timedelta(days=1),
    }
    return dosing.write_order(session_id=session.pk, values=values | more, by=cast.prescriber, at=clock.now())


def calm() -> dict[str, Any]:
    """Vital signs of a well client, taken at the clock's moment."""
    return {
        "systolic": 122,
        "diastolic": 78,
        "heart_rate": 70,
        "spo2": 98,
        "respiratory_rate": 14,
        "sedation": 5,
        "measured_at": clock.now(),
    }


CHECKED = (15, 30, 45, 60, 90, 119)  # minutes after the dose
STAY = timedelta(minutes=120)
STATED = ("oriented", "walks_unaided", "symptoms_tolerable", "safety_addressed", "instructions_given")
ASKED = ("identifiers", "not_intoxicated", "equipment", "contraindications", "pdmp")  # what clinicians attest


@taped
def ready_dose(
    cast: Cast, program: Program | None = None, *, without: tuple[str, ...] = (), **more: Any
) -> Session:
    """A dosing session at the clock's moment: the client is there, everything is written, nothing is given yet.

    `without` leaves out any of escort, order, vitals, fasting and the attestations ASKED.
    """
    program = program or cleared_program(cast)
    now = clock.now()
    more.setdefault("override_reason", "Written up late")
    session = booked(cast, program, "dosing", more.pop("starts_at", now), **more)
    visits.check_in(session_id=session.pk, by=cast.frontdesk, moment=now, at=now)
    session.refresh_from_db()
    noted: dict[str, Any] = {"attestations": {code: True for code in ASKED if code not in without}}
    if "escort" not in without:
        noted["escort"] = {"name": "Alex Example", "phone": "303-555-0177", "relationship": "friend"}
    if "fasting" not in without:
        noted["fasting_since"] = now - timedelta(hours=8)
    visits.change(session=session, values=noted, by=cast.np, at=now)
    if "order" not in without:
        written_order(cast, session)
    if "vitals" not in without:
        monitoring.record_reading(session=session, values=calm(), dosed_at=None, by=cast.np, at=now)
    return session


@taped
def give(cast: Cast, session: Session, **more: Any) -> Administration:
    """Record a dose of the client's own at the clock's moment."""
    order = Order.objects.filter(session=session).latest("created_at")
    values = {
        "order": order.pk,
        "dose_mg": Decimal(100),
        "supply": "client_prescription",
        "given_by": "staff" if order.route in dose_checks.INJECTED else "self_observed",
        "administered_at": clock.now(),
    }
    return dosing.record_administration(
        session_id=session.pk, values=values | more, witness=None, by=cast.np, at=clock.now()
    )


@taped
def dosed_session(cast: Cast, program: Program | None = None, **more: Any) -> Session:
    """A lozenge at the clock's moment; the reading of the same minute answers the check at minute 0."""
    session = ready_dose(cast, program, **more)
    give(cast, session)
    session.refresh_from_db()
    return session


@taped
def owed(cast: Cast, program: Program | None = None) -> Obligation:
    """What a dose that was given just now owes, still due."""
    return Obligation.objects.get(dosing_session=dosed_session(cast, program))


@taped
def discharged_session(cast: Cast, program: Program | None = None, **more: Any) -> Session:
    """A dose at the clock's moment, calm readings at every check, and home after the minimum stay of two hours."""
    return sent_home(cast, dosed_session(cast, program, **more), dosed_at=clock.now())


@taped
def sent_home(cast: Cast, session: Session, *, dosed_at: datetime) -> Session:
    """Calm readings at every check after a dose, and home two hours after it."""
    for minute in CHECKED:
        with clock.fixed(dosed_at + timedelta(minutes=minute)):
            monitoring.record_reading(
                session=session, values=calm(), dosed_at=dosed_at, by=cast.np, at=clock.now()
            )
    with clock.fixed(dosed_at + STAY):
        dosing.discharge_client(
            session_id=session.pk,
            checklist=dict.fromkeys(STATED, True),
            escort_present=True,
            discharged_at=clock.now(),
            override_reason="",
            by=cast.np,
            at=clock.now(),
        )
    return session


@taped
def completed_dose(cast: Cast, program: Program | None = None, **more: Any) -> Session:
    """A dose at the clock's moment; the client went home, and the visit was ended with that."""
    begun = clock.now()
    return over(cast, discharged_session(cast, program, **more), at=begun + STAY)


@taped
def over(cast: Cast, session: Session, *, at: datetime) -> Session:
    """The nurse ends the visit."""
    with clock.fixed(at):
        return visits.complete(session_id=session.pk, by=cast.np, moment=at, at=at)


@taped
def undosed_session(cast: Cast, program: Program | None = None, **more: Any) -> Session:
    """A client who came for a dose at the clock's moment, and got none."""
    session, now = ready_dose(cast, program, **more), clock.now()
    return visits.end_undosed(
        session_id=session.pk, reason="Blood pressure too high", moment=now, by=cast.np, at=now
    )
