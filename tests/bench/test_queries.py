"""No operation sends more statements than docs/queries.tsv says.

A count that grew fails; one that fell is written down by `KAP_WRITE_QUERIES=1 make test ARGS="tests/bench/test_queries.py"`.
"""

from __future__ import annotations

import os

import pytest
from django.db import transaction

from tests.bench import stories
from tests.bench.counting import PAGE, UNKNOWN, Counter, listed, operations, page
from tests.cast import Cast
from tests.journeys.test_whole_program import test_a_client_goes_from_first_call_to_superbill as whole_program

FEWEST_COUNTED = 115


@pytest.fixture
def counts(cast: Cast) -> dict[str, int]:
    """The most statements of each operation; every story begins in the same clinic."""
    counter = Counter()
    for story in (whole_program, stories.desk_day, stories.dose_day):
        with transaction.atomic(), counter.listening():
            story(cast)
            transaction.set_rollback(True)
        cast._desks.clear()
    return counter.counts


def test_no_operation_sends_more_statements_than_the_page_says(counts: dict[str, int]) -> None:
    if os.environ.get("KAP_WRITE_QUERIES"):
        PAGE.write_text(page(counts))
    said = listed()
    grown = {name: (said[name], count) for name, count in counts.items() if count > (said[name] or 10_000)}
    assert grown == {}
    assert {name for name, count in said.items() if count is None} & set(counts) == set()


def test_every_operation_has_its_line() -> None:
    said = listed()
    assert list(said) == sorted(operations()), "an operation is new or gone: write the page again"
    assert sum(count is not None for count in said.values()) >= FEWEST_COUNTED
    assert UNKNOWN in PAGE.read_text()
