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
    "waives the integration": 4,
    "takes the wrong client": 5,
    "takes it back": 5,
    "opens a second course": 8,
    "asks what is not theirs": 10,
    # treatments and the turns of a course
    "tells of a condition": 12,
    "may have no ketamine": 6,
    "signs no consent": 12,
    "takes the consent back": 5,
    "skips the preparation": 8,
    "stops a drug": 8,
    "weighs much more or less": 12,
    "fills in a questionnaire": 30,
    "stops halfway": 3,
    "comes back too soon": 15,
    "forgets the integration": 8,
    "is put on hold": 6,
    "gives up the course": 3,
    "has had enough doses": 5,
    "comes for maintenance": 25,
    "goes on with another course": 20,
    "waives what is owed": 40,
    "orders for a short time": 8,
    "orders by weight": 40,
    "orders as for ketamine": 10,
    "takes the wrong order": 10,
    "draws up too much": 6,
    "gives a second one": 10,
    "forgets that it was given": 4,
    "feels unwell": 5,
    "lets it run": 50,
    "forgets the form": 40,
    # the front desk and its clients
    "keeps the slot first": 12,
    "thinks too long": 25,
    "moves it back": 40,
    "comes after all": 40,
    "waits for a freed slot": 10,
    "plans the whole course": 10,
    "is registered twice": 5,
    "wants no messages": 3,
    "dies": 1.5,
    # a location, per morning
    "snow falls": 3,
    "looks at the board": 15,
    "is away": 14,
    "leaves the practice": 2,
    "works other hours": 3,
    "closes a room": 3,
    "closes a day": 2,
    "loses a licence": 2,
    "is a student": 50,
    "forgets a booking": 15,
    "comes back early": 20,
    # paper
    "lives it on paper": 7,
    "enters it in a wrong order": 30,
    "enters half of it": 25,
    "two enter one paper": 8,
    "held the integration on paper": 40,
    # the safe
    "witness goes wrong": 8,
    "is alone at the safe": 25,
    "reaches into the wrong safe": 5,
    "settles the draw later": 35,
    "forgets to settle": 10,
    "enters a lot wrong": 10,
    "receives it twice": 25,
    "lends to the other safe": 45,
    "sends it elsewhere": 20,
    "corrects the books": 40,
    "drops a vial": 15,
    "sends drug back": 15,
    "wastes what is left": 15,
    "asks for more than there is": 15,
    "skips the count": 20,
    "takes the inventory": 8,
    "counts wrong": 15,
    "overlooks a lot": 6,
    "leaves the case open": 50,
    # the money
    "bills too soon": 15,
    "bills another line": 50,
    "leaves the price to the list": 40,
    "pays with the wrong card": 8,
    "pays twice at once": 12,
    "keeps a credit": 35,
    "wants money back": 35,
    "takes a row back": 25,
    "wants a receipt": 40,
    "wants the paper anew": 50,
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
