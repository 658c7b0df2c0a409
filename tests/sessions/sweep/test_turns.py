"""Each periodic step is one person's turn at a time, whoever asked for it, and one that is late is seen and run."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.trail import turns
from kapclinic.trail.models import Heartbeat
from sessions.sweep import steps, tasks, ticker
from sessions.sweep.steps import Step
from tests.cast import MONDAY
from tests.faults.stuck import held

pytestmark = pytest.mark.django_db
MINUTE = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two steps that say that they ran: `watch` is a safety step, `tidy` is not."""
    said: list[str] = []

    def step(name: str, *, safety: bool) -> Step:
        def work(*, at: datetime) -> int:
            said.append(name)
            return 1

        return Step(name, work, safety=safety)

    monkeypatch.setattr(steps, "STEPS", (step("watch", safety=True), step("tidy", safety=False)))
    monkeypatch.setattr(steps, "_OTHERS", {})
    turns.expect(at=MONDAY)
    return said


def readyz() -> dict[str, Any]:
    found: dict[str, Any] = Client().get("/readyz").json()
    return found


def test_two_clocks_that_ask_at_once_get_one_run(ran: list[str]) -> None:
    assert steps.run_step("watch", at=MONDAY)
    assert not steps.run_step("watch", at=MONDAY + SECOND)
    assert ran == ["watch"]
    assert steps.run_step("watch", at=MONDAY + MINUTE)


def test_a_step_that_somebody_is_at_is_left_to_them_until_their_time_is_up(ran: list[str]) -> None:
    assert turns.take("watch", at=MONDAY, seconds=30)
    assert not steps.run_step("watch", at=MONDAY + timedelta(seconds=29))
    assert turns.overdue(["watch"], at=MONDAY + timedelta(seconds=29), grace=SECOND) == []
    assert steps.run_step("watch", at=MONDAY + timedelta(seconds=30))  # its process was killed
    assert ran == ["watch"]


