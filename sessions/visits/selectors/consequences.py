"""What moves bring to the course: what breaks, what moves along, what deserves a look."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypedDict
from uuid import UUID

from kapclinic.core.asking import AtOnce
from kapclinic.core.postgresql.scoped import Asks
from kapclinic.practice.models import SessionKind
from kapclinic.practice.selectors import person
from programs.rules import integration_window
from screening import selectors as screening
from sessions.booking.models import Session
from sessions.booking.rules import AHEAD, StaffRow
from sessions.dosing import selectors as dosing
from sessions.dosing.selectors.doses import CONSENT
from sessions.integration.models import Obligation

BREAKS, MOVES, WARNS = "breaks", "moves", "warns"


class RemedyRow(TypedDict):
    """Where a session that breaks is whole again."""

    session: UUID | None
    starts_at: datetime
    ends_at: datetime
    room: UUID | None
    staff: list[StaffRow]


class EffectRow(TypedDict):
    code: str
    severity: str
    detail: str
    session: UUID | None
    remedy: RemedyRow | None


@dataclass(frozen=True)
class Effect:
    """One thing that a move brings: it breaks a rule of the course, moves another session, or deserves a look.

    `session` is the other one that it is about, `of` the one that moves.
    """

    code: str
    severity: str
    detail: str
    session: UUID | None = None
    of: UUID | None = None

    def as_dict(self, remedy: RemedyRow | None = None) -> EffectRow:
        return {
            "code": self.code,
            "severity": self.severity,
            "detail": self.detail,
            "session": self.session,
            "remedy": remedy,
        }


@dataclass(frozen=True)
class Spot:
    """Where a session would be."""

    starts_at: datetime
    ends_at: datetime
    room: UUID | None = None


def effects(*, session: Session, starts_at: datetime, ends_at: datetime) -> list[Effect]:
    """All that moves or breaks when `session` goes to these times: order, windows, gaps, span, clearance, consent."""
    return Course(session.client_id).moved({session.pk: Spot(starts_at, ends_at)}).effects(session)


_standing = AtOnce(
    lambda client: (Session.objects.standing().filter(client__in=person(client), kind__in=list(JUDGES)),)
)


def asks_standing(session: Session) -> list[Asks]:
    """The statement with which the `effects` of a session begin, to be sent ahead."""
    return [_standing.asks(client=session.client_id)] if session.kind in JUDGES else []


class Course:
    """The standing sessions of one client under every id, as they would be with some of them elsewhere.

    Read once, when they are first asked for; any number of moves may be tried on them.
    """

    def __init__(self, client: UUID) -> None:
        self.client = client
        self.spots: Mapping[UUID, Spot] = {}
        self._prepared: dict[UUID, int] = {}  # of a program
        self._owed: dict[UUID, Obligation | None] = {}  # of a dose

    def moved(self, spots: Mapping[UUID, Spot]) -> Course:
        """The same with these sessions elsewhere."""
        other = copy.copy(self)
        other.spots = {**self.spots, **spots}
        return other

    def including(self, sessions: Iterable[Session]) -> Course:
        """The same with these, whether or not they are in the book."""
        other = copy.copy(self)
        other.sessions = {**self.sessions, **{row.pk: row for row in sessions if row.kind in JUDGES}}
        return other

    @cached_property
    def sessions(self) -> Mapping[UUID, Session]:
        return {row.pk: row for row in _standing(client=self.client)[0]}

    def spot(self, row: Session) -> Spot:
        return self.spots.get(row.pk) or Spot(row.starts_at, row.ends_at, row.room_id)

    def starts(self, row: Session) -> datetime:
        return self.spot(row).starts_at

    def ends(self, row: Session) -> datetime:
        return self.spot(row).ends_at

    def effects(self, session: Session, *, papers: bool = True) -> list[Effect]:
        """What it brings that `session` is where it is here; without `papers` nobody asks for clearance and consent."""
        judge = JUDGES.get(session.kind)
        found = list(judge(self, session)) if judge else []
        if papers and session.kind == SessionKind.DOSING:
            found += _papers(self, session)
        return found

    def others(self, session: Session, kind: str) -> list[Session]:
        """The course's other sessions of a kind, in the order of their starts."""
        return [row for row in self.of_kind(session, kind) if row.program_id == session.program_id]

    def of_kind(self, session: Session, kind: str) -> list[Session]:
        """The client's others, of every program."""
        rows = [row for row in self.sessions.values() if row.kind == kind and row.pk != session.pk]
        return sorted(rows, key=self.starts)

    def dose_of(self, integration: Session) -> Session | None:
        if integration.for_dose_id is None:
            return None
        return self.sessions.get(integration.for_dose_id) or integration.for_dose

    def prepared(self, program: UUID) -> int:
        if program not in self._prepared:
            self._prepared[program] = dosing.preparations_done([program]).get(program, 0)
        return self._prepared[program]

    def owed(self, dose: Session) -> Obligation | None:
        if dose.pk not in self._owed:
            self._owed[dose.pk] = Obligation.objects.filter(dosing_session=dose).first()
        return self._owed[dose.pk]

    def window(self, session: Session, dose: Session) -> tuple[datetime, datetime]:
        """The window of an integration: what is owed says it, before that the dose as it is booked."""
        obligation = self.owed(dose)
        if obligation is not None:
            return obligation.window_start, obligation.window_end
        protocol = session.program.protocol
        start = integration_window(protocol, dosed_at=self.ends(dose))[0]
        return start, integration_window(protocol, dosed_at=self.starts(dose))[1]


