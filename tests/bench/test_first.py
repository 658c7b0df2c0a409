"""Each screen's first calls, at 10,000 bookings."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from kapclinic.local.testrun import TestRun
from tests.bench.first import MOST_MS, first_calls
from tests.simulation.conftest import fresh

__all__ = ["fresh"]

SHARED = (
    2  # beside other tests each core gives about half; `python -m tests.bench.first` tells the time alone
)


def test_what_a_screen_asks_for_first_is_answered_at_once(
    fresh: Callable[[], AbstractContextManager[None]], test_run: TestRun
) -> None:
    with fresh():
        took = first_calls(test_run, times=3)
    assert {address for address, _ in took} >= {"/desk/schedule", "/bedside", "/programs/{id}/plan"}
    slow = {call: ms for call, ms in took.items() if ms > MOST_MS * SHARED}
    assert slow == {}
