"""Screenings: written as a draft, submitted once, and then weighed by the rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import merge
from kapclinic.practice.models import Actor, User
from programs.models import Program
from screening import rules
from screening.models import Finding, SafetyAlert, Screening
from screening.rules import pressure
from screening.rules.conditions import value_of
from screening.rules.findings import Found
from screening.services.access import require_open, visible_program
from screening.services.alerts import raise_safety_alert
from screening.services.medications import listed_medications
from screening.services.suspensions import hear_screening
from screening.services.weighing import weigh


class WordedAnswer(TypedDict):
    """true, false or "unknown", with a note; `degree` is a severity that the condition offers."""

    value: bool | str
    note: NotRequired[str]
    degree: NotRequired[str]


class MedicineText(TypedDict):
    text: str


class ScreeningChange(TypedDict, total=False):
    """Each field that is sent is whole. `answers` are by the code of their condition."""

    answers: Mapping[str, bool | str | WordedAnswer]
    blood_pressures: list[pressure.BloodPressure]
    medications: list[MedicineText]


class ScreeningDraft(ScreeningChange):
    program: UUID


def _written(screening: Screening, values: ScreeningChange, program: Program, at: datetime) -> None:
    if "blood_pressures" in values:
        readings = values["blood_pressures"]
        merge(pressure.pressure_errors(readings, at=at))
        screening.blood_pressures = pressure.as_stored(readings)
    if "answers" in values:
        screening.answers = values["answers"]
    if "medications" in values:
        screening.medications = values["medications"]


def create_screening(*, values: ScreeningDraft, by: User, at: datetime) -> Screening:
    """Write a draft.

    :raises Invalid: for a program that the actor may not see, or a blood pressure that can't be true
    :raises ProgramNotActive: when the course is over
    """
    program = visible_program(program_id=values["program"], by=by)
    require_open(program)
    screening = Screening(program=program)
    _written(screening, values, program, at)
    return screening.save_by(by, at=at)


def change_screening(*, screening: Screening, values: ScreeningChange, by: User, at: datetime) -> Screening:
    """Change a draft; each field that is sent replaces the one before. The caller has locked the row.

    :raises IllegalTransition: once it is submitted
    :raises Invalid: for a blood pressure that can't be true
    """
    transitions.apply(rules.SCREENING_EDITS, "edit", instance=screening, by=by)
    _written(screening, values, screening.program, at)
    return screening.save_by(by, at=at)


@transaction.atomic
def submit_screening(*, screening_id: UUID, by: User, at: datetime) -> Screening:
    """Close the draft and write its findings; answers, readings and findings then stay as they are.

    The medicines join the client's list, and all that the client takes is weighed. Submitted again before a decision,
    the same answers are weighed anew: the findings of that weighing count, and the earlier ones are kept. Suicidal
    thoughts with intent or plan raise a safety alert (same-day assessment), the first time. What is new and relative or
    worse suspends the client's clearances.

    :raises IllegalTransition: once it is decided
    :raises ProgramNotActive: when the course is over
    """
    locked = Screening.objects.select_for_update(of=("self",)).select_related("program__protocol")
    screening: Screening = locked.select_related("program__client", "program__location").get(pk=screening_id)
    again = screening.status == Screening.Status.SUBMITTED
    transitions.apply(rules.SCREENING_MOVES, "submit", instance=screening, by=by)
    program = screening.program
    require_open(program)
    before = list(screening.findings.filter(weighing=screening.weighing))
    texts = [] if again else [row["text"] for row in screening.medications]
    medicines = listed_medications(client=program.client, texts=texts, by=by, at=at)
    found = weigh(screening, medicines=medicines, at=at)
    screening.submitted_at = at
    screening.weighing += int(again)
    screening.save_by(by, at=at)
    rows = [_written_down(screening, row, by=by, at=at) for row in found]
    if not again:
        hear_ideation(screening=screening, answers=screening.answers, by=by, at=at)
    known = {(row.code, row.severity) for row in before}
    news = [row for row in rows if (row.code, row.severity) not in known]
    hear_screening(screening=screening, found=news, by=by, at=at)
    return screening


def hear_ideation(*, screening: Screening, answers: Mapping[str, object], by: Actor, at: datetime) -> None:
    """Raise the alert of suicidal thoughts with intent or plan, once for a screening: as soon as somebody says so."""
    if value_of(answers.get("PSY_SI")) is not True:
        return
    cause = SafetyAlert.Cause.SCREENING_SI
    if not screening.alerts.filter(cause=cause).exists():
        raise_safety_alert(program=screening.program, cause=cause, screening=screening, by=by, at=at)


def _written_down(screening: Screening, found: Found, *, by: User, at: datetime) -> Finding:
    row: Finding = Finding(
        screening=screening,
        weighing=screening.weighing,
        code=found.code,
        severity=found.severity,
        evidence=found.evidence,
        source=found.source,
        flags=list(found.flags),
        medication_id=found.medication,
    ).save_by(by, at=at)
    return row
