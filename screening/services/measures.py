"""Measures: instruments as they were answered, scored once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core import writing
from kapclinic.core.errors import AlreadyVoid, FieldError, NotPermitted, merge
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import Actor, User
from kapclinic.practice.rules import CLINICIANS, PRESCRIBER
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from programs import policy
from programs.models import Program
from screening.models import Measure, MeasureVoid, SafetyAlert, SuspendingCode
from screening.rules import instruments
from screening.rules.pressure import CLOCK_SKEW
from screening.services.alerts import raise_safety_alert
from screening.services.courses import Asked, Course
from screening.services.releases import end_incomplete
from screening.services.screeners import ask_for_screener, hear_screener
from screening.services.suspensions import suspend


class Answered(TypedDict):
    """One filling-in of an instrument: an item that was not answered is null, yes and no are 1 and 0.

    In place of `answers` there may be a `total`, with `item_alert` where an item asks about wanting to die.
    """

    program: UUID
    instrument: str
    answers: NotRequired[Sequence[int | None]]
    total: NotRequired[int]
    item_alert: NotRequired[bool | None]
    taken_at: datetime
    administered_by: str
    form: NotRequired[str]
    threshold: NotRequired[int | None]
    language: str


def _refuse_wrong(values: Answered, at: datetime) -> None:
    key = values["instrument"]
    errors = _told_errors(values)
    if values["taken_at"] > at + CLOCK_SKEW:
        errors.append(FieldError("/taken_at", "future", "This time is still to come."))
    forms = instruments.forms_of(key)
    if values.get("form") and values["form"] not in forms:
        errors.append(FieldError("/form", "invalid", f"One of {', '.join(forms)} is expected."))
    if values.get("threshold") is not None and key != "audit_c":
        errors.append(FieldError("/threshold", "invalid", "Only AUDIT-C takes a threshold."))
    merge(errors)


def _told_errors(values: Answered) -> list[FieldError]:
    """Either all answers, or the total that they make."""
    key, answers, total = values["instrument"], values.get("answers"), values.get("total")
    item_alert = values.get("item_alert")
    if answers is None and total is None:
        return [FieldError("/answers", "required", "Answers are expected, or a total where that is enough.")]
    if answers is None and total is not None:
        return instruments.total_errors(key, total, item_alert=item_alert)
    errors = instruments.answer_errors(key, answers or ())
    if total is not None:
        errors.append(FieldError("/total", "invalid", "The total is reckoned from the answers."))
    if item_alert is not None:
        errors.append(FieldError("/item_alert", "invalid", "The answers say it."))
    return errors


def _scored(values: Answered, program: Program, course: Course) -> instruments.Score:
    key, total = values["instrument"], values.get("total")
    limits = program.protocol.limits
    if total is not None:
        return instruments.score_total(key, total, item_alert=values.get("item_alert"), limits=limits)
    return instruments.score(
        key,
        _as_kept(values),
        limits=limits,
        form=_form(values),
        threshold=values.get("threshold"),
        sex=program.client.administrative_sex,
        before=course.total_before(program, instrument=key, moment=values["taken_at"]),
    )


def _form(values: Answered) -> str:
    return values.get("form") or instruments.forms_of(values["instrument"])[0]


def _as_kept(values: Answered) -> list[int | None]:
    return [None if value is None else int(value) for value in values.get("answers", ())]


@writing.joining
def record_measure(*, values: Answered, by: Actor, at: datetime, course: Course | None = None) -> Measure:
    """Score and keep one filling-in; an answer that points at danger raises a safety alert in the same transaction.

    A C-SSRS of the tier high also suspends the client's clearances, from when it was taken. An answer about wanting to
    die asks for a C-SSRS of its day, and a C-SSRS answers what asked for one. `course` knows what it is compared
    with: `Read`, where many are recorded one after another.

    :raises Invalid: for a program that the actor may not see, answers that the instrument does not have, a future time,
        a total of an instrument that is scored here
    """
    course = Asked(by) if course is None else course
    program = course.program(values["program"])
    _refuse_wrong(values, at)
    result = _scored(values, program, course)
    measure = Measure(
        program=program,
        instrument=values["instrument"],
        form=_form(values),
        answers=_as_kept(values),
        item_alert=values.get("item_alert"),
        total=result.total,
        band=result.band,
        flags=list(result.flags),
        threshold=result.threshold,
        language=values["language"],
        administered_by=values["administered_by"],
        taken_at=values["taken_at"],
    ).insert_by(by, at=at)
    course.add(measure)
    for cause in result.causes:
        raise_safety_alert(program=program, cause=cause, measure=measure, by=by, at=at)
    _hear(measure, result.causes, course=course, by=by, at=at)
    return measure


def _hear(measure: Measure, causes: Collection[str], *, course: Course, by: Actor, at: datetime) -> None:
    """Let the worklist, the alerts that wait for this measure and the client's clearances hear of it."""
    if policy.suicide_causes() & set(causes):
        ask_for_screener(measure=measure, by=by, at=at)
    hear_screener(measure=measure, by=by, at=at)
    _compare_next(measure, course=course, by=by, at=at)
    if SafetyAlert.Cause.CSSRS_HIGH in causes:
        suspend(
            client_id=measure.program.client_id,
            code=SuspendingCode.CSSRS_HIGH,
            subject_type="measure",
            subject_id=measure.pk,
            moment=measure.taken_at,
            by=by,
            at=at,
        )


def _compare_next(measure: Measure, *, course: Course, by: Actor, at: datetime) -> None:
    """One that is written down late, or voided, may show that the client's last one was worse than was known."""
    last = course.only_later(measure)
    if last is None:
        return
    before = course.total_before(last.program, instrument=last.instrument, moment=last.taken_at)
    limits = last.program.protocol.limits
    worse = instruments.is_worse(last.instrument, total=last.total, before=before, limits=limits)
    cause = SafetyAlert.Cause.PHQ9_WORSENING
    if worse and not last.alerts.filter(cause=cause).exists():
        raise_safety_alert(program=last.program, cause=cause, measure=last, by=by, at=at)


@transaction.atomic
def void_measure(*, measure_id: UUID, reason: str, by: User, at: datetime) -> Measure:
    """Say that a filling-in was recorded in error: from now on nothing is judged by it.

    Its alerts stay, and so does what it suspended: somebody who may be in danger is answered by a clinician, not by a
    void. The one after it is compared with the one before it.

    :raises NotPermitted: unless `by` recorded it or is a prescriber
    :raises AlreadyVoid: the second time
    """
    require_role(by, CLINICIANS, what="Voiding a measure")
    measure: Measure = Measure.objects.get(pk=measure_id)
    if measure.created_by != by.pk and not by.role_set & PRESCRIBER:
        raise NotPermitted("Who recorded it or a prescriber voids a measure.")
    if MeasureVoid.objects.filter(measure=measure).exists():
        raise AlreadyVoid
    MeasureVoid(measure=measure, reason=reason).insert_by(by, at=at)
    trail.settle_tasks(kind=Kind.CSSRS_TODAY, subject_id=measure.pk, by=by, at=at, outcome="measure voided")
    _compare_next(measure, course=Asked(by), by=by, at=at)
    end_incomplete(client_id=measure.program.client_id, by=by, at=at)  # another complete one may say the same
    return measure
