"""What a move brings to the course: what breaks, what moves along, what deserves a look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from kapclinic.practice.models import SessionKind
from kapclinic.practice.selectors import person
from programs.rules import integration_window
from screening import selectors as screening
from sessions.booking.models import Session
from sessions.booking.rules import AHEAD
from sessions.dosing import selectors as dosing
from sessions.dosing.selectors.doses import CONSENT
from sessions.integration.models import Obligation

BREAKS, MOVES, WARNS = "breaks", "moves", "warns"


class EffectRow(TypedDict):
    code: str
    severity: str
    detail: str
    session: UUID | None


@dataclass(frozen=True)
class Effect:
    """One thing that a move brings: it breaks a rule of the course, moves another session, or deserves a look."""

    code: str
    severity: str
    detail: str
    session: UUID | None = None

    def as_dict(self) -> EffectRow:
        return {"code": self.code, "severity": self.severity, "detail": self.detail, "session": self.session}


def effects(*, session: Session, starts_at: datetime, ends_at: datetime) -> list[Effect]:
    """All that moves or breaks when `session` goes to these times: order, windows, gaps, span, clearance, consent."""
    judges = {
        SessionKind.DOSING: _of_dose,
        SessionKind.PREPARATION: _of_preparation,
        SessionKind.INTEGRATION: _of_integration,
    }
    judge = judges.get(SessionKind(session.kind))
    return list(judge(session, starts_at, ends_at)) if judge else []


def _others(session: Session, kind: str) -> list[Session]:
    rows = Session.objects.standing().filter(program_id=session.program_id, kind=kind).exclude(pk=session.pk)
    return list(rows.order_by("starts_at"))


def _other_doses(session: Session) -> list[Session]:
    """The client's other doses, of every program: the gap is between them all (PR7)."""
    rows = Session.objects.standing().filter(client__in=person(session.client_id), kind=SessionKind.DOSING)
    return list(rows.exclude(pk=session.pk).order_by("starts_at"))


def _of_dose(session: Session, starts_at: datetime, ends_at: datetime) -> Iterator[Effect]:
    protocol = session.program.protocol
    gap = timedelta(hours=protocol.min_gap_hours)
    of_client = [row for row in _other_doses(session) if row.outcome != Session.Outcome.NOT_DOSED]
    doses = [row for row in of_client if row.program_id == session.program_id]
    for other in of_client:
        if abs(other.starts_at - starts_at) < gap:
            detail = f"Less than {protocol.min_gap_hours} h from dose {other.number}."
            yield Effect("minimum_gap", BREAKS, detail, other.pk)
    times = [starts_at, *(other.starts_at for other in doses)]
    if max(times) - min(times) > timedelta(days=protocol.span_days[1]):
        yield Effect("span", WARNS, f"The doses would span more than {protocol.span_days[1]} days.")
    yield from _preparation_before(session, starts_at)
    yield from _integrations_around(session, starts_at, ends_at)
    yield from _papers(session, starts_at)
    moved = starts_at != session.starts_at
    if session.escort and (moved or session.escort_confirmed_at is None):
        yield Effect("escort_again", WARNS, "The escort is asked again about this start.")


def _preparation_before(session: Session, starts_at: datetime) -> Iterator[Effect]:
    needed = session.program.protocol.min_preparations
    if not session.program.protocol.owes_integration or needed == 0:
        return
    done = dosing.preparations_done([session.program_id]).get(session.program_id, 0)
    ahead = [row for row in _others(session, SessionKind.PREPARATION) if row.status in AHEAD]
    before = done + sum(1 for row in ahead if row.ends_at <= starts_at)
    for row in ahead:
        if row.ends_at > starts_at and before < needed:
            yield Effect("preparation_after_dose", BREAKS, "Preparation would come after this dose.", row.pk)


def _integrations_around(session: Session, starts_at: datetime, ends_at: datetime) -> Iterator[Effect]:
    start = integration_window(session.program.protocol, dosed_at=ends_at)[0]
    end = integration_window(session.program.protocol, dosed_at=starts_at)[1]
    for row in _others(session, SessionKind.INTEGRATION):
        if row.status not in AHEAD:
            continue
        if row.for_dose_id == session.pk and not start <= row.starts_at < end:
            yield Effect("integration_moves", MOVES, "The held integration moves with the dose.", row.pk)
        earlier = row.for_dose if row.for_dose_id != session.pk else None
        if earlier is not None and earlier.starts_at < starts_at < row.ends_at:
            yield Effect(
                "integration_after_dose", BREAKS, "An earlier dose's integration would come later.", row.pk
            )


def _papers(session: Session, starts_at: datetime) -> Iterator[Effect]:
    clearance = screening.current_clearance(program_id=session.program_id, at=starts_at)
    if clearance is None:
        yield Effect("clearance", WARNS, "On that day there is no clearance in force.")
    if screening.active_consent(program_id=session.program_id, document=CONSENT, at=starts_at) is None:
        yield Effect("consent", WARNS, "On that day there is no treatment consent in force.")


def _of_preparation(session: Session, starts_at: datetime, ends_at: datetime) -> Iterator[Effect]:
    protocol = session.program.protocol
    doses = [row for row in _others(session, SessionKind.DOSING) if row.status in AHEAD]
    if not doses or ends_at <= doses[0].starts_at:
        return
    done = dosing.preparations_done([session.program_id]).get(session.program_id, 0)
    others = [row for row in _others(session, SessionKind.PREPARATION) if row.status in AHEAD]
    before = done + sum(1 for row in others if row.ends_at <= doses[0].starts_at)
    if before < protocol.min_preparations:
        detail = (
            f"Only {before} of {protocol.min_preparations} preparations would come before the first dose."
        )
        yield Effect("preparation_after_dose", BREAKS, detail, doses[0].pk)


def _of_integration(session: Session, starts_at: datetime, ends_at: datetime) -> Iterator[Effect]:
    dose = session.for_dose
    if dose is None:
        return
    obligation = Obligation.objects.filter(dosing_session=dose).first()
    end = (
        obligation.window_end
        if obligation
        else integration_window(session.program.protocol, dosed_at=dose.starts_at)[1]
    )
    if starts_at >= end:
        yield Effect("integration_window", BREAKS, "The integration would come after its window.", dose.pk)
    for row in _others(session, SessionKind.DOSING):
        if row.status in AHEAD and dose.starts_at < row.starts_at < ends_at:
            yield Effect(
                "integration_after_dose", BREAKS, "The integration would come after the next dose.", row.pk
            )
