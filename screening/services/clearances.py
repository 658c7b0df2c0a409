"""Clearances: what a prescriber decides on a submitted screening, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypedDict
from uuid import UUID

from django.db import transaction
from django.db.models import F

from kapclinic.core import scope, transitions
from kapclinic.core.errors import Conflict, FieldError, merge
from kapclinic.practice.models import User
from programs import services as programs
from programs.models import Phase, Program
from programs.policy import limit
from programs.rules import first_phase_after_clearance
from screening import rules, selectors
from screening.models import Clearance, Finding, Medication, Screening, Suspension, Uphold
from screening.rules import allergies
from screening.rules.findings import NEEDS_WORDS, Found
from screening.rules.medicines import medicine_findings
from screening.selectors.allergies import standing_allergies
from screening.services import clearance_rows
from screening.services.access import lock_client, require_open
from screening.services.medications import review_medication
from screening.services.suspensions import hear_what_came_before
from screening.services.weighing import not_weighed
from screening.signals import clearance_decided, clearance_upheld, clearance_voided


class Resolution(TypedDict):
    """What a prescriber says to one finding."""

    finding: UUID
    resolution: str


class Answer(TypedDict):
    """What a prescriber says to one reason for which a clearance is suspended."""

    reason: UUID
    resolution: str


class ScreeningOutdated(Conflict):
    code, title = "screening_outdated", "Something came after this screening was submitted"


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
    discontinues the course; `deferred` changes nothing else, and a new screening may follow. What was told of the
    client, nobody answered, and this screening does not weigh itself, suspends the clearance at once.

    :raises NotPermitted: unless `by` is a prescriber
    :raises IllegalTransition: unless the screening is submitted
    :raises AbsoluteFinding: for `cleared` over an absolute finding, whatever was written about it
    :raises ScreeningOutdated: for `cleared` while a weighing finds what the submission did not: submit again
    :raises Invalid: naming /resolutions, for a finding of another screening, or one that still needs words to clear
    """
    program = programs.lock_program(
        Screening.objects.values_list("program_id", flat=True).get(pk=screening_id)
    )
    locked = Screening.objects.select_for_update(of=("self",))
    screening: Screening = locked.select_related("program__client", "program__location").get(pk=screening_id)
    transitions.apply(rules.SCREENING_MOVES, "decide", instance=screening, by=by)
    require_open(program)
    weighed = screening.findings.filter(weighing=screening.weighing)
    findings = list(weighed.select_for_update(of=("self",)).order_by("created_at", "id"))
    lock_client(program.client_id)
    cleared = decision == Clearance.Decision.CLEARED
    if cleared:
        _refuse_absolute(findings)
        _refuse_outdated(screening, findings, at)
    _resolve(findings, resolutions, needed=cleared, by=by, at=at)
    screening.decided_at = at
    screening.save_by(by, at=at)
    clearance = Clearance(
        program=program,
        screening=screening,
        decision=decision,
        rationale=rationale,
        decided_by=by,
        valid_from=at,
        expires_on=_expires_on(program, at) if cleared else None,
    ).save_by(by, at=at)
    if cleared:
        clearance_rows.settle_earlier(clearance, by=by, at=at)
        hear_what_came_before(clearance=clearance, by=by, at=at)
    _move_program(program, decision, by=by, at=at)
    clearance_decided.send(Clearance, program_id=program.pk, clearance_id=clearance.pk, decision=decision)
    return screening


def _refuse_absolute(findings: Sequence[Finding | Found]) -> None:
    codes = [finding.code for finding in findings if finding.severity == Finding.Severity.ABSOLUTE]
    if codes:
        raise AbsoluteFinding(
            f"Absolute: {', '.join(codes)}. Decline or defer, or screen anew.", findings=codes
        )


def _refuse_outdated(screening: Screening, findings: Sequence[Finding], at: datetime) -> None:
    changes = not_weighed(screening, before=findings, at=at)
    if changes:
        codes = ", ".join(sorted({row["code"] for row in changes}))
        raise ScreeningOutdated(f"New since it was submitted: {codes}. Submit it again.", changes=changes)


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
    """Take a decision back: from now on no dose may rely on it, also not in a course that took it over.

    Announces clearance_voided for each course.

    :raises NotPermitted: unless `by` is a prescriber or the medical director
    :raises IllegalTransition: when it is voided already
    """
    clearance = _moved("void", clearance_id, by=by, at=at)
    _void(clearance, reason=reason, by=by, at=at)
    with scope.crossing():  # the course that goes on may be another location's
        for copy in _taken_over(clearance):
            _void(copy, reason=reason, by=by, at=at)
    return clearance


