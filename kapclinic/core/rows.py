"""Work on many rows, each by itself: how a sweep keeps one bad row from stopping the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import DatabaseError

from kapclinic.core.errors import ClinicError

logger = logging.getLogger(__name__)
FAILURES = (ClinicError, DatabaseError, ValueError, KeyError, TypeError)
Row = TypeVar("Row")


def each(rows: Iterable[Row], work: Callable[[Row], int | None]) -> int:
    """The sum of what `work` returns for each of `rows`; None counts as nothing.

    `work` is a transaction of its own. One that fails keeps no other waiting; it is logged by class, and the first
    failure is raised at the end, so that it is seen.
    """
    done, failures = 0, []
    for row in rows:
        try:
            done += work(row) or 0
        except FAILURES as exc:
            logger.warning("one row failed, the others go on: %s", type(exc).__name__)
            failures.append(exc)
    if failures:
        raise failures[0]
    return done
