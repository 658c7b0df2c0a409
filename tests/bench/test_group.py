"""The database of a group can be made: every large table is filled, in its months, and its figures are told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from kapclinic.local.testrun import TestRun
from tests.asking import sql
from tests.bench.group import ACTS, TABLES, Grown, generate, size_of, table_of
from tests.simulation.conftest import fresh

__all__ = ["fresh"]


def test_a_small_share_of_the_group_is_made(
    fresh: Callable[[], AbstractContextManager[None]], test_run: TestRun, capsys: pytest.CaptureFixture[str]
) -> None:
    with fresh():
        grown = {one.table: one for one in generate(test_run, share=0.0001)}
        months = sql(
            "SELECT count(DISTINCT tableoid) FROM trail_auditevent WHERE action = 'session.retrieve'"
        )
        ((strays,),) = sql(
            "SELECT count(*) FROM trail_auditevent WHERE tableoid::regclass::text LIKE '%%_default'"
        )
    assert tuple(grown) == TABLES
    rows = {name: one.rows for name, one in grown.items()}
    sessions = rows["clinic_sessions_session"]
    assert rows["clinic_sessions_reading"] >= 500
    assert rows["clinic_sessions_historicalsession"] >= ACTS * sessions
    assert rows["trail_auditevent"] >= ACTS * sessions + rows["clinic_sessions_reading"]
    assert rows["trail_auditseal"] == rows["trail_auditevent"]
    assert (months[0][0] >= 1, strays) == (True, 0)
    assert all(one.size > 8192 for one in grown.values())
    assert table_of(list(grown.values()), 0.0001) in capsys.readouterr().out


def test_a_twentieth_is_what_it_says() -> None:
    size = size_of(0.05)
    assert abs(size.sessions - 900_000) < 1_000
    assert size.readings == 10_000_000
    assert 1700 < size.days < 1950
    assert size.past_days == size.days - 30
    told = Grown("trail_auditevent", rows=1_000_000, seconds=100, size=500_000_000).line(0.05)
    assert told == "| `trail_auditevent` | 1,000,000 | 10,000 | 500 | 20 M | 10 GB |"
