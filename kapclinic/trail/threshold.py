"""What is asked of somebody at the door of every view, after their roles: the app that knows says so here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Door: TypeAlias = Callable[[Any, Any], None]  # (request, view): raises a ClinicError, or lets them in

_doors: list[Door] = []


def declare(door: Door) -> None:
    """Make known what refuses a request before it is handled; at the start of the process, once."""
    if door not in _doors:
        _doors.append(door)


def let_in(request: Any, view: Any) -> None:
    """:raises ClinicError: as the first door that refuses says"""
    for door in _doors:
        door(request, view)
