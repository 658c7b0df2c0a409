"""Room for the frames of what is called: without it some calls cost ten times as much as others.

Python keeps the frames of functions in pieces of 16 KiB, and gives a piece back as soon as its last frame ends. A loop
that happens to stand at the end of one asks the system for the next one, and gives it back, with each function that it
calls: 7 µs instead of 0.04. Whoever is called through `roomy` stands in a piece that is long enough for all below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# Of 8 bytes: the frame of `roomy` claims so many and uses none. The piece is the next power of two above that, here
# 1 MiB, so that a half of it stays for others. The system gives memory only for what is written to.
CLAIMED = 65_536


def roomy(run: Callable[P, R], /, *args: P.args, **named: P.kwargs) -> R:
    """What `run` returns, with room for half a MiB of frames."""
    return run(*args, **named)


roomy.__code__ = roomy.__code__.replace(co_stacksize=CLAIMED)
