"""The bench itself runs: every job is answered by every server, and the page says so."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from kapclinic.local.testrun import TestRun
from kapclinic.local.warm import Launcher
from tests.bench import page
from tests.bench.run import Pace, bench
from tests.bench.seed import Size
from tests.simulation.conftest import fresh

__all__ = ["fresh"]


def test_every_server_answers_every_job(
    fresh: Callable[[], AbstractContextManager[None]],
    test_run: TestRun,
    launcher: Launcher,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pace = Pace(seconds=0.01, rounds=1, alone=0.01, warm=0.01, looked_into=5)
    with fresh():
        rows = bench(test_run, scale=0.01, pace=pace, write=False, launcher=launcher)
    assert len(rows) == 11
    for row in rows:
        for measured in filter(None, (row.ours, row.bare, row.plain)):
            statuses = {status for heard in measured.rounds for status in heard.statuses}
            assert statuses <= {200, 201, 304}, (row.name, measured.rounds[0].refused)
    assert [row.name for row in rows if row.limit is not None] == [row.name for row in rows[:6]]
    told = page.write(rows, Size.of(0.01), scale=0.01, seconds=0.01, rounds=1)
    for row in rows:
        assert told.count(f"| {row.name} |") == 2
    assert page.distances(rows) in capsys.readouterr().out


def test_a_scale_means_whole_days_and_enough_clients() -> None:
    assert Size.of(1) == Size(sessions=50_000, readings=200_000, clients=20_000)
    assert Size.of(10).sessions == 500_000
    least = Size.of(0.001)
    assert (least.sessions, least.readings, least.clients, least.days) == (160, 200, 100, 2)
