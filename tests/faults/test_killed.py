"""Chaos for ten seconds: broker, worker and beat are wiped and killed while doses are recorded; all are followed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kapclinic.local.ports import free_port
from kapclinic.local.processes import Processes
from kapclinic.local.valkey import Valkey
from kapclinic.local.warm import Launcher
from tests import cast as people
from tests.faults.crowd import (
    Nurse,
    assert_every_dose_is_followed,
    ready_clients,
    sweeping,
    two_sweeps,
    until,
)

CLIENTS, SECONDS = 16, 10
PERIOD = "2"  # seconds of the sweep: each pass costs as much as many doses


def _faults(
    processes: Processes, second_beat: Processes, valkey: Valkey
) -> list[tuple[float, Callable[[], None]]]:
    """What happens at which second."""
    return [
        (0.5, valkey.flush),
        (1, lambda: second_beat.start("beat")),
        (1.5, lambda: processes.kill9("worker")),
        (2, lambda: processes.start("worker")),
        (2.5, valkey.kill),
        (3.5, valkey.start),
        (4, lambda: processes.kill9("beat")),
        (4.5, lambda: processes.start("beat")),
        (5, valkey.flush),
        (5.5, valkey.kill),
        (5.5, lambda: processes.kill9("worker")),
        (6, lambda: processes.kill9("beat")),
        (7, valkey.start),
        (7, lambda: processes.start("worker", "beat")),
        (8, valkey.flush),
        (9, valkey.flush),
    ]


@pytest.fixture
def second_beat(clinic_env: dict[str, str], tmp_path: Path, launcher: Launcher) -> Processes:
    """A second beat beside the first: a mistake in the running, which must not matter."""
    logs = tmp_path / "second"
    logs.mkdir()
    return Processes(env=clinic_env, port=free_port(), logs=logs, launcher=launcher)


def test_doses_that_are_recorded_through_the_chaos_are_all_followed_once(
    clinic_orm: None, run_processes: Processes, second_beat: Processes, private_valkey: Valkey
) -> None:
    run_processes.env |= {"SWEEP_SECONDS": PERIOD}
    run_processes.start("web", "worker", "beat")
    cast = people.assemble()
    sessions = ready_clients(cast, CLIENTS)
    run_processes.wait_ready()
    until(lambda: sweeping(run_processes), seconds=40, what="the first sweep")
    nurse = Nurse.of(cast, run_processes)
    began = time.monotonic()

    def wait_for(second: float) -> None:
        time.sleep(max(0.0, began + second - time.monotonic()))

    def chaos() -> None:
        for second, fault in _faults(run_processes, second_beat, private_valkey):
            wait_for(second)
            fault()

    thread = threading.Thread(target=chaos)
    thread.start()
    try:
        for index, session in enumerate(sessions):
            wait_for(index * SECONDS / CLIENTS)
            nurse.dose(session)
        thread.join(timeout=60)
        assert not thread.is_alive()
        assert [status for status, _ in nurse.answers] == [201] * CLIENTS
        until(lambda: sweeping(run_processes), seconds=30, what="a sweep after the chaos")
        two_sweeps()
        assert_every_dose_is_followed(CLIENTS)
        two_sweeps()  # two beats go on, and change nothing more
        assert_every_dose_is_followed(CLIENTS)
        assert run_processes.ended() is None
    finally:
        second_beat.close()
