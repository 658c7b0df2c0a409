"""Many are placed from free time that was read once: each gets what a search of its own would have found."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import NumericRange

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM, Room
from kapclinic.trail.models import Outbox, Task
from programs.models import Protocol
from sessions.booking.models import Allocation, Session
from sessions.integration import rules, selectors
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.integration.selectors import Board
from sessions.integration.services import held_slots, placing
from sessions.integration.services.obligations import schedule_obligation
from tests import cast as people
from tests.cast import Cast
from tests.replay import played

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WISHES: list[dict[str, object]] = [
    {},
    {"accepted_modalities": ["video"]},
    {"accepted_modalities": ["video", "in_person"], "preferred_days": [2]},
    {"accepted_modalities": ["in_person"], "preferred_hours": {"from": "13:00", "to": "15:00"}},
    {"preferred_days": [1, 3], "preferred_hours": {"from": "08:00", "to": "09:00"}},
]


def _owing(cast: Cast, index: int, *, protocol: Protocol, dosed_at: datetime, **wishes: object) -> Obligation:
    """A due obligation of a dose that was given at `dosed_at`, with the cast's therapist."""
    who = people.client(cast.north, by=cast.frontdesk, first=f"Robin{index}", phone=f"303-555-{index:04d}")
    program = people.opened_program(cast, protocol=protocol, who=who, **wishes)
    dose = Session(
        program=program,
        client=who,
        location=cast.north,
        room=cast.aspen,
        kind="dosing",
        number=1,
        modality="in_person",
        starts_at=dosed_at - HOUR,
        ends_at=dosed_at + HOUR,
        status="completed",
        outcome="dosed",
    ).save_by(cast.np, at=clock.now())
    return Obligation(
        dosing_session=dose,
        program=program,
        client=who,
        therapist=program.therapist,
        dosed_at=dosed_at,
        window_start=dosed_at + 24 * HOUR,
        window_end=dosed_at + 72 * HOUR,
    ).save_by(cast.np, at=clock.now())


@pytest.fixture
def crowd(cast: Cast) -> list[Obligation]:
    """Ten obligations of several wishes, at a clinic with rooms to be cleaned and one more trained therapist."""
    people.colleague(cast, "third_therapist", "therapist", kap_trained=True)
    found: list[Obligation] = played("ten who are owed", lambda: _crowd(cast))
    return found


def _crowd(cast: Cast) -> list[Obligation]:
    people.room("Dogwood", cast.north, ["integration"], turnover=25)
    people.room("Alder", cast.north, ["integration", "medical"], turnover=10)
    protocol = people.approved_protocol(cast)
    doses = [clock.now() - HOUR - n * 7 * MINUTE for n in range(10)]
    return [
        _owing(cast, n, protocol=protocol, dosed_at=dosed_at, **WISHES[n % len(WISHES)])
        for n, dosed_at in enumerate(doses)
    ]


def _scattered(cast: Cast, rows: Iterable[Obligation], seed: int) -> None:
    """Clients, rooms and therapists are held now and then, to the second, from tomorrow on."""
    chance, session = Random(seed), Session.objects.order_by("pk").first()
    resources: list[tuple[str, UUID]] = [
        *(("client", row.client_id) for row in rows),
        *(("room", room.pk) for room in Room.objects.filter(location=cast.north)),
        *(("staff", cast.people[name].pk) for name in ("therapist", "other_therapist", "third_therapist")),
    ]
    found = []
    for kind, resource in resources:
        moment = clock.now() + timedelta(hours=chance.randrange(20), seconds=chance.choice([0, 0, 31]))
        while moment < clock.now() + timedelta(days=5):
            length = MINUTE * chance.choice([1, 20, 45, 60, 180, 360])
            lanes = chance.choice([(0, 100), (0, 1), (100, 101)]) if kind == "staff" else (0, 100)
            found.append(
                Allocation(
                    session=session,
                    kind=kind,
                    resource=resource,
                    lanes=NumericRange(*lanes),
                    starts_at=moment,
                    ends_at=moment + length,
                    released_at=clock.now() if chance.random() < 0.2 else None,
                    created_at=clock.now(),
                    created_by=cast.frontdesk.pk,
                )
            )
            moment += length + MINUTE * chance.randrange(0, 400, 5)
    Allocation.objects.bulk_create(found)


def _apart(board: Board, owing: dict[UUID, selectors.Owed], at: datetime) -> int:
    """How many obligations have a slot; each has on the board what a search of its own finds."""
    placed = 0
    for row in owing.values():
        one = row.obligation
        alone = selectors.candidates(
            program=one.program, dose=one.dosing_session, start=one.window_start, end=one.window_end, at=at
        )
        assert board.slots(row.sought) == alone
        placed += bool(alone)
    return placed


@pytest.mark.parametrize("seed", range(4))
def test_the_board_has_what_each_search_would_find(cast: Cast, crowd: list[Obligation], seed: int) -> None:
    _scattered(cast, crowd, seed)
    if seed == 3:
        practice.write_time_off(
            user=cast.therapist,
            starts_at=clock.now(),
            ends_at=clock.now() + timedelta(days=2, hours=3, minutes=7),
            reason="Away",
            by=SYSTEM,
            at=clock.now(),
        )
    for late in (timedelta(0), timedelta(hours=30, minutes=3)):
        at = clock.now() + late
        owing = selectors.owed([row.pk for row in crowd])
        assert _apart(Board((row.sought for row in owing.values()), at=at), owing, at) > 0


