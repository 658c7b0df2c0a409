"""Whatever the desks do, one after the other: nothing is held twice or for nobody, and no integration is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from kapclinic.core import clock
from kapclinic.core.errors import ClinicError
from kapclinic.practice import services as practice
from kapclinic.practice.models import TimeOff, User
from kapclinic.trail.models import Task
from programs.models import Program
from sessions.absences import services
from sessions.booking.models import Allocation, Session, SessionHold
from sessions.booking.services.bookings import Ask, sweep_kept_slots
from sessions.integration.models import Obligation
from sessions.integration.services.placing import sweep_obligations
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY

HOUR = timedelta(hours=1)
KINDS = ("preparation", "dosing", "medical", "integration")
WAITS = (timedelta(minutes=6), 7 * HOUR, 20 * HOUR)  # a hold ends, a day passes, a window closes
OPEN = ("held", "scheduled")


@dataclass(frozen=True)
class Step:
    do: str
    whose: int  # of the two programs
    kind: str
    start: datetime
    where: int  # of the two rooms
    who: int  # of the two therapists
    nth: int  # which of the program's sessions
    forced: bool  # with a reason to override


STEPS = st.builds(
    Step,
    do=st.sampled_from(
        [
            "book",
            "book",
            "hold",
            "take",
            "double",
            "double",
            "move",
            "move",
            "swap",
            "swap",
            "cancel",
            "away",
            "away",
            "back",
            "wait",
        ]
    ),
    whose=st.integers(0, 1),
    kind=st.sampled_from(KINDS),
    start=st.builds(
        lambda days, quarter: TUESDAY + timedelta(days=days, minutes=15 * quarter),
        st.sampled_from([0, 0, 0, 1, 2, 3]),
        st.integers(-4, 12),
    ),
    where=st.integers(0, 1),
    who=st.integers(0, 1),
    nth=st.integers(0, 5),
    forced=st.booleans(),
)


@dataclass
class Floor:
    """Two programs whose first dose was given an hour ago and whose integration is booked; rooms and therapists."""

    cast: Cast
    programs: list[Program]
    at: datetime

    def refuses(self, step: Step) -> bool:
        """Act, and say whether it was refused as the API would."""
        try:
            with transaction.atomic():
                getattr(self, f"_{step.do}")(step)
        except ClinicError as refusal:
            if refusal.status not in {400, 409}:
                raise
            return True
        return False

    def _book(self, step: Step, **more: Any) -> None:
        program = self.programs[step.whose]
        ask = self._ask(step, step.kind)
        visits.book(
            program_id=program.pk, ask=ask, obligation_id=None, by=self.cast.frontdesk, at=self.at, **more
        )

    def _hold(self, step: Step) -> None:
        ask = self._ask(step, step.kind)
        visits.keep(program_id=self.programs[step.whose].pk, ask=ask, by=self.cast.frontdesk, at=self.at)

    def _take(self, step: Step) -> None:
        """Book what was held."""
        held = SessionHold.objects.filter(program=self.programs[step.whose], released_at__isnull=True).first()
        if held is not None:
            ask = Ask(held.kind, held.modality, held.starts_at, held.ends_at, held.room_id, held.staff)
            visits.book(
                program_id=held.program_id,
                ask=ask,
                obligation_id=None,
                hold_id=held.pk,
                by=self.cast.frontdesk,
                at=self.at,
            )

    def _double(self, step: Step) -> None:
        """Book over whatever stands there, on purpose."""
        ask = self._ask(step, step.kind, override=("room", "staff"), override_reason="Agreed with all")
        program = self.programs[step.whose]
        visits.book(program_id=program.pk, ask=ask, obligation_id=None, by=self.cast.frontdesk, at=self.at)

    def _move(self, step: Step) -> None:
        session = self._session(step)
        if session is not None:
            ask = self._ask(step, session.kind)
            values = {
                "starts_at": step.start,
                "ends_at": step.start + (session.ends_at - session.starts_at),
                "room": ask.room,
                "staff": ask.staff,
                "reason": "They asked",
                "override_reason": "Agreed with all" if step.forced else "",
            }
            visits.reschedule(session_id=session.pk, values=values, by=self.cast.frontdesk, at=self.at)

    def _swap(self, step: Step) -> None:
        rows = list(Session.objects.filter(status__in=OPEN).order_by("created_at", "pk"))
        if rows:
            one, other = rows[step.nth % len(rows)], rows[(step.nth + 1) % len(rows)]
            visits.swap(
                first_id=one.pk, second_id=other.pk, reason="They asked", by=self.cast.frontdesk, at=self.at
            )

    def _cancel(self, step: Step) -> None:
        session = self._session(step)
        if session is not None:
            visits.end(session_id=session.pk, move="cancel", reason="Ill", by=self.cast.frontdesk, at=self.at)

    def _away(self, step: Step) -> None:
        """Somebody is away for half a day; every session goes the first way out that is shown, or is cancelled."""
        user = (self.cast.therapist, self.cast.other_therapist, self.cast.np)[step.nth % 3]
        span = {"user_id": user.pk, "starts_at": step.start, "ends_at": step.start + 5 * HOUR}
        shown = services.preview(**span, by=self.cast.frontdesk, at=self.at)
        moves = [
            self._way_out(session, ways) for session, ways in shown["sessions"] if session.status != "held"
        ]
        services.record(**span, reason="Away", moves=moves, by=self.cast.frontdesk, at=self.at)

    def _way_out(self, session: Session, ways: list[Any]) -> dict[str, Any]:
        if not ways:
            return {"session": session.pk, "cancel": True, "reason": "Away"}
        named = {name: value for name, value in ways[0].as_dict().items() if name != "kind"}
        return {"session": session.pk, "cancel": False} | named

    def _back(self, step: Step) -> None:
        gone = TimeOff.objects.filter(cancelled_at__isnull=True).first()
        if gone is not None:
            practice.cancel_time_off(time_off_id=gone.pk, reason="Back", by=self.cast.frontdesk, at=self.at)

    def _wait(self, step: Step) -> None:
        self.at += WAITS[step.nth % 3]
        self.sweep()

    def sweep(self) -> None:
        """What the worker does within a minute."""
        sweep_obligations(at=self.at)
        sweep_kept_slots(at=self.at)

    def _session(self, step: Step) -> Session | None:
        found = Session.objects.filter(program=self.programs[step.whose], status__in=OPEN)
        rows = list(found.order_by("created_at", "pk"))
        return rows[step.nth % len(rows)] if rows else None

    def _ask(self, step: Step, kind: str, **more: Any) -> Ask:
        therapist = (self.cast.therapist, self.cast.other_therapist)[step.who]
        staff = [{"user": therapist.pk, "role": "therapist"}]
        if kind == "medical":
            staff = [{"user": self.cast.prescriber.pk, "role": "prescriber"}]
        if kind == "dosing":
            staff.append({"user": self.cast.np.pk, "role": "nurse_practitioner"})
        ends = step.start + timedelta(minutes=desk.LENGTHS[kind])
        room = (self.cast.aspen, self.cast.birch)[step.where].pk
        return Ask(kind, "in_person", step.start, ends, room, staff, **more)


# --- what must hold, looked up in the rows by these lines alone -------------------------------------------


def held_twice() -> list[str]:
    """Pairs of live allocations that hold one resource on one lane at one time (R1)."""
    found: dict[UUID, list[Allocation]] = {}
    for row in Allocation.objects.filter(released_at__isnull=True):
        found.setdefault(row.resource, []).append(row)
    return [
        f"{a.kind} {a.lanes} {a.starts_at}-{a.ends_at} and {b.lanes} {b.starts_at}-{b.ends_at}"
        for rows in found.values()
        for a, b in combinations(rows, 2)
        if max(a.starts_at, b.starts_at) < min(a.ends_at, b.ends_at)
        and max(a.lanes.lower, b.lanes.lower) < min(a.lanes.upper, b.lanes.upper)
    ]


def _wanted(owner: Session | SessionHold) -> Counter[tuple[Any, ...]]:
    """What a session or a hold has to hold: (owner, kind, resource, from, to)."""
    start, end = owner.starts_at, owner.ends_at
    found = [("client", owner.client_id, start, end)]
    if owner.room is not None:
        found.append(("room", owner.room_id, start, end + timedelta(minutes=owner.room.turnover_min)))
    for row in owner.staff:
        named = [need for need in owner.program.protocol.resources if need["role"] == row["role"]]
        parts = [(need["from_min"], need["to_min"]) for need in named] if owner.kind == "dosing" else []
        for first, last in parts or [(0, 10_000)]:
            begins, until = start + timedelta(minutes=first), start + timedelta(minutes=last)
            if begins < end:
                found.append(("staff", UUID(row["user"]), begins, min(end, until)))
    return Counter((owner.pk, *one) for one in found)


def orphans() -> dict[str, Any]:
    """Allocations without an owner that stands, and owners without their allocations (R2)."""
    related = ("program__protocol", "room")
    wanted: Counter[tuple[Any, ...]] = Counter()
    for session in Session.objects.standing().select_related(*related):
        wanted += _wanted(session)
    for hold in SessionHold.objects.filter(released_at__isnull=True).select_related(*related):
        wanted += _wanted(hold)
    live = Counter(
        (row.session_id or row.hold_id, row.kind, row.resource, row.starts_at, row.ends_at)
        for row in Allocation.objects.filter(released_at__isnull=True)
    )
    return {"lost": list(live - wanted), "missing": list(wanted - live)}


def _told(owed: Obligation, kind: str) -> bool:
    steps = bool(owed.escalations)
    return steps and Task.objects.filter(kind=kind, subject_id=owed.pk, state="open").exists()


def adrift() -> list[str]:
    """Integrations that are neither in the book inside their window nor on somebody's worklist (R4)."""
    wrong = []
    for owed in Obligation.objects.select_related("integration_session"):
        session = owed.integration_session
        inside = session is not None and owed.window_start <= session.starts_at < owed.window_end
        late = session is not None and session.starts_at >= owed.window_end
        well = {
            "booked": inside or (late and _told(owed, "integration_late")),
            "due": session is None and _told(owed, "integration_unbooked"),
            "missed": session is None and _told(owed, "integration_missed"),
        }[owed.state]
        standing = Session.objects.standing().filter(kind="integration", for_dose=owed.dosing_session)
        linked = [session.pk] if session is not None else []
        if not well or list(standing.values_list("pk", flat=True)) != linked:
            wrong.append(f"{owed.state}: {session and session.starts_at}, window until {owed.window_end}")
    return wrong


