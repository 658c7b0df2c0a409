"""A clinic of its own for every world that a test lives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from pytest_django import DjangoDbBlocker

from kapclinic.local.testrun import TestRun
from tests.simulation.running import Running


@pytest.fixture
def fresh(
    test_run: TestRun, django_db_blocker: DjangoDbBlocker, django_db_setup: None
) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """A database in which nobody has been, as often as it is asked for, by the way of all tests."""
    with django_db_blocker.unblock():
        yield Running(test_run).fresh
