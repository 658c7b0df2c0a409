"""Work on many rows: what goes wrong with one is told at the end, and keeps no other waiting."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.exceptions import ObjectDoesNotExist

from kapclinic.core.rows import each, in_batches

pytestmark = pytest.mark.django_db
WRONG = [AttributeError, IndexError, KeyError, ObjectDoesNotExist, TypeError, ValueError, ZeroDivisionError]


@pytest.mark.parametrize("wrong", WRONG)
def test_one_row_that_fails_keeps_no_other_waiting(wrong: type[Exception]) -> None:
    done: list[int] = []

    def work(row: int) -> int:
        if row == 1:
            raise wrong
        done.append(row)
        return 1

    def of_many(rows: Sequence[int]) -> int:
        return sum(work(row) for row in rows)

    with pytest.raises(wrong):
        each([0, 1, 2], work)
    assert done == [0, 2]
    done.clear()
    with pytest.raises(wrong):
        in_batches([1, 2], of_many)  # the batch, then row by row
    assert done == [2]


def test_running_out_of_time_ends_the_pass() -> None:
    def work(row: int) -> int:
        assert row == 0
        raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        each([0, 1], work)
