"""UUIDv7 keys (RFC 9562 5.7): made here, before the insert, because history and encryption need them."""

from __future__ import annotations

import time
import uuid

from kapclinic.core import chance

COUNTED = 0xFFF  # what fits into the twelve bits behind the milliseconds


def uuid7() -> uuid.UUID:
    """A time-ordered UUID: 48 bits of Unix milliseconds, then 74 random bits.

    In a replay the milliseconds are those of the replay, and the first twelve bits behind them count (RFC 9562 6.2).
    """
    replayed = chance.replayed()
    millis = time.time_ns() // 1_000_000 if replayed is None else replayed.millis()
    first = chance.bits(12) if replayed is None else next(replayed.counted) & COUNTED
    value = (millis & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | first << 64
    return uuid.UUID(int=value | 0b10 << 62 | chance.bits(62))
