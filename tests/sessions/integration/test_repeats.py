"""Any number of repeated and concurrent runs change nothing more: one booking per obligation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.trail.models import Outbox, Task
from sessions.booking import services as booking
from sessions.booking.models import Allocation, Session
from sessions.integration.models import Obligation
from sessions.integration.services.obligations import schedule_obligation
from sessions.integration.services.placing import sweep_obligations
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.racing import race

RACERS = 8


def state() -> dict[str, list[Any]]:
    """All that scheduling may write."""
    return {
        "obligations": list(Obligation.objects.order_by("pk").values()),
        "sessions": list(Session.objects.order_by("pk").values("pk", "status", "starts_at", "version")),
        "allocations": list(Allocation.objects.order_by("pk").values("pk", "released_at")),
        "tasks": list(Task.objects.order_by("pk").values("pk", "state", "roles", "version")),
        "messages": list(Outbox.objects.order_by("pk").values("key", "status")),
    }


def several(cast: Cast, count: int) -> list[Obligation]:
    """Doses of as many clients, half a day apart: their windows overlap, so they want the same slots."""
    rows = []
    for index in range(count):
        with clock.fixed(MONDAY + timedelta(hours=4 * (index % 2), days=index // 2)):
            who = people.client(cast.north, by=cast.frontdesk, first=f"Kim{index}")
            rows.append(people.owed(cast, people.cleared_program(cast, who=who)))
    return rows


@pytest.mark.parametrize("at_hours", [0, 30, 50, 80])
def test_whatever_was_done_once_is_not_done_again(cast: Cast, at_hours: int) -> None:
    rows = several(cast, 3)
    at = MONDAY + timedelta(hours=at_hours)
    with clock.fixed(at):
        sweep_obligations(at=at)
        before = state()
        for _ in range(5):
            sweep_obligations(at=at)
            for row in rows:
                schedule_obligation(obligation_id=row.pk, at=at)
    assert state() == before


@pytest.mark.django_db(transaction=True)
def test_racing_runs_book_one_session_per_obligation(now: Any) -> None:
    cast = people.assemble()
    rows = several(cast, 4)
    at = MONDAY + timedelta(days=1, hours=6)
    runs: list[Callable[[], Any]] = [lambda: sweep_obligations(at=at) for _ in range(RACERS - len(rows))]
    runs += [lambda pk=row.pk: schedule_obligation(obligation_id=pk, at=at) for row in rows]
    assert race(*runs) == []
    for row in Obligation.objects.select_related("integration_session"):
        assert row.state == "booked"
        assert row.window_start <= row.integration_session.starts_at < row.window_end
        standing = Session.objects.standing().filter(for_dose=row.dosing_session_id)
        assert [session.pk for session in standing] == [row.integration_session_id]
    assert Task.objects.open().filter(kind="integration_confirm").count() == len(rows)
    before = state()
    assert race(*(lambda: sweep_obligations(at=at) for _ in range(RACERS))) == []
    assert state() == before


@pytest.mark.django_db(transaction=True)
def test_racing_runs_tell_each_person_once(now: Any) -> None:
    cast = people.assemble()
    row = people.owed(cast)
    held = Session.objects.get(status="held")
    booking.end_booking(
        session=held, move="cancel", reason="The held slot was freed.", by=cast.frontdesk, at=clock.now()
    )
    for user in (cast.therapist, cast.other_therapist):
        values = {"is_active": False}
        practice.save_staff(user=user, values=values, by=cast.admin, at=clock.now())
    at = MONDAY + timedelta(hours=49)
    assert race(*(lambda: sweep_obligations(at=at) for _ in range(RACERS))) == []
    row.refresh_from_db()
    assert [step["step"] for step in row.escalations] == ["front_desk", "therapist", "medical_director"]
    assert Task.objects.filter(kind="integration_unbooked").count() == 1
    assert Outbox.objects.count() == 2  # the front desk and the director: no therapist is left


@pytest.mark.django_db(transaction=True)
def test_the_worker_and_the_front_desk_do_not_both_book(now: Any) -> None:
    cast = people.assemble()
    row = people.owed(cast)
    ask = people.ask(cast, "integration", row.window_start + timedelta(hours=8))

    def by_hand() -> None:
        visits.book(program_id=row.program_id, ask=ask, obligation_id=row.pk, by=cast.frontdesk, at=MONDAY)

    raised = race(by_hand, lambda: schedule_obligation(obligation_id=row.pk, at=MONDAY))
    assert [type(exc).__name__ for exc in raised] in ([], ["IllegalTransition"])
    row.refresh_from_db()
    assert row.state == "booked"
    assert Session.objects.standing().filter(kind="integration").count() == 1
