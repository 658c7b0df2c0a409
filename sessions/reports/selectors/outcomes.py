"""Response and remission by dose: of each course the last total after each dose, against the one before the first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from kapclinic.core.statements import Row
from kapclinic.practice.models import SessionKind
from kapclinic.practice.selectors import LocalDay
from programs.models import Program
from screening.models import Measure
from screening.rules.outcomes import Dose, Total, cuts_of, judge, outcomes_of
from sessions.booking.models import Session
from sessions.dosing.selectors import standing_doses
from sessions.reports import rules
from sessions.reports.rules import Asked
from sessions.reports.selectors import Report

TAKEN_ON = LocalDay(F("taken_at"), F("program__location__time_zone"))


def outcomes(asked: Asked, *, instrument: str) -> Report:
    """The last total of `instrument` after each dose, where it was taken in the period, by the number of the dose.

    Of two totals after one dose the later counts. The baseline may come from the course that this one continues;
    without one a row says nothing and counts in no figure. Incomplete and voided ones are no rows. `totals` are of
    the newest row of each course.
    """
    totalled = Measure.objects.standing().filter(instrument=instrument, total__isnull=False)
    until = totalled.filter(LessThanOrEqual(TAKEN_ON, asked.last))
    courses = _courses(until.filter(GreaterThanOrEqual(TAKEN_ON, asked.first)), places=asked.places)
    taken = _totals(until, courses)
    given = doses_of([course["program"] for course in courses])
    found = [
        row
        for course in courses
        for row in _rows(course, taken, given[course["program"]], instrument=instrument)
        if row["day"] >= asked.first
    ]
    found.sort(key=lambda row: (row["taken_at"], str(row["measure"])), reverse=True)
    newest = {row["program"]: row for row in reversed(found)}
    by_dose = rules.grouped(found, lambda row: row["dose_number"])
    return Report(
        rows=found,
        totals=rules.outcome_figures(list(newest.values())),
        groups=[
            {"dose_number": number} | rules.outcome_figures(by_dose[number]) for number in sorted(by_dose)
        ],
    )


def doses_of(programs: Collection[UUID]) -> Mapping[UUID, Sequence[Dose]]:
    """The doses that stand, by program: the number of the session, and when its first one was given."""
    first = standing_doses(session_id=OuterRef("pk")).values("administered_at")[:1]
    sessions = Session.objects.filter(program__in=programs, kind=SessionKind.DOSING)
    rows = sessions.annotate(dosed_at=Subquery(first)).filter(dosed_at__isnull=False)
    found: dict[UUID, list[Dose]] = defaultdict(list)
    for program, number, dosed_at in rows.order_by("dosed_at").values_list("program", "number", "dosed_at"):
        found[program].append(Dose(number, dosed_at))
    return found


def _courses(within: QuerySet[Measure], *, places: Collection[UUID]) -> list[Row]:
    rows = Program.objects.filter(pk__in=within.values("program"), location__in=places).values(
        "client", "location", "continues", program=F("pk"), mrn=F("client__mrn"),
        zone=F("location__time_zone"), limits=F("protocol__limits"),
    )  # fmt: skip
    return [dict(row) for row in rows]


def _totals(until: QuerySet[Measure], courses: Sequence[Row]) -> Mapping[UUID, Sequence[Total]]:
    """By program, in order of time; also of the programs that these continue."""
    programs = {course[name] for course in courses for name in ("program", "continues")}
    rows = until.filter(program__in=programs - {None}).order_by("taken_at", "created_at", "pk")
    found: dict[UUID, list[Total]] = defaultdict(list)
    for program, pk, taken_at, total in rows.values_list("program", "pk", "taken_at", "total"):
        found[program].append(Total(pk, taken_at, total or 0))
    return found


def _rows(
    course: Row, taken: Mapping[UUID, Sequence[Total]], given: Sequence[Dose], *, instrument: str
) -> Iterator[Row]:
    """One row for each dose of the course after which there is a total."""
    zone, cuts = ZoneInfo(course["zone"]), cuts_of(instrument, course["limits"])
    own = taken.get(course["program"], ())
    before = taken.get(course["continues"], ()) if course["continues"] else ()
    told = outcomes_of(sorted([*before, *own], key=lambda row: row.taken_at), given, cuts=cuts, zone=zone)
    baseline = told.baseline.total if told.baseline else None
    mine = {row.measure for row in own}
    last = {point.dose_number: point for point in told.points if point.dose_number and point.measure in mine}
    dosed = {dose.number: dose.at for dose in given}
    for number, point in last.items():
        verdict = judge(point.total, baseline=baseline, cuts=cuts)
        yield {
            **{name: course[name] for name in ("client", "mrn", "location", "program")},
            "day": point.taken_at.astimezone(zone).date(),
            "measure": point.measure,
            "taken_at": point.taken_at,
            "dose_number": number,
            "total": point.total,
            "baseline": baseline,
            "hours": rules.hours(dosed[number], point.taken_at),
            **{name: getattr(verdict, name) for name in rules.VERDICTS},
        }
