"""What is written down of people who are not signed in.

A stranger can ask as often as the line carries, and an audit event is kept for good. So each process writes down at
most PER_ADDRESS of what one address did and PER_PROCESS of what all did, in a window of WINDOW; how much of the window
before was not written down, the first event of the next one tells (`unlogged`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

from kapclinic.core import origin
from kapclinic.trail.rules import STRANGER
from kapclinic.trail.services import log_act

WINDOW = timedelta(minutes=10)
PER_ADDRESS, PER_PROCESS = 40, 400


@dataclass
class _Window:
    """What this process wrote down since the window began."""

    number: int = -1
    written: int = 0
    unlogged: int = 0
    by_address: Counter[str] = field(default_factory=Counter)
    told: set[tuple[object, ...]] = field(default_factory=set)


_lock = Lock()
_window = _Window()


def forget() -> None:
    """Begin anew, as a process that has just started."""
    global _window  # noqa: PLW0603
    _window = _Window()


def _may_write(act: tuple[object, ...] | None, *, address: str, at: datetime) -> tuple[bool, int]:
    """May this be written down, and how much was not in the window before?"""
    global _window
    with _lock:
        number, before = int(at.timestamp() // WINDOW.total_seconds()), 0
        if number != _window.number:
            before, _window = _window.unlogged, _Window(number=number)
        full = _window.written >= PER_PROCESS or _window.by_address[address] >= PER_ADDRESS
        if full or (act is not None and act in _window.told):
            _window.unlogged += 1 + before
            return False, 0
        _window.written += 1
        _window.by_address[address] += 1
        if act is not None:
            _window.told.add(act)
        return True, before


def note_stranger(
    *,
    action: str,
    object_type: str,
    code: str,
    at: datetime,
    object_id: UUID | None = None,
    clients: Iterable[UUID] = (),
    once: bool = False,
) -> None:
    """Write down that somebody who is not signed in was refused, within the bounds above.

    `once`: the same act of the same address is written down once a window, however often it is repeated.
    """
    present = origin.present()
    address = (present.address if present else None) or ""
    act = (address, action, object_id, code) if once else None
    may, unlogged = _may_write(act, address=address, at=at)
    if may:
        log_act(
            by=STRANGER,
            roles=(),
            action=action,
            object_type=object_type,
            object_id=object_id,
            clients=clients,
            outcome="refused",
            detail={"code": code} | ({"unlogged": unlogged} if unlogged else {}),
            at=at,
        )
