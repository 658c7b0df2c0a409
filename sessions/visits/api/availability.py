"""Free starts over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.errors import Invalid
from kapclinic.core.http.params import Param
from kapclinic.core.http.renderers import Told
from kapclinic.core.moments import begin_of
from kapclinic.practice.models import SessionKind
from kapclinic.practice.rules import BOOKERS
from kapclinic.trail.http import ClinicViewSet
from programs.models import Modality, Program
from programs.selectors import programs_with_relations
from sessions.booking.rules import LONGEST, Slot
from sessions.booking.selectors.availability import free_slots
from sessions.visits.api import availability_bodies

SPAN = timedelta(days=14)
WIDEST = timedelta(days=93)
PARTS = {"morning": (time(0), time(12)), "afternoon": (time(12), time(17)), "evening": (time(17), time.max)}
FILTERS = (
    Param("kind", choices=tuple(SessionKind.values), required=True),
    Param("program", "uuid", required=True, doc="its therapist and prescriber come first"),
    Param("from", "moment", doc="a time with offset, or a date; a past one is taken as now"),
    Param("to", "moment", doc="a time with offset, or a date (inclusive); 14 days on unless given"),
    Param(
        "modality", choices=tuple(Modality.values), doc="in person unless given, or what the client accepts"
    ),
    Param("room", "uuid"),
    Param("staff", "uuid", doc="only slots with this staff member"),
    Param("duration", "minutes", doc="minutes, in place of the protocol's length"),
    Param("earliest", "clock", doc="no start before this local time, e.g. 09:00"),
    Param("latest", "clock", doc="no start after this local time"),
    Param("part_of_day", choices=tuple(PARTS)),
)


class AvailabilityViewSet(ClinicViewSet):
    """Each result plus `program` and `kind` is a valid booking; `next/` answers the first few."""

    object_type = "availability"
    roles: ClassVar = {"list": BOOKERS, "next": BOOKERS}
    output = availability_bodies.SlotOut
    outputs: ClassVar = {"next": availability_bodies.NextOut}
    filters = FILTERS
    params: ClassVar = {"next": (*FILTERS, Param("count", "minutes", doc="how many, 10 unless given"))}

    def list(self, request: Request) -> Response:
        slots = self._slots(self.query())
        page = self.paginate_queryset(slots) or []
        return self.get_paginated_response([slot.as_dict() for slot in page])

    def next(self, request: Request) -> Response:
        query = self.query()
        slots = self._slots(query)[: min(query.get("count", 10), 100)]
        return Told({"results": [slot.as_dict() for slot in slots]})

    def _slots(self, query: dict[str, Any]) -> Sequence[Slot]:
        found = programs_with_relations().filter(location__in=list(self.user.locations))
        program: Program | None = found.filter(pk=query["program"]).first()
        if program is None:
            raise Http404
        if timedelta(minutes=query.get("duration", 0)) > LONGEST:
            raise Invalid.field("duration", "A session lasts 12 hours at most.", code="too_long")
        start, before = self._range(query, program)
        modality = query.get("modality") or _usual(program, query["kind"])
        if not _bookable(program, query["kind"], modality):
            return []
        slots = free_slots(
            program=program,
            at=self.at,
            kind=query["kind"],
            modality=modality,
            start=start,
            before=before,
            length_min=query.get("duration"),
            room=query.get("room"),
            someone=query.get("staff"),
        )
        return [slot for slot in slots if _at_that_time(slot, query, program)]

    def _range(self, query: dict[str, Any], program: Program) -> tuple[datetime, datetime]:
        zone = program.location.zone
        asked = begin_of(query.get("from", self.at), zone)
        start = max(asked, self.at)
        before = begin_of(query.get("to", start + SPAN), zone, days=1)
        if "from" in query and before <= asked:
            raise Invalid.field("to", "The end comes after the start.", code="reversed")
        if before - start > WIDEST:
            raise Invalid.field("to", "93 days at a time at most.", code="too_wide")
        return start, before


def _usual(program: Program, kind: str) -> str:
    """In person where the client comes at all; a dose is at home only where the protocol allows it."""
    accepted = program.accepted_modalities
    on_site = kind == SessionKind.DOSING and not program.protocol.home_dosing
    in_person = on_site or not accepted or Modality.IN_PERSON in accepted
    return str(Modality.IN_PERSON if in_person else accepted[0])


def _bookable(program: Program, kind: str, modality: str) -> bool:
    """Would a booking be refused whatever the time: a dose at home that the protocol forbids, a course on hold?"""
    at_home = kind == SessionKind.DOSING and modality == Modality.VIDEO
    if at_home and not program.protocol.home_dosing:
        return False
    return kind == SessionKind.INTEGRATION or program.status == Program.Status.ACTIVE


def _at_that_time(slot: Slot, query: dict[str, Any], program: Program) -> bool:
    local = slot.starts_at.astimezone(program.location.zone).time()
    first, last = PARTS.get(query.get("part_of_day", ""), (time.min, time.max))
    return first <= local < last and query.get("earliest", time.min) <= local <= query.get("latest", time.max)