def test_what_is_booked_from_the_board_is_taken_off_it(cast: Cast, crowd: list[Obligation]) -> None:
    _scattered(cast, crowd, 7)
    at, owing = clock.now(), selectors.owed([row.pk for row in crowd])
    board = Board((row.sought for row in owing.values()), at=at)
    for row in crowd[:5]:
        obligation = schedule_obligation(obligation_id=row.pk, at=at)
        assert obligation is not None
        assert obligation.integration_session is not None
        board.take(obligation.integration_session)
        del owing[row.pk]
        _apart(board, owing, at)


def _booked() -> set[tuple[UUID, datetime, str, UUID | None, str]]:
    rows = Session.objects.filter(kind="integration", status="scheduled")
    return {(row.client_id, row.starts_at, row.modality, row.room_id, row.staff[0]["user"]) for row in rows}


def test_a_sweep_books_what_one_after_the_other_would_get(
    cast: Cast, crowd: list[Obligation], monkeypatch: pytest.MonkeyPatch
) -> None:
    _scattered(cast, crowd, 5)
    at = clock.now()
    with transaction.atomic():
        for pk, _ in selectors.waiting(at=at).values_list("pk", "state"):
            schedule_obligation(obligation_id=pk, at=at)
        alone = _booked()
        states = dict(Obligation.objects.values_list("client", "state"))
        transaction.set_rollback(True)
    monkeypatch.setattr(placing, "BATCH", 4)
    assert integration.sweep_obligations(at=at) == len(crowd)
    assert _booked() == alone
    assert dict(Obligation.objects.values_list("client", "state")) == states
    assert len(alone) > 1


def _fits(one: Obligation, start: datetime, end: datetime, at: datetime) -> bool:
    """Does a search of its own find a slot for it between these?"""
    start, end = max(one.window_start, start), min(one.window_end, end)
    found = selectors.candidates(program=one.program, dose=one.dosing_session, start=start, end=end, at=at)
    return start < end and bool(found)


@pytest.mark.parametrize("seed", range(2))
def test_a_freed_hour_fits_whom_a_search_of_their_own_would_find_it_for(
    cast: Cast, crowd: list[Obligation], seed: int
) -> None:
    _scattered(cast, crowd, seed)
    at, outcomes = clock.now(), set()
    for hours in range(20, 80, 3):
        start = at + hours * HOUR + 4 * MINUTE
        found = selectors.fitting(crowd, start=start, end=start + HOUR, at=at)
        assert found == [row for row in crowd if _fits(row, start, start + HOUR, at)]
        outcomes |= {row in found for row in crowd}
    assert outcomes == {True, False}


# --- told once ---------------------------------------------------------------------------------------------------------


