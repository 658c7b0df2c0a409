"""Fixtures that every test shares."""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator
from datetime import datetime

import pytest
from django.db import connection

from kapclinic.core import clock
from kapclinic.trail import strangers
from tests import cast as people
from tests.cast import Cast
from tests.hashers import hash_quickly
from tests.replay import played

# Of a minute each, or mostly of waiting for processes: begun last, one would keep one core long after the other is done.
LONG = (
    "tests/local/",
    "tests/faults/",
    "tests/bench/",
    "tests/simulation/",
    "tests/practice/test_demo_clinic.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long ones, after all were put in the order of chance, which each of the two groups keeps."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Tests are gathered without a look for garbage, and what is there then is never looked through again: it stays as
    long as the run, and a look costs what the tests left alone.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        gc.enable()


@pytest.fixture(autouse=True, scope="session")
def _quick() -> None:
    hash_quickly()


@pytest.fixture(autouse=True)
def _nobody_was_here() -> None:
    """What strangers did in one test is not counted in the next."""
    strangers.forget()


@pytest.fixture
def now() -> Iterator[datetime]:
    """The clock stands on a Monday, 09:00 in Denver."""
    with clock.fixed(people.MONDAY):
        yield people.MONDAY


@pytest.fixture
def cast(db: None, now: datetime) -> Iterator[Cast]:
    """Two locations, one person per role."""
    found: Cast = played("cast", people.assemble)
    with connection.execute_wrapper(found.watch):
        yield found
