"""The one place that reads the wall clock. Interfaces call `now()`; models, rules and services are handed `at`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_fixed: ContextVar[datetime | None] = ContextVar("kap_fixed_now", default=None)


def now() -> datetime:
    """The present moment in UTC, or the moment that `fixed` set."""
    return _fixed.get() or datetime.now(UTC)


@contextmanager
def fixed(at: datetime) -> Iterator[None]:
    """Hold the clock at `at` inside the block."""
    if at.tzinfo is None:
        raise ValueError("A fixed clock needs a time zone.")
    token = _fixed.set(at)
    try:
        yield
    finally:
        _fixed.reset(token)
