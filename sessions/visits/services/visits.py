"""Verbs of a visit: the client comes, the session begins and is over; what is noted of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import FieldError, IllegalTransition, merge
from kapclinic.core.moments import moment_errors
from kapclinic.practice.models import Actor, SessionKind, User
from kapclinic.practice.rules import BOOKERS, CLINICIANS
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from programs import services as programs
from programs.models import Phase, Program
from programs.policy import limit
from sessions.booking import rules
from sessions.booking import services as booking
from sessions.booking.models import Session, Stage
from sessions.booking.rules.days import moves_at
from sessions.booking.rules.said import FOR_THE_START
from sessions.dosing import selectors as dosing
from sessions.dosing import services as doses
from sessions.dosing.models import Discharge
from sessions.dosing.rules.amounts import is_far
from sessions.dosing.rules.attestations import code_errors
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.notes.services.unsigned import ask_for_notes
from sessions.visits.rules import (
    SAID,
    SessionPatch,
    dose_stands_on,
    kilograms,
    stage_fits,
    weight_errors,
)
from sessions.visits.selectors.weights import last_weight
from sessions.visits.services.left_open import settle_left_open
from sessions.waitlist import services as waitlist

S = Session.Status


class NotDischarged(IllegalTransition):
    title = "The client was not discharged"


def lock_session(session_id: UUID) -> Session:
    """The program's row, then the session's: the order of every writer."""
    programs.lock_program(Session.objects.values_list("program_id", flat=True).get(pk=session_id))
    found = Session.objects.select_for_update(of=("self",)).select_related(
        "program__protocol", "location", "room"
    )
    session: Session = found.get(pk=session_id)
    return session


def move(
    name: str, *, session: Session, moment: datetime, override_reason: str, by: User, at: datetime
) -> None:
    """Make a move of the visit, on the session's own day; saves nothing.

    :raises NotToday: / Invalid: as in `booking.services.require_day`
    :raises NotPermitted: / IllegalTransition: as the table of moves says
    """
    booking.require_day(
        session=session,
        moment=moment,
        roles=rules.SESSION_MOVES[name].roles,
        what=f"The move '{name}'",
        override_reason=override_reason,
        by=by,
        at=at,
    )
    transitions.apply(moves_at(session, moment=moment, at=at), name, instance=session, by=by)


@transaction.atomic
def check_in(
    *, session_id: UUID, by: User, moment: datetime, at: datetime, override_reason: str = ""
) -> Session:
    """Note that the client has come. Never refused for want of clearance; readiness tells what is missing.

    :raises NotToday: on another day than the session's: `moves.check_in_now` moves it here
    """
    session = lock_session(session_id)
    move("check_in", session=session, moment=moment, override_reason=override_reason, by=by, at=at)
    session.checked_in_at = moment
    booking.settle_asked(session=session, outcome="here", by=by, at=at, columns=["client_confirmed_at"])
    return session.save_by(by, at=at)


@transaction.atomic
def start(
    *, session_id: UUID, by: User, moment: datetime, at: datetime, override_reason: str = ""
) -> Session:
    """Note that the session has begun.

    :raises NotToday: on another day than the session's
    """
    session = lock_session(session_id)
    move("start", session=session, moment=moment, override_reason=override_reason, by=by, at=at)
    merge(moment_errors(moment=moment, at=at, after=session.checked_in_at))
    session.started_at = moment
    return session.save_by(by, at=at)


@transaction.atomic
def complete(
    *, session_id: UUID, by: User, moment: datetime, at: datetime, override_reason: str = ""
) -> Session:
    """Note that the session took place: preparation may open dosing, an integration settles its obligation.

    :raises NotToday: on another day than the session's
    :raises Invalid: for a time before the session began, or before the last dose or the discharge
    :raises NotDischarged: for a dosing session before the client's discharge
    :raises IllegalTransition: from another state, or for a dosing session without a dose (use not-dosed)
    """
    session = lock_session(session_id)
    move("complete", session=session, moment=moment, override_reason=override_reason, by=by, at=at)
    after = session.started_at or session.checked_in_at
    if session.kind == SessionKind.DOSING:
        _require_discharged(session)
        stayed = dosing.stayed_until(session_id=session.pk)
        after = max((one for one in (after, stayed) if one is not None), default=None)
    merge(moment_errors(moment=moment, at=at, after=after))
    session.completed_at = moment
    session.save_by(by, at=at)
    booking.settle_asked(session=session, outcome="completed", by=by, at=at)
    booking.settle_left(session=session, outcome="completed", by=by, at=at)
    settle_left_open(session=session, by=by, at=at)
    ask_for_notes(session=session, by=by, at=at)
    if session.kind == SessionKind.PREPARATION:
        advance(program=session.program, by=by, moment=moment)
    if session.kind == SessionKind.INTEGRATION:
        integration.settle(session=session, by=by, at=at)
    return session


def _require_discharged(session: Session) -> None:
    if session.outcome != Session.Outcome.DOSED:
        raise IllegalTransition("No dose was given: end the visit by not-dosed.", state=session.status)
    if not Discharge.objects.filter(session=session).exists():
        raise NotDischarged("Discharge the client first.", state=session.status)


def advance(*, program: Program, by: Actor, moment: datetime) -> Program:
    """Let a cleared program go on to dosing once the protocol's preparation is done. The program is locked.

    :raises nothing: a program that is not that far stays where it is
    """
    done = dosing.preparations_done([program.pk]).get(program.pk, 0)
    if program.phase != Phase.PREPARATION or program.status != Program.Status.ACTIVE:
        return program
    if done < program.protocol.min_preparations:
        return program
    return programs.enter_phase(program=program, phase=Phase.DOSING, by=by, at=moment)


@transaction.atomic
def change(*, session: Session, values: SessionPatch, by: User, at: datetime) -> Session:
    """Note escort, the client's place, the video's address, fasting, weight, attestations or the client's confirmation.

    Each attestation that is sent is a row of its own; those that are not sent stay as they are. The session's version
    counts it too: whoever has the session on the screen has to look again.

    :raises IllegalTransition: once the session is over
    :raises Invalid: for an implausible weight, a time in the future, or an attestation that no gate asks for
    :raises IllegalTransition: for what a dose was given on, once it stands: the escort may still change
    :raises NotPermitted: for attestations by somebody who is no clinician, a weight that they read off on video, or
        another one than is noted: they could not read it (R13)
    """
    if values.keys() & {"weight_kg", "weight_lb"} and session.weight_kg is not None:
        transitions.require_role(by, CLINICIANS, what="Changing a weight")
    if values.get("weight_source") == Session.WeightSource.OBSERVED:
        transitions.require_role(by, CLINICIANS, what="Reading a weight off on video")
    if session.status in {S.COMPLETED, S.CANCELLED, S.NO_SHOW}:
        raise IllegalTransition("The session is over.", state=session.status)
    merge(_change_errors(session, values, at=at))
    columns = {name: value for name, value in values.items() if name not in SAID}
    columns |= _weighed(session, values, by=by, at=at) | _escorted(values, at=at)
    if dose_stands_on(session, columns, attested=bool(values.get("attestations"))):
        raise IllegalTransition("A dose was given on this: it stays as it was.", state="dosed")
    if "attestations" in values:
        doses.attest(session=session, said=values["attestations"], by=by, at=at)
    for name, value in columns.items():
        setattr(session, name, value)
    session.save_by(by, at=at)
    _answered(session, columns, by=by, at=at)
    return session


@transaction.atomic
def confirm(*, session: Session, coming: bool, by: Actor, at: datetime) -> Session:
    """Note the client's own word that they come, or that it counts no more. The caller has locked the row.

    :raises IllegalTransition: unless the session is still to come
    """
    if session.status != S.SCHEDULED:
        raise IllegalTransition("The session is not booked any more.", state=session.status)
    session.client_confirmed_at = at if coming else None
    session.save_by(by, at=at)
    _answered(session, {"client_confirmed_at": session.client_confirmed_at}, by=by, at=at)
    return session


# Any: columns of the session by name
def _escorted(values: SessionPatch, *, at: datetime) -> dict[str, Any]:
    """An escort that is sent is confirmed for the present start, also when it is the same one as before."""
    if "escort" not in values:
        return {}
    return {"escort_confirmed_at": None if values["escort"] is None else at}


# Any: columns of the session by name
def _weighed(session: Session, values: SessionPatch, *, by: User, at: datetime) -> dict[str, Any]:
    """What the weight that was sent makes of the session, and a clinician's word for one that is far from the last.

    Anybody else's `confirm_weight` is passed over: they can't read what they would confirm.
    """
    weight = kilograms(values)
    confirmed = bool(values.get("confirm_weight")) and bool(by.role_set & CLINICIANS)
    if weight is None:
        return {"weight_confirmed": True} if confirmed and session.weight_kg is not None else {}
    moment = min(at, session.ends_at)
    percent = limit(session.program.protocol.limits, "weight_change_percent")
    last = last_weight(client_id=session.client_id, before=moment)
    return {
        "weight_kg": weight,
        "weighed_at": moment,
        "weight_source": values.get("weight_source", Session.WeightSource.MEASURED),
        "weight_confirmed": confirmed or last is None or not is_far(weight, last, percent=percent),
    }


# Any: columns of the session by name
def _answered(session: Session, columns: Mapping[str, object], *, by: Actor, at: datetime) -> None:
    """Take the rows off the worklist that ask for what was noted now: the escort's word, and the client's."""
    answered = [name for name in FOR_THE_START if columns.get(name) is not None]
    booking.settle_asked(session=session, outcome="confirmed", by=by, at=at, columns=answered)
    if "client_confirmed_at" not in answered:
        return
    for obligation in Obligation.objects.filter(integration_session=session):
        trail.settle_tasks(
            kind=Kind.INTEGRATION_CONFIRM, subject_id=obligation.pk, by=by, at=at, outcome="confirmed"
        )
    waitlist.settle_confirmation(session=session, outcome="confirmed", by=by, at=at)


@transaction.atomic
def note_stage(
    *, session_id: UUID, stage: str, moment: datetime, by: User, at: datetime, override_reason: str = ""
) -> Stage:
    """Say where the client is during the visit.

    :raises NotToday: on another day than the session's
    :raises IllegalTransition: while the client is not here: before check-in, or once the session is over
    :raises Invalid: for a time in the future
    """
    session = lock_session(session_id)
    booking.require_day(
        session=session,
        moment=moment,
        roles=BOOKERS,
        what="Saying where the client is",
        override_reason=override_reason,
        by=by,
        at=at,
    )
    if not stage_fits(session, stage=stage, moment=moment):
        raise IllegalTransition(f"'{stage}' needs the client to be here.", state=session.status)
    return booking.write_stage(session=session, stage=stage, moment=moment, by=by, at=at)


def _change_errors(session: Session, values: SessionPatch, *, at: datetime) -> list[FieldError]:
    errors = code_errors(values.get("attestations", ()))
    low, high = session.program.protocol.limits["plausible"]["weight_kg"]
    errors += weight_errors(values, plausible=(low, high))
    for field, moment in (
        ("fasting_since", values.get("fasting_since")),
        ("client_confirmed_at", values.get("client_confirmed_at")),
    ):
        if moment is not None:
            errors += moment_errors(moment=moment, at=at, after=None, field=field)
    return errors
