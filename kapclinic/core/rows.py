"""Work on many rows, each by itself: how a sweep keeps one bad row from stopping the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, transaction
from django.db.models import Model
from django.db.models.base import ModelState
from psycopg.errors import LockNotAvailable

from kapclinic.core.errors import ClinicError

logger = logging.getLogger(__name__)
# Whatever one row can do wrong. Running out of time is none of these: that ends the pass.
FAILURES = (
    ClinicError,
    DatabaseError,
    ObjectDoesNotExist,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
LET_GO = "200ms"  # longer than any request holds a row, as a rule
Row = TypeVar("Row")
M = TypeVar("M", bound=Model)
Other = TypeVar("Other")


def as_row(
    model: type[M], names: Iterable[str], values: Iterable[object], *, using: str | None = DEFAULT_DB_ALIAS
) -> M:
    """A row as the database has it, of the values of these fields: `from_db` that asks nothing."""
    row = model.__new__(model)
    vars(row).update(zip(names, values, strict=False))
    row._state = ModelState()
    row._state.adding, row._state.db = False, using
    return row


def each(rows: Iterable[Row], work: Callable[[Row], int | None]) -> int:
    """The sum of what `work` returns for each of `rows`; None counts as nothing.

    `work` is a transaction of its own. A row that somebody else holds is left for the next pass. One that fails keeps
    no other waiting; it is logged by class, and the first failure is raised at the end, so that it is seen.
    """
    done, held, failures = 0, 0, []
    for row in rows:
        try:
            with unless_held():
                done += work(row) or 0
        except FAILURES as exc:
            if isinstance(exc.__cause__, LockNotAvailable):
                held += 1
                continue
            logger.warning("one row failed, the others go on: %s", type(exc).__name__)
            failures.append(exc)
    if held:
        logger.info("rows that somebody is at, left for the next pass: %d", held)
    if failures:
        raise failures[0]
    return done


def tried(look: Callable[[], Row], *, instead: Other) -> Row | Other:
    """What `look` returns; `instead` when it fails, which is logged by class.

    For what is read ahead of `each`, outside any transaction: the rows that it was read for then go on without it.
    """
    try:
        return look()
    except FAILURES as exc:
        logger.warning("a look ahead failed, its rows go on by themselves: %s", type(exc).__name__)
        return instead


def in_batches(rows: Iterable[Row], work: Callable[[Sequence[Row]], int], *, size: int = 100) -> int:
    """`each`, for work that takes many rows at the price of one: `work` gets up to `size` of them in one transaction.

    A batch that fails, or meets a row that somebody holds, is gone through again row by row: one bad row keeps no other
    waiting here either.
    """
    found, done, alone = list(rows), 0, []
    for start in range(0, len(found), size):
        batch = found[start : start + size]
        try:
            with unless_held():
                done += work(batch)
        except FAILURES as exc:
            logger.info("a batch goes on row by row: %s", type(exc).__name__)
            alone += batch
    return done + each(alone, lambda row: work([row]))


@contextmanager
def unless_held() -> Iterator[None]:
    """A transaction that hardly waits for a lock: what somebody is at is for later.

    :raises OperationalError: by LockNotAvailable, when a row was held longer than LET_GO
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LET_GO])
        yield
