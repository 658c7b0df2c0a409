"""The course planner's proposal: every session that a program still needs, at the best free times."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from kapclinic.practice.models import Role, SessionKind
from programs.models import Modality, Program
from sessions.booking.models import Session
from sessions.booking.rules import AHEAD, Slot, SlotRow, needs_of, on_days_and_hours, seats_of
from sessions.booking.selectors import numbers
from sessions.booking.selectors.availability import free_slots
from sessions.course.rules import search
from sessions.course.rules.search import Course, Unmet, Wish
from sessions.dosing import selectors as dosing
from sessions.integration import rules as integration

PREPARED_WITHIN = timedelta(days=93)  # how far before a booked dose its preparation is looked for
INTEGRATIONS_OUTSIDE = (
    "Some integrations lie outside the days and hours that were asked for: their windows do."
)
INTEGRATIONS_UNPREFERRED = (
    "Some integrations are not on the client's preferred days and hours: none is free there."
)
COURSE_UNPREFERRED = "No course fits the client's preferred days and hours: this one does without them."
ALL_OUTSIDE = "No course fits the days and hours that were asked for: this one does without them."


@dataclass(frozen=True)
class Wishes:
    """What is asked of one proposal, in place of what the program says; None: as there.

    `modality` is that of preparation and integration: where a dose is given the protocol says.
    """

    start: datetime | None = None
    days: Sequence[int] | None = None
    hours: Mapping[str, str] | None = None
    modality: str | None = None

    @property
    def of_time(self) -> bool:
        return self.days is not None or self.hours is not None

    def laid_over(self, program: Program) -> Program:
        """The program as it would be with these wishes; nobody saves it."""
        wished = copy.copy(program)
        if self.days is not None:
            wished.preferred_days = sorted(set(self.days))
        if self.hours is not None:
            wished.preferred_hours = dict(self.hours)
        if self.modality is not None:
            wished.accepted_modalities = [self.modality]
        return wished


NO_WISHES = Wishes()


def _missing(program: Program) -> tuple[int, int]:
    """Preparation and dosing sessions that are neither done nor booked."""
    booked = Session.objects.filter(program=program, status__in=AHEAD)
    prepared = dosing.preparations_done([program.pk]).get(program.pk, 0)
    preparations = (
        program.protocol.min_preparations - prepared - booked.filter(kind=SessionKind.PREPARATION).count()
    )
    given = dosing.doses_given([program.pk]).get(program.pk, 0)
    open_doses = booked.filter(kind=SessionKind.DOSING, outcome="").count()
    return max(preparations, 0), max(program.doses_planned - given - open_doses, 0)


def _wish(program: Program, *, at: datetime) -> Wish:
    protocol = program.protocol
    preparations, doses = _missing(program)
    fewest, most = protocol.span_days
    if program.doses_planned == 1:
        fewest = 0  # from the first to the last dose there is no time
    window = protocol.integration
    owed = (timedelta(hours=window["from_hours"]), timedelta(hours=window["to_hours"]))
    doses_booked = (
        Session.objects.standing().filter(program=program, kind=SessionKind.DOSING).order_by("starts_at")
    )
    last = doses_booked.last()
    counted = doses_booked.exclude(outcome=Session.Outcome.NOT_DOSED).first()
    first = doses_booked.filter(status__in=AHEAD, outcome="", starts_at__gt=at).first()
    return Wish(
        preparations=preparations,
        doses=doses,
        min_gap=timedelta(hours=program.gap_hours),
        span=(timedelta(days=fewest), timedelta(days=most)),
        integration=owed if protocol.owes_integration else None,
        zone=program.location.zone,
        after=last.starts_at if last else None,
        began=counted.starts_at if counted else None,
        prepare_before=first.starts_at if first else None,
    )


def _slots(
    program: Program, kind: str, modality: str, *, at: datetime, span: tuple[datetime, datetime]
) -> list[Slot]:
    """Free slots with the assigned therapist alone. Where the protocol has a pool or asks for several therapists,
    anybody's slots, those with the assigned one first.
    """
    own, pooled = program.therapist_id, _therapists_pooled(program, kind)
    only = {str(Role.THERAPIST): [own]} if own and not pooled else {}
    slots = free_slots(
        program=program, kind=kind, modality=modality, at=at, start=span[0], before=span[1], only=only
    )
    ranked = integration.ranked(slots, program, program.location.zone)
    if not pooled:
        return ranked
    zone = program.location.zone

    def rank(slot: Slot) -> tuple[bool, bool]:
        return not integration.preferred(slot, program, zone), own not in {user for user, _ in slot.staff}

    return sorted(ranked, key=rank)


def _therapists_pooled(program: Program, kind: str) -> bool:
    protocol = program.protocol
    needs = needs_of(kind=kind, protocol=protocol, length_min=protocol.length_of(kind))
    seats = [seat for seat in seats_of(needs) if seat.role == Role.THERAPIST]
    return len(seats) > 1 or any(seat.any_of for seat in seats)


def _first_modality(program: Program, kind: str) -> str:
    if kind == SessionKind.DOSING:
        return str(Modality.IN_PERSON)
    return integration.modalities(program)[0]


def propose(*, program: Program, at: datetime, wishes: Wishes = NO_WISHES) -> Course:
    """The best course from now on for the assigned therapist, a room and the protocol's team; books nothing.

    New doses come after those that stand in the book, missing preparation before the first of these to come.
    Preparation and doses keep to the client's preferred days and hours; only when no course fits into these, any day
    and hour will do. Days and hours of `wishes` are kept by integrations too. Where either can't be, `unmet` says so.
    """
    wish = _wish(program, at=at)
    program = wishes.laid_over(program)
    slots = _all_slots(program, wish, at=at, start=wishes.start)
    zone = program.location.zone

    def preferred(slot: Slot) -> bool:
        return integration.preferred(slot, program, zone)

    def asked(slot: Slot) -> bool:
        return on_days_and_hours(slot.starts_at.astimezone(zone), days=wishes.days, hours=wishes.hours)

    ways: list[_Way] = [(NONE, _any, "")]
    if wishes.of_time:
        ways = [(ALL, preferred, ""), (ALL, asked, "")]
        ways += [(MAIN, asked, INTEGRATIONS_OUTSIDE), (NONE, _any, ALL_OUTSIDE)]
    elif program.preferred_days or program.preferred_hours:
        ways = [(MAIN, preferred, ""), *ways]
    found = _first(ways, wish, slots)
    if not wishes.of_time:
        found.unmet += _unpreferred(found, preferred)
    return found


def _unpreferred(found: Course, preferred: Callable[[Slot], bool]) -> list[Unmet]:
    """What of a course lies outside the days and hours that the client prefers."""
    if not all(map(preferred, [*found.preparations, *found.doses])):
        return [Unmet("course_not_preferred", COURSE_UNPREFERRED)]
    if not all(map(preferred, found.integrations)):
        return [Unmet("integration_not_preferred", INTEGRATIONS_UNPREFERRED)]
    return []


def _all_slots(
    program: Program, wish: Wish, *, at: datetime, start: datetime | None
) -> dict[str, list[Slot]]:
    """The free slots of every kind that is needed, over the time in which it is looked for."""
    notice = at + timedelta(minutes=int(program.protocol.limits["notice_min"]))
    start = notice if start is None else max(notice, start)
    begin = start if wish.after is None else max(start, wish.after)  # of what is still to be dosed
    end = begin + wish.span[1] + timedelta(days=search.MOST_STARTS)
    prepared = wish.prepare_before or end
    ranges: dict[str, tuple[datetime, datetime]] = {
        SessionKind.PREPARATION: (max(start, prepared - PREPARED_WITHIN), prepared),
        SessionKind.DOSING: (begin, end),
        SessionKind.INTEGRATION: (begin, end),
    }
    needed: dict[str, bool] = {
        SessionKind.PREPARATION: wish.preparations > 0,
        SessionKind.DOSING: wish.doses > 0,
        SessionKind.INTEGRATION: wish.doses > 0 and wish.integration is not None,
    }
    return {
        kind: _slots(program, kind, _first_modality(program, kind), at=at, span=ranges[kind])
        if wanted
        else []
        for kind, wanted in needed.items()
    }


_Way = tuple[frozenset[str], Callable[[Slot], bool], str]  # these kinds only so, and what is then to be said
NONE: frozenset[str] = frozenset()
MAIN = frozenset({SessionKind.PREPARATION, SessionKind.DOSING})
ALL = MAIN | {SessionKind.INTEGRATION}


def _any(slot: Slot) -> bool:
    return True


def _first(ways: Sequence[_Way], wish: Wish, slots: Mapping[str, list[Slot]]) -> Course:
    """The best course of the first way that there is one in; of the last way it says what is in its way."""
    found = Course()
    for kinds, suits, words in ways:
        found = _search(wish, slots, kinds=kinds, suits=suits)
        if found.slots():
            found.unmet += [Unmet("wishes", words)] if words else []
            break
    return found


def _search(
    wish: Wish, slots: Mapping[str, list[Slot]], *, kinds: frozenset[str], suits: Callable[[Slot], bool]
) -> Course:
    def kept(kind: str) -> list[Slot]:
        return [slot for slot in slots[kind] if kind not in kinds or suits(slot)]

    return search.best_course(
        wish,
        preparations=kept(SessionKind.PREPARATION),
        doses=kept(SessionKind.DOSING),
        integrations=kept(SessionKind.INTEGRATION),
    )


class ProposedRow(SlotRow):
    kind: str
    number: int


class Proposal(TypedDict):
    sessions: list[ProposedRow]
    weeks: int
    unmet: list[dict[str, str]]


def told(found: Course, program: Program) -> Proposal:
    """A proposal as the API shows it: sessions in order of time, numbered as they would be booked."""
    groups = (
        (SessionKind.PREPARATION, found.preparations),
        (SessionKind.DOSING, found.doses),
        (SessionKind.INTEGRATION, found.integrations),
    )
    rows: list[ProposedRow] = []
    for kind, slots in groups:
        counted = SessionKind.DOSING if kind == SessionKind.INTEGRATION else kind
        first = numbers.next_number(program=program, kind=counted)
        rows += [{**slot.as_dict(), "kind": str(kind), "number": first + i} for i, slot in enumerate(slots)]
    rows.sort(key=lambda row: row["starts_at"])
    return {
        "sessions": rows,
        "weeks": found.weeks(program.location.zone),
        "unmet": [unmet.as_dict() for unmet in found.unmet],
    }
