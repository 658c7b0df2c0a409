from __future__ import annotations

import pytest

from sessions.booking.models import Session
from tests.cast import Cast, one_of_each_kind


@pytest.fixture
def book(cast: Cast) -> dict[str, Session]:
    """One client's course with a session of every kind."""
    return one_of_each_kind(cast)
