"""UUIDv7 keys (RFC 9562 5.7): made here, before the insert, because history and encryption need them."""

from __future__ import annotations

import time
import uuid

from kapclinic.core import chance

REST = 62  # random bits behind the version and the variant
COUNTED = 0xFFF  # what fits into the twelve bits behind the milliseconds


def uuid7() -> uuid.UUID:
    """A time-ordered UUID: 48 bits of Unix milliseconds, then 74 random bits.

    In a replay the milliseconds are those of the replay, and the first twelve bits behind them count (RFC 9562 6.2).
    """
    replayed = chance.replayed()
    millis = time.time_ns() // 1_000_000 if replayed is None else replayed.millis()
    if replayed is None:
        first, rest = divmod(chance.bits(12 + REST), 1 << REST)
    else:
        first, rest = next(replayed.counted) & COUNTED, chance.bits(REST)
    value = (millis & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | first << 64
    return uuid.UUID(int=value | 0b10 << REST | rest)
