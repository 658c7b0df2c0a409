"""What a statement costs whole and by the month can be measured again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from django.db import connection

from kapclinic.local.servers import with_path
from kapclinic.local.testrun import TestRun
from tests.bench.months import measure
from tests.simulation.conftest import fresh

__all__ = ["fresh"]


def test_every_statement_is_measured_whole_and_by_the_month(
    fresh: Callable[[], AbstractContextManager[None]], test_run: TestRun
) -> None:
    with fresh():
        url = with_path(test_run.servers.superuser, str(connection.settings_dict["NAME"]))
        told = measure(url, rows=6_000, seconds=0.01)
    assert len({name for name, _, _ in told}) == 8
    assert all(whole >= 0 and months >= 0 for _, whole, months in told)
