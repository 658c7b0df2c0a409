"""What a device can show, at the screening as in a session: one table, and in no protocol.

A client whose pressure is 45/20 is written down under any protocol. How bad a value is, the protocol's bands say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Sign:
    """What a device or a scale can show, and how far from the last value is worth a second look."""

    low: int
    high: int
    far: int


TABLE: Mapping[str, Sign] = {
    "systolic": Sign(0, 350, far=40),  # mmHg
    "diastolic": Sign(0, 300, far=30),
    "heart_rate": Sign(0, 350, far=40),  # per minute
    "spo2": Sign(0, 100, far=8),  # percent
    "respiratory_rate": Sign(0, 150, far=10),  # per minute
    "sedation": Sign(0, 5, far=3),  # MOAA/S
    "etco2": Sign(0, 150, far=15),  # mmHg
}