class Statements:
    """Counts the statements that a connection is asked."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.count += 1
        return execute(sql, params, many, context)


def _swept(at: datetime) -> int:
    """How many statements a sweep took."""
    with connection.execute_wrapper(asked := Statements()):
        integration.sweep_obligations(at=at)
    return asked.count


def test_a_freed_hour_costs_the_same_whatever_is_due(crowd: list[Obligation]) -> None:
    start, costs = clock.now() + 24 * HOUR, []
    for due in (crowd[:1], crowd):
        with connection.execute_wrapper(asked := Statements()):
            assert selectors.fitting(due, start=start, end=start + 6 * HOUR, at=clock.now())
        costs.append(asked.count)
    assert costs[0] == costs[1] <= 4


def test_placing_one_more_is_few_statements(crowd: list[Obligation]) -> None:
    assert _swept(clock.now()) <= 12 + 13 * len(crowd)
    assert set(Obligation.objects.values_list("state", flat=True)) == {"booked"}


def test_who_can_not_be_placed_is_told_once_and_costs_nothing_after_that(
    cast: Cast, crowd: list[Obligation]
) -> None:
    for name in ("therapist", "other_therapist", "third_therapist"):
        values = {"starts_at": clock.now(), "ends_at": clock.now() + timedelta(days=7), "reason": "Away"}
        practice.write_time_off(user=cast.people[name], **values, by=SYSTEM, at=clock.now())
    told = _swept(clock.now())
    assert Task.objects.open().filter(kind="integration_unbooked").count() == len(crowd)
    assert _swept(clock.now() + MINUTE) <= 12 < told
    ticked = Task.objects.open().earliest("created_at")
    cast.desk("frontdesk").must(f"tasks/{ticked.pk}/done/", {"outcome": "Will call tomorrow"})
    integration.sweep_obligations(at=clock.now() + 2 * MINUTE)
    assert Task.objects.open().filter(kind="integration_unbooked").count() == len(crowd)
    assert Outbox.objects.filter(template="worklist").count() == len(crowd)


def test_doses_that_no_slot_is_free_for_cost_a_sweep_nothing_each(cast: Cast) -> None:
    protocol = people.approved_protocol(cast, min_preparations=0)
    start = clock.now() + timedelta(days=1)
    values = {"starts_at": start + 12 * HOUR, "ends_at": start + timedelta(days=9), "reason": "Away"}
    away = practice.write_time_off(user=cast.therapist, **values, by=SYSTEM, at=clock.now())
    doses = []
    for n in range(3):
        who = people.client(cast.north, by=cast.frontdesk, first=f"Robin{n}", phone=f"303-555-{n:04d}")
        program = people.cleared_program(cast, protocol=protocol, who=who)
        doses.append(people.booked(cast, program, "dosing", start + 3 * n * HOUR))
    assert Task.objects.open().filter(kind="integration_no_slot").count() == len(doses)
    with connection.execute_wrapper(asked := Statements()):
        assert held_slots.sweep_unheld(at=clock.now()) == len(doses)
    assert asked.count <= 8
    practice.cancel_time_off(time_off_id=away.pk, reason="Back", by=cast.admin, at=clock.now())
    held_slots.sweep_unheld(at=clock.now())
    held = Session.objects.filter(status="held").values_list("for_dose", flat=True)
    assert set(held) == {dose.pk for dose in doses}


# --- one that can not be looked at -------------------------------------------------------------------------------------


def _poison(monkeypatch: pytest.MonkeyPatch, name: str, program_id: UUID) -> None:
    """What is asked of the rules about that program fails, as for a row whose wishes nobody can read."""
    real = getattr(rules, name)

    def fails(*args: Any, **more: Any) -> Any:
        if any(getattr(arg, "pk", None) == program_id for arg in args):
            raise KeyError(name)
        return real(*args, **more)

    monkeypatch.setattr(rules, name, fails)


@pytest.mark.parametrize("name", ["ranked", "modalities"])
def test_one_that_can_not_be_looked_at_keeps_no_other_waiting_and_climbs(
    crowd: list[Obligation], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    bad = crowd[-1]  # the first to be looked at
    _poison(monkeypatch, name, bad.program_id)
    at = bad.dosed_at + 25 * HOUR
    with pytest.raises(KeyError, match=name):
        integration.sweep_obligations(at=at)
    states = dict(Obligation.objects.values_list("pk", "state"))
    assert states.pop(bad.pk) == "due"
    assert set(states.values()) == {"booked"}
    (row,) = Task.objects.open().filter(kind="integration_unbooked")
    assert row.subject_id == bad.pk
    integration.sweep_obligations(at=bad.window_end)
    bad.refresh_from_db()
    assert bad.state == "missed"


@pytest.mark.parametrize("name", ["owed", "reminded", "Board"])
def test_a_batch_that_can_not_be_read_is_gone_through_one_by_one(
    crowd: list[Obligation], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def fails(rows: Any, **_: Any) -> Any:
        if list(rows) or name == "reminded":
            raise KeyError(name)
        return Board((), at=clock.now())

    monkeypatch.setattr(placing if name == "Board" else selectors, name, fails)
    assert integration.sweep_obligations(at=clock.now()) == len(crowd)
    assert set(Obligation.objects.values_list("state", flat=True)) == {"booked"}


@pytest.mark.django_db(transaction=True)
def test_a_batch_whose_statement_fails_leaves_no_broken_transaction(
    crowd: list[Obligation], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    monkeypatch.setattr(selectors, "owed", fails)
    assert integration.sweep_obligations(at=clock.now()) == len(crowd)
    assert set(Obligation.objects.values_list("state", flat=True)) == {"booked"}


@pytest.mark.parametrize("name", ["ranked", "window"])
def test_a_dose_that_can_not_be_looked_at_keeps_no_other_from_its_slot(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    protocol = people.approved_protocol(cast, min_preparations=0)
    start = clock.now() + timedelta(days=1)
    values = {"starts_at": start + 12 * HOUR, "ends_at": start + timedelta(days=9), "reason": "Away"}
    away = practice.write_time_off(user=cast.therapist, **values, by=SYSTEM, at=clock.now())
    doses = []
    for n in range(2):
        who = people.client(cast.north, by=cast.frontdesk, first=f"Robin{n}", phone=f"303-555-{n:04d}")
        program = people.cleared_program(cast, protocol=protocol, who=who)
        doses.append(people.booked(cast, program, "dosing", start + 3 * n * HOUR))
    practice.cancel_time_off(time_off_id=away.pk, reason="Back", by=cast.admin, at=clock.now())
    assert not Session.objects.filter(status="held").exists()
    if name == "ranked":
        _poison(monkeypatch, "ranked", doses[0].program_id)
    else:
        real = selectors.window_of_booked

        def fails(dose: Session, program: Any) -> Any:
            if dose.pk == doses[0].pk:
                raise KeyError(name)
            return real(dose, program)

        monkeypatch.setattr(selectors, "window_of_booked", fails)
    with pytest.raises(KeyError, match=name):
        held_slots.sweep_unheld(at=clock.now())
    assert [row.for_dose_id for row in Session.objects.filter(status="held")] == [doses[1].pk]