@pytest.mark.django_db(transaction=True)  # another connection holds what is committed
def test_a_held_turn_keeps_no_safety_step_waiting(ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_ran_without", {})
    steps.sweep(at=MONDAY)
    ran.clear()
    later = MONDAY + MINUTE
    began = time.monotonic()
    with held("trail_heartbeat", "watch", by="name"), held("trail_heartbeat", "tidy", by="name"):
        assert steps.run_step("watch", at=later)
        assert not steps.run_step("watch", at=later + SECOND)  # it ran a moment ago
        assert not steps.run_step("tidy", at=later)
        assert steps.run_step("watch", at=later + MINUTE)
        assert turns.ages(at=later)["watch"] == (60.0, 60)  # the door tells that something is wrong
    assert ran == ["watch", "watch"]
    assert time.monotonic() - began < 5
    assert [steps.run_step(name, at=later + MINUTE) for name in ("watch", "tidy")] == [True, True]


def test_a_step_that_fails_is_tried_again_a_period_later_and_its_age_tells(
    ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*, at: datetime) -> int:
        raise ValueError("broken")

    monkeypatch.setattr(steps, "STEPS", (Step("watch", broken, safety=True),))
    with pytest.raises(ValueError, match="broken"):
        steps.run_step("watch", at=MONDAY)
    assert not steps.run_step("watch", at=MONDAY + MINUTE - SECOND)
    assert turns.ages(at=MONDAY + MINUTE)["watch"] == (None, 60)


def test_a_step_that_runs_out_of_time_ends_alone(ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*, at: datetime) -> int:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(steps, "STEPS", (Step("slow", slow), *steps.STEPS))
    with pytest.raises(SoftTimeLimitExceeded):
        steps.sweep(at=MONDAY)
    assert ran == ["watch", "tidy"]
    assert {name: age for name, (age, _) in turns.ages(at=MONDAY).items()} == {
        "slow": None,
        "watch": 0,
        "tidy": 0,
    }


def test_the_clock_of_a_worker_runs_what_nobody_asked_for_in_time(ran: list[str]) -> None:
    steps.sweep(at=MONDAY)
    ran.clear()
    with clock.fixed(MONDAY + MINUTE):
        assert ticker.tick(safety=True) == []
    with clock.fixed(MONDAY + MINUTE + SECOND):
        assert ticker.tick(safety=True) == ["watch"]
        assert ticker.tick(safety=False) == []  # the others have a period more
    with clock.fixed(MONDAY + 2 * MINUTE):
        assert ticker.tick(safety=False) == ["tidy"]


@pytest.mark.django_db(transaction=True)  # a thread has a connection of its own
def test_the_clock_of_a_worker_stops_for_nothing(ran: list[str]) -> None:
    over, looks = Event(), []

    def looked(*, safety: bool) -> list[str]:
        looks.append(safety)
        if len(looks) == 2:
            over.set()
        raise OSError("the database is away")

    thread = Thread(
        target=ticker.keep_ticking, args=(over,), kwargs={"safety": True, "tick": looked}, daemon=True
    )
    thread.start()
    thread.join(20)
    over.set()
    assert looks == [True, True]


def test_safety_steps_are_handed_out_into_a_queue_of_their_own(
    ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(
        tasks.run_step,
        "apply_async",
        lambda *, kwargs, queue, **_: sent.append((kwargs["step_id"], queue)),
    )
    tasks.sweep()
    assert sent == [("watch", "safety"), ("tidy", "celery")]


def test_a_step_two_periods_behind_is_seen_at_the_door(ran: list[str], settings: Any) -> None:
    with clock.fixed(MONDAY):
        assert readyz()["last_sweep_seconds"] is None
        assert readyz()["status"] == "degraded"
        steps.sweep(at=MONDAY)
    with clock.fixed(MONDAY + 2 * MINUTE):
        told = readyz()
        assert told["steps"]["watch"] == {"age_seconds": 120.0, "period_seconds": 60}
        assert (told["last_sweep_seconds"], told["status"]) == (120.0, "ok")
        steps.run_step("watch", at=MONDAY + 2 * MINUTE)
    with clock.fixed(MONDAY + 2 * MINUTE + SECOND):
        told = readyz()
        assert told["steps"]["watch"]["age_seconds"] == 1.0
        assert (told["last_sweep_seconds"], told["status"]) == (121.0, "degraded")


def test_a_step_that_is_gone_is_missed_by_nobody(ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEPS", steps.STEPS[:1])
    assert list(turns.ages(at=MONDAY)) == ["watch"]
    turns.expect(at=MONDAY)
    assert set(rows()) == {"watch"}


def rows() -> dict[str, datetime | None]:
    return dict(Heartbeat.objects.values_list("name", "beat_at"))


def test_two_releases_beside_each_other_leave_each_others_steps_alone(
    ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.run_step("watch", at=MONDAY)
    turns.take("tidy", at=MONDAY, seconds=30)
    newer = steps.STEPS
    monkeypatch.setattr(steps, "STEPS", (Step("old", newer[0].work),))
    for after in (timedelta(0), timedelta(hours=23)):
        turns.expect(at=MONDAY + after)
        assert set(rows()) == {"old", "watch", "tidy"}
    with clock.fixed(MONDAY):
        steps.run_step("old", at=MONDAY)
        told = readyz()
        assert (set(told["steps"]), told["status"]) == ({"old"}, "ok")  # what it doesn't know is not late
    turns.expect(at=MONDAY + timedelta(days=1, seconds=31))
    assert set(rows()) == {"old"}


def test_a_step_without_its_row_is_seen_at_the_door_and_gets_it_back(ran: list[str]) -> None:
    steps.sweep(at=MONDAY)
    Heartbeat.objects.filter(name="watch").delete()
    assert not steps.run_step("watch", at=MONDAY + MINUTE)
    with clock.fixed(MONDAY + SECOND):
        told = readyz()
        assert told["steps"]["watch"] == {"age_seconds": None, "period_seconds": 60}
        assert (told["last_sweep_seconds"], told["status"]) == (None, "degraded")
    turns.expect(at=MONDAY + MINUTE)
    assert steps.run_step("watch", at=MONDAY + MINUTE)
    assert rows() == {"watch": MONDAY + MINUTE, "tidy": MONDAY}


def test_to_expect_what_is_known_writes_nothing(ran: list[str], settings: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        turns.expect(at=MONDAY)
    assert len(queries) == 1
    settings.SWEEP_SECONDS = 5
    turns.expect(at=MONDAY)
    assert set(Heartbeat.objects.values_list("period_seconds", flat=True)) == {5}


@pytest.mark.django_db(transaction=True)  # a thread has a connection of its own
def test_the_clock_of_a_worker_gives_a_step_its_row_back_each_period(
    ran: list[str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticker, "LOOK_SECONDS", 0.05)
    settings.SWEEP_SECONDS = 1
    over, begun = Event(), Event()

    def looked(*, safety: bool) -> list[str]:
        begun.set()
        return []

    thread = Thread(
        target=ticker.keep_ticking, args=(over,), kwargs={"safety": True, "tick": looked}, daemon=True
    )
    thread.start()
    assert begun.wait(20)
    Heartbeat.objects.filter(name="watch").delete()
    until = time.monotonic() + 20
    while "watch" not in rows() and time.monotonic() < until:
        time.sleep(0.1)
    over.set()
    thread.join(20)
    assert set(rows()) == {"watch", "tidy"}