def _of_dose(course: Course, session: Session) -> Iterator[Effect]:
    protocol, starts_at = session.program.protocol, course.starts(session)
    gap = timedelta(hours=session.program.gap_hours)
    # the gap is between the doses of every program (PR7)
    of_client = [
        row for row in course.of_kind(session, SessionKind.DOSING) if row.outcome != Session.Outcome.NOT_DOSED
    ]
    doses = [row for row in of_client if row.program_id == session.program_id]
    for other in of_client:
        if abs(course.starts(other) - starts_at) < gap:
            detail = f"Less than {session.program.gap_hours} h from dose {other.number}."
            yield Effect("minimum_gap", BREAKS, detail, other.pk, session.pk)
    times = [starts_at, *map(course.starts, doses)]
    if max(times) - min(times) > timedelta(days=protocol.span_days[1]):
        detail = f"The doses would span more than {protocol.span_days[1]} days."
        yield Effect("span", WARNS, detail, None, session.pk)
    yield from _preparation_before(course, session)
    yield from _integrations_around(course, session)


def _preparation_before(course: Course, session: Session) -> Iterator[Effect]:
    needed, starts_at = session.program.protocol.min_preparations, course.starts(session)
    if not session.program.protocol.owes_integration or needed == 0:
        return
    ahead = [row for row in course.others(session, SessionKind.PREPARATION) if row.status in AHEAD]
    late = [row for row in ahead if course.ends(row) > starts_at]
    if late and course.prepared(session.program_id) + len(ahead) - len(late) < needed:
        for row in late:
            detail = "Preparation would come after this dose."
            yield Effect("preparation_after_dose", BREAKS, detail, row.pk, session.pk)


def _integrations_around(course: Course, session: Session) -> Iterator[Effect]:
    starts_at = course.starts(session)
    start = integration_window(session.program.protocol, dosed_at=course.ends(session))[0]
    end = integration_window(session.program.protocol, dosed_at=starts_at)[1]
    for row in course.others(session, SessionKind.INTEGRATION):
        if row.status not in AHEAD:
            continue
        own = row.for_dose_id == session.pk
        if own and row.pk not in course.spots and not start <= course.starts(row) < end:
            detail = "The held integration moves with the dose."
            yield Effect("integration_moves", MOVES, detail, row.pk, session.pk)
        earlier = None if own else course.dose_of(row)
        if earlier is not None and course.starts(earlier) < starts_at < course.ends(row):
            detail = "An earlier dose's integration would come later."
            yield Effect("integration_after_dose", BREAKS, detail, row.pk, session.pk)


def _papers(course: Course, session: Session) -> Iterator[Effect]:
    starts_at = course.starts(session)
    clearance = screening.current_clearance(program_id=session.program_id, at=starts_at)
    if clearance is None:
        yield Effect("clearance", WARNS, "On that day there is no clearance in force.", None, session.pk)
    if screening.active_consent(program_id=session.program_id, document=CONSENT, at=starts_at) is None:
        yield Effect(
            "consent", WARNS, "On that day there is no treatment consent in force.", None, session.pk
        )
    moved = starts_at != session.starts_at
    if session.escort and (moved or session.escort_confirmed_at is None):
        yield Effect("escort_again", WARNS, "The escort is asked again about this start.", None, session.pk)


def _of_preparation(course: Course, session: Session) -> Iterator[Effect]:
    needed = session.program.protocol.min_preparations
    doses = [row for row in course.others(session, SessionKind.DOSING) if row.status in AHEAD]
    if not doses or course.ends(session) <= course.starts(doses[0]):
        return
    others = [row for row in course.others(session, SessionKind.PREPARATION) if row.status in AHEAD]
    first = course.starts(doses[0])
    before = course.prepared(session.program_id) + sum(1 for row in others if course.ends(row) <= first)
    if before < needed:
        detail = f"Only {before} of {needed} preparations would come before the first dose."
        yield Effect("preparation_after_dose", BREAKS, detail, doses[0].pk, session.pk)


def _of_integration(course: Course, session: Session) -> Iterator[Effect]:
    dose = course.dose_of(session)
    if dose is None:
        return
    start, end = course.window(session, dose)
    if course.starts(session) < start and course.owed(dose) is None:  # what is owed refuses it by itself
        detail = "The integration would come before its window."
        yield Effect("integration_window", BREAKS, detail, dose.pk, session.pk)
    if course.starts(session) >= end:
        detail = "The integration would come after its window."
        yield Effect("integration_window", BREAKS, detail, dose.pk, session.pk)
    for row in course.others(session, SessionKind.DOSING):
        if row.status in AHEAD and course.starts(dose) < course.starts(row) < course.ends(session):
            detail = "The integration would come after the next dose."
            yield Effect("integration_after_dose", BREAKS, detail, row.pk, session.pk)


JUDGES: Mapping[str, Callable[[Course, Session], Iterator[Effect]]] = {
    SessionKind.DOSING: _of_dose,
    SessionKind.PREPARATION: _of_preparation,
    SessionKind.INTEGRATION: _of_integration,
}
