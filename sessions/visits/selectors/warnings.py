"""What a booking does not refuse but somebody should look at: its answer lists these as `warnings`.

Codes: those of `consequences.effects` that break or stretch the course, and `staff_missing`, `planned_doses`,
`no_integration_slot`, `in_person_visit` (a dose at home that the law will stop). Clearance and consent are none of
them: booking needs neither, check-in warns of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from kapclinic.practice.models import SessionKind
from sessions.booking.models import Session
from sessions.booking.rules import needs_of, unfilled
from sessions.visits.selectors import consequences, law

PAPERS = frozenset({"clearance", "consent"})
WORDS = {
    "staff_missing": "Nobody is named for a part of this dose that the protocol asks for.",
    "in_person_visit": "The law asks for a visit in person before this dose at home.",
    "planned_doses": "There are more doses than the course plans.",
    "no_integration_slot": "No integration slot is free in the window of this dose.",
}


def warnings_of(session: Session) -> list[str]:
    """The codes for a session as it stands in the book now, each once."""
    found = consequences.effects(session=session, starts_at=session.starts_at, ends_at=session.ends_at)
    codes = [
        effect.code for effect in found if effect.severity != consequences.MOVES and effect.code not in PAPERS
    ]
    return sorted({*codes, *of_dose(session)})


def of_dose(dose: Session) -> Iterator[str]:
    """Those that are a dose's own (`WORDS`); none for any other session."""
    if dose.kind != SessionKind.DOSING:
        return
    protocol = dose.program.protocol
    length = int((dose.ends_at - dose.starts_at).total_seconds() // 60)
    if unfilled(needs_of(kind=dose.kind, protocol=protocol, length_min=length), dose.staff):
        yield "staff_missing"
    if law.stops(dose):
        yield "in_person_visit"
    standing = Session.objects.standing().filter(program=dose.program_id)
    doses = standing.filter(kind=SessionKind.DOSING).exclude(outcome=Session.Outcome.NOT_DOSED)
    if doses.count() > dose.program.doses_planned:
        yield "planned_doses"
    if protocol.owes_integration and not standing.filter(for_dose=dose).exists():
        yield "no_integration_slot"
