"""What a clearance hears after it was given. Each verb here is called by the verb that records the fact, with it.

Every standing clearance of the client is suspended, whichever program it belongs to; only a prescriber's answer
(`clearances.uphold_clearance`) or a voiding ends that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from kapclinic.core.asking import AtOnce, Questions
from kapclinic.core.writing import joining
from kapclinic.practice.models import Actor
from kapclinic.practice.selectors import person
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from programs.models import Program
from programs.selectors import deciding_for
from screening import selectors
from screening.models import (
    AlertRelease,
    Clearance,
    Finding,
    Medication,
    MedicationMapping,
    SafetyAlert,
    Screening,
    SuspendingCode,
    SuspendingFact,
    Suspension,
)
from screening.rules.instruments import CSSRS
from screening.rules.suspensions import Resting, days_beyond_hold, medicine_matters
from screening.services.access import OVER, lock_client
from screening.services.clearance_rows import open_review
from screening.signals import clearance_suspended

CODE, SEVERITY = SuspendingCode, Finding.Severity


@transaction.atomic
def suspend(
    *,
    client_id: UUID,
    code: SuspendingCode,
    subject_type: str,
    subject_id: UUID,
    moment: datetime,
    by: Actor,
    at: datetime,
    again: Collection[UUID] = (),
) -> list[Suspension]:
    """Keep a fact, and suspend every standing clearance of the client from `moment` on.

    `again`: subjects that said the same before. A clearance that still waits for an answer to one of them is left as it
    is; without any clearance the fact is kept once.
    """
    lock_client(client_id)
    standing = selectors.standing_clearances(client_id=client_id, moment=moment)
    waiting = Suspension.objects.filter(
        uphold__isnull=True, fact__code=code, fact__subject_id__in=list(again)
    )
    silent = set(waiting.values_list("clearance_id", flat=True))
    wanted = [row for row in standing if row.pk not in silent]
    said = SuspendingFact.objects.filter(code=code, subject_id__in=list(again)).exists()
    if said and not wanted:
        return []
    fact = SuspendingFact(
        client_id=client_id, code=code, subject_type=subject_type, subject_id=subject_id, at=moment
    ).insert_by(by, at=at)
    return [_suspend(row, fact, by=by, at=at) for row in wanted]


def _suspend(clearance: Clearance, fact: SuspendingFact, *, by: Actor, at: datetime) -> Suspension:
    """One reason more. Whoever decides on the course is told at once. Announces clearance_suspended."""
    row: Suspension = Suspension(clearance=clearance, fact=fact).insert_by(by, at=at)
    program = clearance.program
    if program.status not in OVER:
        open_review(clearance, by=by, at=at)
        notices = [
            trail.Notice(f"clearance_review:{row.pk}:{user.pk}", user.pk, clearance.pk)
            for user in deciding_for(program)
        ]
        trail.queue_notices(notices, template=Kind.CLEARANCE_REVIEW, at=at)
    clearance_suspended.send(Clearance, program_id=clearance.program_id, clearance_id=clearance.pk)
    return row


@transaction.atomic
def hear_medication(
    *, medication: Medication, mapping: MedicationMapping | None = None, by: Actor, at: datetime
) -> list[Suspension]:
    """Suspend where a medicine matters and was neither weighed nor upheld.

    It joined the client's list just now, or a prescriber said by `mapping` what it is.
    """
    lock_client(medication.client_id)
    entries = selectors.listed_medicines(medication.client_id)
    (entry,) = [row for row in entries if row.id == medication.pk]
    asked = medication if mapping is None else mapping
    wanted = [
        row
        for row in selectors.standing_clearances(client_id=medication.client_id, moment=at)
        if medicine_matters(
            entry,
            beside=[other for other in entries if other is not entry],
            weighed=selectors.weighed_names(row.screening, clearance_id=row.pk, but=asked.pk),
            protocol=row.program.protocol,
        )
    ]
    if not wanted:
        return []
    fact = SuspendingFact(
        client_id=medication.client_id,
        code=CODE.NEW_MEDICATION,
        subject_type="medication",
        subject_id=medication.pk,
        at=at,
    ).insert_by(by, at=at)
    return [_suspend(row, fact, by=by, at=at) for row in wanted]


def hear_screening(*, screening: Screening, found: Sequence[Finding], by: Actor, at: datetime) -> None:
    """A screening was submitted: an absolute or relative finding of the client's condition is a new condition.

    What it says of medicines is heard when they join the list (`hear_medication`), by ingredient.
    """
    client_id = screening.program.client_id
    severities = {row.severity for row in found if not row.code.startswith("MED_")}
    if severities & {SEVERITY.ABSOLUTE, SEVERITY.RELATIVE}:
        suspend(
            client_id=client_id,
            code=CODE.NEW_CONDITION,
            subject_type="screening",
            subject_id=screening.pk,
            moment=at,
            by=by,
            at=at,
        )
    hear_pressures(client_id=client_id, resting=(), by=by, at=at)


def _asked(*, client_id: UUID) -> Questions:
    """The pressures of the client's screenings; when trends were told, the last one first; and their programs."""
    submitted = Screening.objects.filter(program__client__in=person(client_id), submitted_at__isnull=False)
    told = SuspendingFact.objects.filter(client__in=person(client_id), code=CODE.PRESSURE_TREND)
    courses = Program.objects.filter(client__in=person(client_id)).select_related("protocol", "location")
    last_first = told.order_by("-at").values_list("at", flat=True)
    return submitted.values_list("pk", "blood_pressures"), last_first, courses


