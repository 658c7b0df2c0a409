"""Taking over what still holds into the course that continues another: the clearance, and what was signed.

Half a verb: `course.services.continue_program` is the whole. Medicines, allergies and tests are the client's, and
measures are looked at in whatever course they were filled in: nothing of these is copied.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from kapclinic.practice.models import User
from programs import services as programs
from programs.models import Phase, Program
from programs.policy import limit
from programs.rules import first_phase_after_clearance
from screening import selectors
from screening.models import Clearance, Consent, Screening
from screening.rules import carrying as rules
from screening.services.access import lock_client
from screening.services.suspensions import hear_what_came_before
from screening.signals import clearance_decided

OWN = frozenset({"id", "version", "created_at", "created_by", "updated_at", "updated_by"})


@dataclass
class Carried:
    """What was taken over, and of what was not the reason: `clearance` or the document, with one of `rules.REASONS`."""

    clearance: UUID | None = None
    consents: list[UUID] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


@transaction.atomic
def carry_leaving_bookings(*, earlier: Program, program: Program, by: User, at: datetime) -> Carried:
    """Give the new course a standing clearance and the signatures of the one before, as far as its protocol allows.

    A clearance lasts no longer than it did, is its prescriber's, and hears at once what nobody has answered. One that
    is suspended is not carried. With it the course leaves its screening. Announces clearance_decided.
    """
    lock_client(program.client_id)
    found = Carried()
    _carry_consents(found, earlier, program, by=by, at=at)
    problem = rules.clearance_problem(earlier.protocol, program.protocol)
    standing = selectors.current_clearance(program_id=earlier.pk, at=at)
    last = None if standing is None else _last_day(standing, program)
    if standing is None or last is None or last < at.astimezone(program.location.zone).date():
        problem = problem or rules.NOT_STANDING
    if problem or standing is None:
        found.left[rules.CLEARANCE] = problem or rules.NOT_STANDING
        return found
    clearance = Clearance(
        program=program,
        screening=_carry_screening(standing.screening, program, by=by, at=at),
        decision=standing.decision,
        rationale=standing.rationale,
        decided_by_id=standing.decided_by_id,
        valid_from=at,
        expires_on=last,
    ).save_by(by, at=at)
    found.clearance = clearance.pk
    hear_what_came_before(clearance=clearance, by=by, at=at)
    if program.phase == Phase.SCREENING:
        phase = first_phase_after_clearance(program.protocol, preparations_done=0)
        programs.enter_phase(program=program, phase=phase, by=by, at=at)
    clearance_decided.send(
        Clearance, program_id=program.pk, clearance_id=clearance.pk, decision=clearance.decision
    )
    return found


def _last_day(clearance: Clearance, program: Program) -> date | None:
    """Its own last day, or an earlier one where the new protocol lets a clearance last less long."""
    if clearance.expires_on is None:
        return None
    submitted = clearance.screening.decided_at or clearance.valid_from
    days = timedelta(days=limit(program.protocol.limits, "clearance_days"))
    return min(clearance.expires_on, submitted.astimezone(program.location.zone).date() + days)


def _columns(row: Model, *without: str) -> dict[str, object]:
    left = OWN | set(without)
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.name not in left}


def _carry_screening(screening: Screening, program: Program, *, by: User, at: datetime) -> Screening:
    """The screening as it stands, with the findings of its last weighing and the words to each."""
    columns = _columns(screening, "program", "carried_from")
    made: Screening = Screening(**columns, program=program, carried_from=screening).save_by(by, at=at)
    for finding in screening.findings.filter(weighing=screening.weighing).order_by("created_at", "id"):
        type(finding)(**_columns(finding, "screening"), screening=made).save_by(by, at=at)
    return made


def _carry_consents(found: Carried, earlier: Program, program: Program, *, by: User, at: datetime) -> None:
    signed = Consent.objects.filter(program=earlier, status=Consent.Status.SIGNED)
    for document in sorted(set(signed.values_list("document", flat=True))):
        rows = selectors.signed_consents(program_id=earlier.pk, document=document)
        consent = selectors.consent_of(rows, program=program, document=document, at=at)
        problem = rules.consent_problem(document, earlier.protocol, program.protocol)
        if consent is None or problem:
            found.left[document] = problem or rules.OUTDATED
            continue
        columns = _columns(consent, "program", "carried_from")
        made: Consent = Consent(**columns, program=program, carried_from=consent).save_by(by, at=at)
        found.consents.append(made.pk)
