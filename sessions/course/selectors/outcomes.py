"""What a program's measures say: which are due around its doses, and whether the client gets better."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypedDict

from django.db.models import OuterRef, QuerySet, Subquery

from kapclinic.practice.models import SessionKind
from programs.models import Program
from programs.policy import limit
from screening.models import Measure
from screening.rules.outcomes import (
    Dose,
    Due,
    Outcome,
    Taken,
    Total,
    Wanted,
    cuts_of,
    measures_due,
    outcomes_of,
)
from sessions.booking.models import Session
from sessions.dosing.selectors import standing_doses

S = Session.Status
AHEAD = frozenset({S.SCHEDULED, S.CHECKED_IN, S.IN_PROGRESS})


def outcomes(program: Program, *, instrument: str) -> Outcome:
    """The totals of the program on the axis of its doses, with the one of the course before it that is the baseline.

    Incomplete and voided ones are no points.
    """
    given = [Dose(row["number"], row["dosed_at"]) for row in _dosing_sessions(program) if row["dosed_at"]]
    rows = _measures(program).filter(instrument=instrument, total__isnull=False)
    totals, own = [], set()
    for row in rows:
        totals.append(Total(row.pk, row.taken_at, row.total or 0, row.band))
        own |= {row.pk} if row.program_id == program.pk else set()
    cuts = cuts_of(instrument, program.protocol.limits)
    told = outcomes_of(totals, given, cuts=cuts, zone=program.location.zone)
    own |= {told.baseline.measure} if told.baseline else set()
    points = tuple(point for point in told.points if point.measure in own)
    return Outcome(told.baseline, points, told.verdict)


def dues(program: Program, *, at: datetime) -> list[Due]:
    """What the protocol asks for around each dose of the program, given or booked, and how it stands at `at`."""
    doses = [
        Dose(row["number"], row["dosed_at"] or row["starts_at"])
        for row in _dosing_sessions(program)
        if row["dosed_at"] or row["status"] in AHEAD
    ]
    wanted = [Wanted(row["instrument"], tuple(row["offsets_days"])) for row in program.protocol.measures]
    rows = _measures(program).exclude(flags__contains=["incomplete"])
    complete = rows.filter(instrument__in=[row.instrument for row in wanted])
    return measures_due(
        wanted,
        doses,
        [Taken(row.pk, row.instrument, row.taken_at) for row in complete],
        zone=program.location.zone,
        keep=timedelta(days=limit(program.protocol.limits, "instrument_days")),
        over=program.status == Program.Status.DISCONTINUED,
        at=at,
    )


class DosingSession(TypedDict):
    number: int
    status: str
    starts_at: datetime
    dosed_at: datetime | None


def _dosing_sessions(program: Program) -> list[DosingSession]:
    """The dosing sessions of the program, each with when its first standing dose was given, if it was."""
    first = standing_doses(session_id=OuterRef("pk")).values("administered_at")[:1]
    rows = Session.objects.filter(program=program, kind=SessionKind.DOSING).annotate(dosed_at=Subquery(first))
    return list(rows.values("number", "status", "starts_at", "dosed_at"))


def _measures(program: Program) -> QuerySet[Measure]:
    """Standing measures of the program and of the one that it continues, in order of time."""
    courses = [pk for pk in (program.pk, program.continues_id) if pk is not None]
    rows: QuerySet[Measure] = Measure.objects.standing().filter(program_id__in=courses)
    return rows.order_by("taken_at", "created_at", "pk")
