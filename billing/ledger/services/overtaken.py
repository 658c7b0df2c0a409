"""Charges that the record took back afterwards: a dose or a questionnaire behind them was a mistake, and voided, or the
whole session was: its completion was taken back, and it was called off or the client had not come. And the other way
round: a fee for an appointment that was missed, and to which the client had come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from billing.ledger import rules, selectors
from billing.ledger.models import Charge
from billing.ledger.rules import record as record_rules
from billing.ledger.services import rendered
from kapclinic.core.errors import FieldError
from kapclinic.practice.models import SYSTEM
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import Matter, keep_listed


def contradicted(charges: Collection[UUID] | None = None) -> dict[UUID, tuple[Charge, str]]:
    """Charge -> itself, and what the record says against it now; of these charges, or of all that stand.

    How much of a drug is billed was read off the doses that stood: whichever of them was voided, the line is another.
    """
    rows = selectors.overtaken_charges()
    if charges is not None:
        rows = rows.filter(pk__in=charges)
    told = ((row, _why(row)) for row in rows)
    return {row.pk: (row, why) for row, why in told if why}


def _why(charge: Charge) -> str:
    session, clinician = charge.session, charge.rendering
    if session is None:  # as `overtaken_charges` has it: a fee
        return f"{charge.code.code} is not in the record: the no-show of that day was taken back."
    assert clinician is not None
    if session.status in rules.NOT_RENDERED:
        return f"{charge.code.code} is not in the record: the session did not take place."
    written = rendered.read_session(session, on=charge.date_of_service, but=charge.pk)
    note = written.note_of(clinician, charge.code)
    record = rendered.record_of(written, code=charge.code, rendering=clinician, note=note)
    passed = bool(charge.override_reason)
    found = record_rules.contradiction(charge.code, units=charge.units, record=record, passed=passed)
    if not found and charge.code.requires_ndc:
        return f"A dose behind {charge.code.code} was taken back after it was charged."
    return found


def overtaken_errors(lines: Iterable[Charge]) -> list[FieldError]:
    """One error for each line of a paper that the record contradicts: reverse it first."""
    listed = list(lines)
    asked = [line.pk for line in listed if record_rules.may_be_taken_back(line.code)]
    told = contradicted(asked) if asked else {}
    return [
        FieldError(f"/lines/{i}/code", record_rules.NOT_IN_RECORD, told[line.pk][1])
        for i, line in enumerate(listed)
        if line.pk in told
    ]


def sweep_overtaken(*, at: datetime) -> int:
    """Ask billing to reverse each such charge; returns how many rows changed."""
    waiting: dict[UUID, Matter] = {
        charge.pk: {
            "location": charge.location_id,
            "client": charge.client_id,
            "assignee": None,
            "due_at": at,
        }
        for charge, _ in contradicted().values()
    }
    return keep_listed(kind=Kind.CHARGE_OVERTAKEN, subject_type="charge", waiting=waiting, by=SYSTEM, at=at)
