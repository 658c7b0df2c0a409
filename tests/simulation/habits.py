"""How often people do what nobody planned, in a hundred: the clients', the staff's and the machines' habits.

A habit is a name and a number here, and a place in a story where `Chance.does` asks for it. A seed that was kept may
turn single ones off, so that its story gets shorter.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

HABITS: dict[str, float] = {
    # clients
    "comes late": 15,
    "stays away": 6,
    "calls to move": 10,
    "calls to cancel": 6,
    "forgot to fast": 8,
    "has no ride": 8,
    "starts another drug": 10,
    "thinks of dying": 8,
    "wants no more messages": 6,
    "denies with a no": 4,
    # staff
    "tries before it is ready": 30,
    "tries on another day": 6,
    "forgets a question": 12,
    "forgets a reading": 8,
    "types it wrong": 4,
    "clicks twice": 6,
    "writes it down later": 8,
    "leaves it open": 5,
    "sends home early": 15,
    "voids the dose": 5,
    "gives a booster": 8,
    "waives the integration": 4,
    "takes the next course": 4,
    "takes the wrong client": 5,
    "takes it back": 5,
    "opens a second course": 8,
    "asks what is not theirs": 10,
    # two at the same moment
    "does it with a colleague": 6,
    "asks twice at once": 3,
    "meets a rival": 12,
    "meets the sweep": 3,
    # machines, per message or pass
    "message lost": 12,
    "message doubled": 8,
    "message late": 20,
    "step skipped": 4,
    "worker meets the sweep": 40,
    "pass skipped": 8,
}


@dataclass
class Chance:
    """One person's luck, from the seed and their name: what others do does not change it."""

    seed: str
    without: frozenset[str] = frozenset()
    numbers: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = random.Random(self.seed)

    def does(self, habit: str) -> bool:
        """Does it happen now? The number is drawn either way, so that the rest of the story stays the same."""
        drawn = self.numbers.random() * 100
        return drawn < HABITS[habit] and habit not in self.without
