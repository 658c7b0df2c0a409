"""The one source of randomness: keys, secrets and nonces. It is the system's own unless a simulation seeded it."""

from __future__ import annotations

import base64
import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count


class Seeded:
    """Numbers that follow from the seed alone; keys of one moment (`millis`) are kept in their order by a count."""

    def __init__(self, seed: str, millis: Callable[[], int]) -> None:
        self.millis = millis
        self.numbers = random.Random(seed)  # noqa: S311 — for replay; guards nothing
        self.counted = count()


_seeded: ContextVar[Seeded | None] = ContextVar("kap_seeded", default=None)


def replayed() -> Seeded | None:
    """The seeded numbers, when a simulation runs."""
    return _seeded.get()


def bits(number: int) -> int:
    """That many random bits."""
    seeded = _seeded.get()
    return secrets.randbits(number) if seeded is None else seeded.numbers.getrandbits(number)


def token_bytes(number: int) -> bytes:
    """That many random bytes."""
    seeded = _seeded.get()
    return secrets.token_bytes(number) if seeded is None else seeded.numbers.randbytes(number)


def token(number: int) -> str:
    """A secret of that many random bytes, safe in an address."""
    return base64.urlsafe_b64encode(token_bytes(number)).rstrip(b"=").decode()


@contextmanager
def seeded(seed: str, *, millis: Callable[[], int]) -> Iterator[None]:
    """Every number inside the block follows from `seed`, and keys tell `millis`: for replay, never for a clinic."""
    mark = _seeded.set(Seeded(seed, millis))
    try:
        yield
    finally:
        _seeded.reset(mark)
