"""The number that a session gets in its course."""

from __future__ import annotations

from programs.models import Program
from sessions.booking import rules
from sessions.booking.models import Session


def next_number(*, program: Program, kind: str) -> int:
    """The first number that no standing session of `kind` has in this course."""
    standing = Session.objects.standing().filter(program=program, kind=kind)
    return rules.next_number(set(standing.values_list("number", flat=True)))
