"""The number that a session gets in its course."""

from __future__ import annotations

import itertools

from programs.models import Program
from sessions.booking.models import Session


def next_number(*, program: Program, kind: str) -> int:
    """The first number that no standing session of `kind` has in this course: one rebooked takes the old number."""
    standing = Session.objects.standing().filter(program=program, kind=kind)
    taken = set(standing.values_list("number", flat=True))
    return next(number for number in itertools.count(1) if number not in taken)
