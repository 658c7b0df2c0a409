"""Programs of North, as the front desk opens them."""

from __future__ import annotations

from typing import Any

from kapclinic.core import clock
from kapclinic.practice.models import Client, User
from programs import services as programs
from programs.models import Program, Protocol
from sessions.course import services as course
from tests.cast.people import Cast, client
from tests.replay import taped


@taped
def approved_protocol(cast: Cast, **more: Any) -> Protocol:
    values = {"name": "KAP sublingual", "program_type": "kap", "route": "sublingual"} | more
    draft = programs.draft_protocol(values=values, by=cast.director, at=clock.now())
    return programs.approve_protocol(protocol_id=draft.pk, by=cast.director, at=clock.now())


@taped
def opened_program(
    cast: Cast,
    *,
    protocol: Protocol | None = None,
    who: Client | None = None,
    by: User | None = None,
    **more: Any,
) -> Program:
    """A program in its screening phase, at North with the cast's therapist and prescriber."""
    protocol = protocol or approved_protocol(cast)
    values = {
        "client": (who or client(cast.north, by=cast.frontdesk)).pk,
        "protocol": protocol.pk,
        "location": cast.north.pk,
        "therapist": cast.therapist.pk if protocol.program_type == "kap" else None,
        "prescriber": cast.prescriber.pk,
        "diagnosis": "F33.2",
        "accepted_modalities": ["in_person", "video"],
    } | more
    return course.open_program(values=values, by=by or cast.frontdesk, at=clock.now())
