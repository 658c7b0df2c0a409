"""Clearances: what a prescriber decides on a submitted screening, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, FieldError, merge
from kapclinic.practice.models import User
from programs import services as programs
from programs.models import Phase, Program
from programs.policy import limit
from programs.rules import first_phase_after_clearance
from screening import rules
from screening.models import Clearance, Finding, Screening
from screening.rules.findings import NEEDS_WORDS
from screening.services.access import require_open
from screening.services.medications import review_medication
from screening.signals import clearance_decided, clearance_voided


class Resolution(TypedDict):
    """What a prescriber says to one finding."""

    finding: UUID
    resolution: str


class AbsoluteFinding(Conflict):
    code, title = "absolute_finding", "An absolute finding can't be cleared"


@transaction.atomic
def decide_screening(
    *,
    screening_id: UUID,
    decision: str,
    rationale: str,
    resolutions: Sequence[Resolution],
    by: User,
    at: datetime,
) -> Screening:
    """Decide as any prescriber of the location. Announces clearance_decided.

    `cleared` makes a clearance that lasts the protocol's `clearance_days` and leaves the screening phase; `declined`
    discontinues the course; `deferred` changes nothing else, and a new screening may follow.

    :raises NotPermitted: unless `by` is a prescriber
    :raises IllegalTransition: unless the screening is submitted
    :raises AbsoluteFinding: for `cleared` over an absolute finding, whatever was written about it
    :raises Invalid: naming /resolutions, for a finding of another screening, or one that still needs words to clear
    """
    program = programs.lock_program(
        Screening.objects.values_list("program_id", flat=True).get(pk=screening_id)
    )
    screening: Screening = Screening.objects.select_for_update().get(pk=screening_id)
    transitions.apply(rules.SCREENING_MOVES, "decide", instance=screening, by=by)
    require_open(program)
    findings = list(screening.findings.select_for_update().order_by("created_at", "id"))
    if decision == Clearance.Decision.CLEARED:
        _refuse_absolute(findings)
    _resolve(findings, resolutions, needed=decision == Clearance.Decision.CLEARED, by=by, at=at)
    screening.decided_at = at
    screening.save_by(by, at=at)
    clearance = Clearance(
        program=program,
        screening=screening,
        decision=decision,
        rationale=rationale,
        decided_by=by,
        valid_from=at,
        expires_on=_expires_on(program, at) if decision == Clearance.Decision.CLEARED else None,
    ).save_by(by, at=at)
    _move_program(program, decision, by=by, at=at)
    clearance_decided.send(Clearance, program_id=program.pk, clearance_id=clearance.pk, decision=decision)
    return screening


def _refuse_absolute(findings: Sequence[Finding]) -> None:
    codes = [finding.code for finding in findings if finding.severity == Finding.Severity.ABSOLUTE]
    if codes:
        raise AbsoluteFinding(
            f"Absolute: {', '.join(codes)}. Decline or defer, or screen anew.", findings=codes
        )


def _resolve(
    findings: Sequence[Finding],
    resolutions: Sequence[Resolution],
    *,
    needed: bool,
    by: User,
    at: datetime,
) -> None:
    by_id = {finding.pk: finding for finding in findings}
    errors = []
    seen: set[UUID] = set()
    for index, row in enumerate(resolutions):
        where = f"/resolutions/{index}/finding"
        if row["finding"] not in by_id:
            errors.append(FieldError(where, "not_found", "This screening has no such finding."))
        elif row["finding"] in seen:
            errors.append(FieldError(where, "repeated", "Resolve a finding once."))
        seen.add(row["finding"])
    if needed:
        errors += [
            FieldError(
                "/resolutions",
                "resolution_required",
                f"{f.code} ({f.severity}) needs words to be cleared: {f.pk}.",
            )
            for f in findings
            if f.severity in NEEDS_WORDS and f.pk not in seen
        ]
    merge(errors)
    for row in resolutions:
        finding = by_id[row["finding"]]
        finding.resolution, finding.resolved_by, finding.resolved_at = row["resolution"], by, at
        finding.save_by(by, at=at)
        if finding.medication_id is not None:
            review_medication(medication_id=finding.medication_id, review=row["resolution"], by=by, at=at)


def _expires_on(program: Program, at: datetime) -> date:
    local = at.astimezone(program.location.zone).date()
    return local + timedelta(days=limit(program.protocol.limits, "clearance_days"))


def _move_program(program: Program, decision: str, *, by: User, at: datetime) -> None:
    if decision == Clearance.Decision.DECLINED:
        programs.discontinue_declined(program_id=program.pk, by=by, at=at)
    elif decision == Clearance.Decision.CLEARED and program.phase == Phase.SCREENING:
        phase = first_phase_after_clearance(program.protocol, preparations_done=0)
        programs.enter_phase(program=program, phase=phase, by=by, at=at)


@transaction.atomic
def void_clearance(*, clearance_id: UUID, reason: str, by: User, at: datetime) -> Clearance:
    """Take a decision back: from now on no dose may rely on it. Announces clearance_voided.

    :raises NotPermitted: unless `by` is a prescriber or the medical director
    :raises IllegalTransition: when it is voided already
    """
    locked = Clearance.objects.select_for_update(of=("self",)).select_related("program")
    clearance: Clearance = locked.get(pk=clearance_id)
    transitions.apply(rules.CLEARANCE_MOVES, "void", instance=clearance, by=by, field="state")
    clearance.voided_at, clearance.voided_by, clearance.void_reason = at, by, reason
    clearance.save_by(by, at=at)
    clearance_voided.send(Clearance, program_id=clearance.program_id, clearance_id=clearance.pk)
    return clearance
