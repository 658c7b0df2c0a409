"""The verb of going on in another course: the one before is completed, and what still holds is taken over."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.practice.models import User
from programs import rules as program_rules
from programs import services as programs
from programs.models import Program
from programs.services import ProgramOpening
from screening import services as screening
from screening.services import Carried
from sessions.course.services.programs import open_program


class Continued(NamedTuple):
    program: Program
    carried: Carried


@transaction.atomic
def continue_program(
    *, earlier: Program, protocol: UUID, therapist: UUID | None, reason: str, by: User, at: datetime
) -> Continued:
    """Open the course that continues `earlier`, on another protocol, with all that still holds.

    Client, location, prescriber, diagnosis, pathway and wishes are those of before, and so is the therapist unless one
    is named. A standing clearance and the signatures are carried as far as the new protocol allows
    (`screening.services.carry_leaving_bookings`); preparation and orders are its own (PR7). The `reason` stands on the
    course that ended.

    :raises NotPermitted: unless `by` leads a course
    :raises Invalid: / ProtocolNotApproved: / IllegalTransition: as in `open_program`
    """
    transitions.require_role(by, program_rules.LEADERS, what="Continuing a course")
    values: ProgramOpening = {
        "client": earlier.client_id,
        "protocol": protocol,
        "location": earlier.location_id,
        "therapist": therapist or earlier.therapist_id,
        "prescriber": earlier.prescriber_id,
        "continues": earlier.pk,
        "diagnosis": earlier.diagnosis,
        "goals": earlier.goals,
        "pathway_reason": earlier.pathway_reason,
        "pathway": earlier.pathway,
        "accepted_modalities": earlier.accepted_modalities,
        "preferred_days": earlier.preferred_days,
        "preferred_hours": earlier.preferred_hours,
    }
    opened = open_program(values=values, by=by, at=at)
    ended = programs.lock_program(earlier.pk)
    ended.status_reason = reason
    ended.save_by(by, at=at)
    program = Program.objects.select_related("protocol", "location").get(pk=opened.pk)
    carried = screening.carry_leaving_bookings(earlier=ended, program=program, by=by, at=at)
    return Continued(program, carried)
