"""Fixtures that every test shares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.conf import settings
from django.contrib.auth import hashers
from django.db import connection

from kapclinic.core import clock
from tests import cast as people
from tests.cast import Cast
from tests.replay import played


@pytest.fixture(autouse=True, scope="session")
def _quick() -> None:
    """Passwords at little cost, and no list of static files for every client of the API."""
    settings.PASSWORD_HASHERS = ["tests.hashers.QuickArgon2PasswordHasher", *settings.PASSWORD_HASHERS[1:]]
    settings.WHITENOISE_USE_FINDERS = False
    hashers.get_hashers.cache_clear()
    hashers.get_hashers_by_algorithm.cache_clear()


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