# --- any sequence -----------------------------------------------------------------------------------------


def _dosed(cast: Cast, program: Program, therapist: User, room: Any) -> None:
    staff = [
        {"user": therapist.pk, "role": "therapist"},
        {"user": cast.np.pk, "role": "nurse_practitioner"},
    ]
    people.give(cast, people.ready_dose(cast, program, room=room.pk, staff=staff))


@pytest.fixture
def floor(cast: Cast) -> Iterator[Floor]:
    cast.np.monitor_capacity = 2
    cast.np.save_by(cast.admin, at=clock.now())
    cast.north.override_roles = ["front_desk"]
    cast.north.save_by(cast.admin, at=clock.now())
    cast.aspen.turnover_min = 15
    cast.aspen.save_by(cast.admin, at=clock.now())
    protocol = people.approved_protocol(cast, min_preparations=0)
    therapists, rooms = (cast.therapist, cast.other_therapist), (cast.aspen, cast.birch)
    programs = [
        people.cleared_program(cast, protocol=protocol, who=client, therapist=therapist.pk)
        for client, therapist in zip(desk.clients_of(cast, 2), therapists, strict=True)
    ]
    for program, therapist, room in zip(programs, therapists, rooms, strict=True):
        _dosed(cast, program, therapist, room)
    sweep_obligations(at=MONDAY)
    return Floor(cast, programs, MONDAY)


def _step(do: str, start: datetime = TUESDAY, **more: Any) -> Step:
    given_ = {"whose": 0, "kind": "preparation", "where": 0, "who": 0, "nth": 0, "forced": True}
    return Step(do=do, start=start, **given_ | more)


LATE_THEN_MISSED = [_step("move", TUESDAY + timedelta(days=3)), _step("cancel"), *[_step("wait", nth=2)] * 4]


@settings(
    max_examples=10,  # eight of them do every kind of step, refused and done
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a failure is told at once: shrinking it would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(sequence=LATE_THEN_MISSED)
@given(sequence=st.lists(STEPS, min_size=4, max_size=14))
def test_no_sequence_holds_a_thing_twice_or_for_nobody_or_loses_an_integration(
    floor: Floor, sequence: list[Step]
) -> None:
    with transaction.atomic():
        floor.at = MONDAY
        for step in sequence:
            before = desk.book_of_sessions()
            refused = floor.refuses(step)
            assert not refused or desk.book_of_sessions() == before
            assert held_twice() == []
            assert orphans() == {"lost": [], "missing": []}
            floor.sweep()
            assert adrift() == []
        assert held_twice() == []
        assert orphans() == {"lost": [], "missing": []}
        transaction.set_rollback(True)
