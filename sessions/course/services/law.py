"""What the sweep says of the law: the courses that it will stop, rules that end, and rules that nobody looked at."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from kapclinic.practice.models import SYSTEM, Location, Role
from kapclinic.practice.selectors import staff_at
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Task
from programs.rules import legal
from programs.selectors import legal_rules
from sessions.course.selectors.law import all_stopped


@transaction.atomic
def sweep_law(*, at: datetime) -> int:
    """Open and settle the rows of the law; returns how many stand."""
    return _stopped_programs(at=at) + _rules(at=at)


def _stopped_programs(*, at: datetime) -> int:
    found, listed = all_stopped(at=at), _listed(Kind.IN_PERSON_VISIT_DUE)
    for program, day in (row for pk, row in found.items() if pk not in listed):
        trail.open_task(
            kind=Kind.IN_PERSON_VISIT_DUE,
            location=program.location_id,
            client=program.client_id,
            subject_type="program",
            subject_id=program.pk,
            due_at=_midnight(day, program.location.zone),
            by=SYSTEM,
            at=at,
        )
    _settle(Kind.IN_PERSON_VISIT_DUE, listed.difference(found), at=at)
    return len(found)


def _rules(*, at: datetime) -> int:
    """The director's rows. The practice has one law, so each stands once: where its director is."""
    office = _office()
    if office is None:
        return 0
    rules, today = legal_rules(), at.astimezone(office.zone).date()
    ending, old = legal.nearly_over(rules, day=today), legal.unchecked(rules, day=today)
    rows = Task.objects.filter(kind=Kind.LEGAL_RULE_ENDING, subject_id__in=[rule.id for rule in ending])
    told = set(rows.values_list("subject_id", flat=True))
    for rule in ending:
        if rule.id not in told and rule.ends is not None:  # seen to once, it stays away
            _open(Kind.LEGAL_RULE_ENDING, rule, office, due=rule.ends, at=at)
    for rule in old:
        due = rule.checked_on + timedelta(days=legal.CHECK_DAYS)
        _open(Kind.LEGAL_RULE_UNCHECKED, rule, office, due=due, at=at)
    over = {rule.id for rule in rules if rule.over(today)}  # a row of one that ended waits for the director
    _settle_others(Kind.LEGAL_RULE_ENDING, {rule.id for rule in ending} | over, at=at)
    _settle_others(Kind.LEGAL_RULE_UNCHECKED, {rule.id for rule in old}, at=at)
    return len(ending) + len(old)


def _office() -> Location | None:
    places = list(Location.objects.order_by("created_at"))
    directors = staff_at(roles=[Role.MEDICAL_DIRECTOR], locations=[place.pk for place in places])
    directed = [place for place in places if directors[place.pk]]
    return next(iter(directed or places), None)


def _open(kind: Kind, rule: legal.Rule, office: Location, *, due: date, at: datetime) -> None:
    trail.open_task(
        kind=kind,
        location=office.pk,
        subject_type="legal_rule",
        subject_id=rule.id,
        due_at=_midnight(due, office.zone),
        by=SYSTEM,
        at=at,
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def _listed(kind: Kind) -> set[UUID]:
    return set(Task.objects.open().filter(kind=kind).values_list("subject_id", flat=True))


def _settle_others(kind: Kind, standing: Collection[UUID], *, at: datetime) -> None:
    _settle(kind, _listed(kind).difference(standing), at=at)


def _settle(kind: Kind, subjects: Collection[UUID], *, at: datetime) -> None:
    for subject_id in sorted(subjects):
        trail.settle_tasks(kind=kind, subject_id=subject_id, by=SYSTEM, at=at, outcome="no more so")
