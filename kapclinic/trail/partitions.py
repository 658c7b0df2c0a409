"""Tables that are kept by the month: their partitions are made ahead, and what lacks one is told.

A row whose month has no partition goes into the table's default one (`sql/partitions.sql`), so nothing is refused for
want of one; but what piles up there is found more slowly, and stays there.
"""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from kapclinic.core.rows import each
from kapclinic.trail.sql import MAKE_MONTH, MONTHS

logger = logging.getLogger(__name__)
AHEAD = 3  # months: as long may nobody sweep before a row finds no partition


class Month(NamedTuple):
    """A month (its first day, UTC) of one table.

    `is_taken`: the default partition holds rows of that month, so it can't have one of its own any more. `has_strays`:
    it holds rows of whatever time.
    """

    table: str
    month: date
    is_there: bool
    is_taken: bool
    has_strays: bool

    def __str__(self) -> str:
        return f"{self.table} {self.month:%Y-%m}"


def months(*, at: datetime, ahead: int) -> list[Month]:
    """The month of `at` and `ahead` more of every table that is kept by the month, but those that are over."""
    with connection.cursor() as cursor:
        cursor.execute(MONTHS, [at, ahead])
        return [Month(*row) for row in cursor.fetchall()]


def make_partitions(*, at: datetime) -> int:
    """Make the partitions of this month and of AHEAD more that are not there; returns how many.

    Each waits a moment at most for whoever reads the default partition, a backup for one, and is made in a later pass
    then. A month that the default partition already holds rows of is left there, and told of each time.
    """
    lacking = [month for month in months(at=at, ahead=AHEAD) if not month.is_there]
    for month in lacking:
        if month.is_taken:
            logger.warning("the default partition holds rows of a month, which so gets none: %s", month)
    return each([month for month in lacking if not month.is_taken], _make)


def _make(month: Month) -> int:
    with connection.cursor() as cursor:
        cursor.execute(MAKE_MONTH, [month.table, month.month])
        return int(cursor.fetchone()[0])
