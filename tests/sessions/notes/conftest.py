from __future__ import annotations

import pytest

from tests.cast import Cast, colleague, one_of_each_kind
from tests.sessions.notes.writing import Book


@pytest.fixture
def book(cast: Cast) -> Book:
    """One client's course with a session of every kind; a trainee works at North too."""
    colleague(cast, "trainee", "therapist", needs_cosign=True)
    return one_of_each_kind(cast)
