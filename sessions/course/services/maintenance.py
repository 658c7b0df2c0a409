"""The verb of maintenance: a course goes on after its doses, at a rhythm of its own."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import FieldError, IllegalTransition, merge
from kapclinic.practice.models import User
from programs import rules as program_rules
from programs import services as programs
from programs.models import Phase, Program
from programs.policy import limit
from sessions.course.services.programs import StillOwed
from sessions.integration.models import Obligation


@transaction.atomic
def maintain(*, program_id: UUID, every_days: int, until: date | None, by: User, at: datetime) -> Program:
    """Enter the maintenance phase, or change its rhythm: a session every so many days, until a day if one is said.

    Nothing is booked: `selectors.maintenance` proposes the sessions. Source: PR8; the fewest
    days are the protocol's `maintenance_min_days`.

    :raises NotPermitted: unless `by` leads a course
    :raises IllegalTransition: from another phase than integration or maintenance, or when the course is not active
    :raises StillOwed: while an integration is due or booked
    :raises Invalid: for a rhythm that is denser than the protocol's, or a day that is over
    """
    program = programs.lock_program(program_id)
    transitions.apply(program_rules.PROGRAM_MOVES, "maintain", instance=program, by=by)
    if program.phase not in program_rules.MAINTAINABLE:
        raise IllegalTransition(f"'maintain' is possible from the integration phase. Now: {program.phase}.")
    merge(_errors(program, every_days=every_days, until=until, at=at))
    waiting = [Obligation.State.DUE, Obligation.State.BOOKED]
    if Obligation.objects.filter(program=program, state__in=waiting).exists():
        raise StillOwed("Complete or waive the integration that is owed.")
    program.maintain_every_days, program.maintain_until = every_days, until
    if program.phase == Phase.MAINTENANCE:
        return program.save_by(by, at=at)
    return programs.enter_phase(program=program, phase=Phase.MAINTENANCE, by=by, at=at)


def _errors(program: Program, *, every_days: int, until: date | None, at: datetime) -> list[FieldError]:
    errors, fewest = [], limit(program.protocol.limits, "maintenance_min_days")
    if every_days < fewest:
        errors.append(FieldError("/every_days", "too_often", f"{fewest:g} days or more are expected."))
    if until is not None and until < at.astimezone(program.location.zone).date():
        errors.append(FieldError("/until", "past", "This day is over."))
    return errors