_pressures = AtOnce(_asked)


# Any: the pressures as they stand in the screening
def _at_screening(rows: Iterable[tuple[UUID, Sequence[Any]]]) -> list[Resting]:
    return [
        Resting(
            systolic=row["systolic"],
            diastolic=row["diastolic"],
            measured_at=datetime.fromisoformat(row["measured_at"]),
            subject_type="screening",
            subject_id=pk,
        )
        for pk, readings in rows
        for row in readings
    ]


@joining
def hear_pressures(
    *, client_id: UUID, resting: Sequence[Resting], by: Actor, at: datetime
) -> list[Suspension]:
    """Suspend when the last resting pressure was beyond hold on two local days, once for each further day.

    `resting` are the client's pressures before their doses; those of screenings are known here.
    """
    lock_client(client_id)
    screened, told, courses = _pressures(client_id=client_id)
    measured = [*resting, *_at_screening(screened)]
    last = next(iter(told), None)
    trends: dict[UUID, Resting] = {}
    for program in courses:
        zone = program.location.zone
        days = days_beyond_hold(measured, protocol=program.protocol, zone=zone, at=at)
        if len(days) > 1 and (last is None or max(days) > last.astimezone(zone).date()):
            trends[program.pk] = days[max(days)]
    if not trends:
        return []
    newest = max(trends.values(), key=lambda row: row.measured_at)
    fact = SuspendingFact(
        client_id=client_id,
        code=CODE.PRESSURE_TREND,
        subject_type=newest.subject_type,
        subject_id=newest.subject_id,
        at=newest.measured_at,
    ).insert_by(by, at=at)
    standing = selectors.standing_clearances(client_id=client_id, moment=newest.measured_at)
    return [_suspend(row, fact, by=by, at=at) for row in standing if row.program_id in trends]


