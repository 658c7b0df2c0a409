"""The clock and the events of a simulated clinic: one heap, one order, no thread."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

Story = Generator[datetime, None, None]  # what somebody does, told to the next moment at which they go on


@dataclass
class Schedule:
    """What comes next. Events of one moment happen in the order in which they were asked for."""

    now: datetime
    _heap: list[tuple[datetime, int, str, Callable[[], None]]] = field(default_factory=list)
    _count: count[int] = field(default_factory=count)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def at(self, moment: datetime, name: str, act: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (max(moment, self.now), next(self._count), name, act))

    def live(self, story: Story, *, name: str, at: datetime | None = None) -> None:
        """Go on with `story` at each moment that it names, until it ends."""

        def step() -> None:
            try:
                following = next(story)
            except StopIteration:
                return
            self.at(following, name, step)

        self.at(at or self.now, name, step)

    def until(self, end: datetime, *, enough: Callable[[], bool]) -> bool:
        """Let everything happen that is due before `end`, where the clock then stands; false when it was `enough`."""
        while self._heap and self._heap[0][0] < end:
            if enough():
                return False
            moment, _, _, act = heapq.heappop(self._heap)
            self.now = max(self.now, moment)
            act()
        self.now = max(self.now, end)
        return True
