"""Fixtures that every test shares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connection

from kapclinic.core import clock
from tests import cast as people
from tests.cast import Cast
from tests.hashers import hash_quickly
from tests.replay import played


@pytest.fixture(autouse=True, scope="session")
def _quick() -> None:
    hash_quickly()


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
