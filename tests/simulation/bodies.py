"""What a client's body does: pressure, pulse, breath and sedation by dose and route, over the minutes after it."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from datetime import datetime

# route -> (minutes to the peak, minutes until half of it is gone)
COURSE = {
    "intravenous": (30, 25),
    "intramuscular": (15, 40),
    "sublingual": (30, 55),
    "intranasal": (20, 40),
    "oral": (40, 60),
}


@dataclass
class Body:
    """One client's. `doses`: when, by which route, and how strong (1 is usual)."""

    chance: random.Random
    systolic: float = 122
    diastolic: float = 78
    pulse: float = 70
    weight: float = 75
    reacts: float = 1.0
    doses: list[tuple[datetime, str, float]] = field(default_factory=list)

    @classmethod
    def random(cls, chance: random.Random) -> Body:
        return cls(
            chance,
            systolic=chance.gauss(124, 9),
            diastolic=chance.gauss(78, 6),
            pulse=chance.gauss(70, 8),
            weight=round(chance.uniform(48, 120), 1),
            reacts=chance.choice((0.6, 1.0, 1.0, 1.3, 2.4)),
        )

    def effect(self, at: datetime) -> float:
        """How much of a dose is felt now: 0 is nothing, 1 is the peak of a usual one."""
        felt = 0.0
        for given, route, strength in self.doses:
            minutes = (at - given).total_seconds() / 60
            peak, half = COURSE[route]
            if minutes < 0:
                continue
            share = minutes / peak if minutes < peak else math.pow(0.5, (minutes - peak) / half)
            felt += share * strength
        return felt

    def signs(self, at: datetime) -> dict[str, int]:
        """What the devices and the nurse would read."""
        felt = self.effect(at)
        noise = self.chance.gauss
        systolic = self.systolic + 24 * felt * self.reacts + noise(0, 4)
        diastolic = self.diastolic + 13 * felt * self.reacts + noise(0, 3)
        pulse = self.pulse + 14 * felt * self.reacts + noise(0, 3)
        sedation = 5 - round(min(3.0, felt * self.reacts * 1.2))
        return {
            "systolic": round(min(systolic, 250)),
            "diastolic": round(min(diastolic, systolic - 12)),
            "heart_rate": round(pulse),
            "spo2": max(84, min(100, round(98 - felt * self.reacts + noise(0, 0.7)))),
            "respiratory_rate": max(6, round(15 - felt + noise(0, 1))),
            "sedation": max(0, sedation),
        }