def _taken_over(clearance: Clearance) -> Iterator[Clearance]:
    """Where it stands in the courses that continued this one, each locked when its turn comes."""
    copies = Clearance.objects.select_for_update(of=("self",), no_key=True).filter(
        screening__carried_from=clearance.screening_id, voided_at__isnull=True
    )
    for copy in copies.order_by("pk"):
        yield copy
        yield from _taken_over(copy)


def _void(clearance: Clearance, *, reason: str, by: User, at: datetime) -> None:
    clearance.voided_at, clearance.voided_by, clearance.void_reason = at, by, reason
    clearance.save_by(by, at=at)
    clearance_rows.settle_ended(clearance.pk, by=by, at=at, outcome="voided")
    clearance_voided.send(Clearance, program_id=clearance.program_id, clearance_id=clearance.pk)


def _moved(move: str, clearance_id: UUID, *, by: User, at: datetime) -> Clearance:
    """The clearance, locked, once the move may be made in the state that it has at `at`."""
    locked = Clearance.objects.select_for_update(of=("self",), no_key=True)
    clearance: Clearance = locked.select_related("program__location", "program__protocol").get(
        pk=clearance_id
    )
    state = rules.clearance_state(
        clearance,
        suspended=selectors.open_reasons(clearance.pk).exists(),
        today=at.astimezone(clearance.program.location.zone).date(),
    )
    transitions.apply(rules.CLEARANCE_MOVES, move, instance=state, by=by, field="state")
    return clearance


@transaction.atomic
def uphold_clearance(
    *, clearance_id: UUID, rationale: str, resolutions: Sequence[Answer], by: User, at: datetime
) -> Clearance:
    """Let a suspended clearance stand, with words to each open reason. Announces clearance_upheld.

    The words about a medicine that nobody recognised stay with the medicine. A reason that came in the meantime needs
    its own words: nothing is upheld unseen.

    :raises NotPermitted: unless `by` is a prescriber
    :raises IllegalTransition: unless it is suspended
    :raises AbsoluteFinding: while a screening, a medicine or an allergy that suspends it is absolute, in whatever words
    :raises Invalid: naming /resolutions, for a reason that is not open here, repeated, or left without words
    """
    client_id = Clearance.objects.values_list("program__client_id", flat=True).get(pk=clearance_id)
    lock_client(client_id)
    clearance = _moved("uphold", clearance_id, by=by, at=at)
    reasons = {row.pk: row for row in selectors.open_reasons(clearance.pk)}
    _refuse_unanswered(reasons, resolutions)
    _refuse_absolute(_found_behind(reasons.values(), clearance.program))
    for row in resolutions:
        suspension = reasons[row["reason"]]
        Uphold(suspension=suspension, rationale=rationale, resolution=row["resolution"]).insert_by(by, at=at)
        _keep_review(suspension, row["resolution"], by=by, at=at)
    clearance_rows.settle(clearance.pk, by=by, at=at, outcome="upheld")
    clearance_upheld.send(Clearance, program_id=clearance.program_id, clearance_id=clearance.pk)
    return clearance


def _refuse_unanswered(reasons: Mapping[UUID, Suspension], resolutions: Sequence[Answer]) -> None:
    errors = []
    seen: set[UUID] = set()
    for index, row in enumerate(resolutions):
        where = f"/resolutions/{index}/reason"
        if row["reason"] not in reasons:
            errors.append(FieldError(where, "not_found", "This clearance has no such open reason."))
        elif row["reason"] in seen:
            errors.append(FieldError(where, "repeated", "Answer a reason once."))
        seen.add(row["reason"])
    errors += [
        FieldError(
            "/resolutions", "resolution_required", f"{row.fact.code} needs words to be upheld: {row.pk}."
        )
        for row in reasons.values()
        if row.pk not in seen
    ]
    merge(errors)


def _found_behind(reasons: Iterable[Suspension], program: Program) -> list[Finding | Found]:
    """What is found of the screenings that suspend it, at their last weighing, of the medicines still taken, and of
    the allergies still listed."""
    subjects = {row.fact.subject_id for row in reasons}
    rows = Finding.objects.filter(screening__in=subjects, weighing=F("screening__weighing"))
    taken = [row for row in selectors.listed_medicines(program.client_id) if row.id in subjects]
    protocol, listed = program.protocol, standing_allergies(program.client_id).filter(pk__in=subjects)
    return [
        *rows,
        *medicine_findings(taken, route=protocol.route, limits=protocol.limits),
        *map(allergies.found_of, listed),
    ]


def _keep_review(suspension: Suspension, words: str, *, by: User, at: datetime) -> None:
    fact = suspension.fact
    unmapped = Medication.objects.filter(pk=fact.subject_id, is_mapped=False)
    if fact.subject_type == "medication" and unmapped.exists():
        review_medication(medication_id=fact.subject_id, review=words, by=by, at=at)