def hear_what_came_before(*, clearance: Clearance, by: Actor, at: datetime) -> list[Suspension]:
    """Suspend a clearance that was decided a moment ago by every fact that nobody answered, of whatever program.

    A screening begins no client anew. It answers only what it weighs itself: medicines by ingredient, conditions of
    questionnaires up to its own submission, and the C-SSRS behind one of its findings.
    """
    screening, client_id = clearance.screening, clearance.program.client_id
    answers = Suspension.objects.filter(fact=OuterRef("pk"))
    answers = answers.filter(
        Q(uphold__isnull=False) | Q(clearance__voided_at__lte=screening.created_at)
    )  # voided because of it, before this screening was begun
    weighed = Q(subject_type="screening") | Q(
        code=CODE.CSSRS_HIGH, subject_id__in=_answered_screeners(screening)
    )
    facts = SuspendingFact.objects.filter(~Exists(answers), client__in=person(client_id))
    facts = facts.exclude(code=CODE.NEW_MEDICATION).exclude(subject_id=screening.pk)
    heard = facts.exclude(weighed, created_at__lte=screening.submitted_at).order_by("at", "pk")
    return [_suspend(clearance, fact, by=by, at=at) for fact in heard]


def _answered_screeners(screening: Screening) -> list[UUID]:
    """The C-SSRS that this screening weighed, and those of the tier high after which somebody let doses go on."""
    client_id, submitted_at = screening.program.client_id, screening.submitted_at
    released = AlertRelease.objects.standing().filter(
        alert__program__client__in=person(client_id), alert__cause=SafetyAlert.Cause.CSSRS_HIGH
    )
    found = list(released.values_list("alert__measure_id", flat=True))
    if submitted_at is not None:
        weighed = selectors.recent_measures(program=screening.program, at=submitted_at).get(CSSRS)
        found += [weighed.pk] if weighed is not None else []
    return found


@transaction.atomic
def hear_merge(
    *, first: Collection[UUID], second: Collection[UUID], by: Actor, at: datetime
) -> list[Suspension]:
    """Two registrations are one person: each one's standing clearances hear what was only known of the other.

    That is what is still taken and was never weighed, and every fact that no prescriber has answered, whenever it was.
    """
    found: list[Suspension] = []
    for own, other in ((first, second), (second, first)):
        clearances = [
            row
            for row in selectors.standing_clearances(client_id=next(iter(own)), moment=at)
            if row.program.client_id in own
        ]
        if clearances:
            facts = _unheard(other, clearances, by=by, at=at)
            found += [_suspend(row, fact, by=by, at=at) for row, fact in facts]
    return found


def _unheard(
    other: Collection[UUID], clearances: Sequence[Clearance], *, by: Actor, at: datetime
) -> list[tuple[Clearance, SuspendingFact]]:
    told = SuspendingFact.objects.filter(client__in=list(other)).exclude(suspensions__uphold__isnull=False)
    heard = Suspension.objects.filter(clearance__in=clearances)  # of an earlier merge that was taken back
    facts_heard = set(heard.values_list("clearance_id", "fact_id"))
    medicines = set(heard.filter(uphold__isnull=True).values_list("clearance_id", "fact__subject_id"))
    pairs = [
        (row, fact)
        for fact in told.exclude(code=CODE.NEW_MEDICATION).order_by("at", "pk").distinct()
        for row in clearances
        if (row.pk, fact.pk) not in facts_heard
    ]
    entries = selectors.listed_medicines(clearances[0].program.client_id)
    theirs = Medication.objects.filter(client__in=list(other)).values_list("pk", "client")
    owner = dict(theirs)
    for entry in entries:
        if entry.id not in owner:
            continue
        beside = [row for row in entries if row is not entry]
        wanted = [
            row
            for row in clearances
            if (row.pk, entry.id) not in medicines
            and medicine_matters(
                entry,
                beside=beside,
                weighed=selectors.weighed_names(row.screening, clearance_id=row.pk, but=entry.id),
                protocol=row.program.protocol,
            )
        ]
        if wanted:
            fact = SuspendingFact(
                client_id=owner[entry.id],
                code=CODE.NEW_MEDICATION,
                subject_type="medication",
                subject_id=entry.id,
                at=at,
            ).insert_by(by, at=at)
            pairs += [(row, fact) for row in wanted]
    return pairs
