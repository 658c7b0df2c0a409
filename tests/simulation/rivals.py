"""Who does what at the same moment: a colleague the same, another desk the slot, the sweep its step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kapclinic.core import clock
from sessions.sweep.steps import all_steps
from tests.simulation.at_once import Asked, Tell
from tests.simulation.stack import Answer, Person, Stack

if TYPE_CHECKING:
    from tests.simulation.life import Life

SWEPT = ("obligations", "checks", "alarms", "alerts")
Act = Callable[[], Tell]


def post(
    life: Life, who: Person, path: str, body: Any = None, *, same: Any = None, rivals: Sequence[Act] = ()
) -> Answer:
    """An act, and now and then somebody else's meanwhile: the same one with the body `same`, or one of `rivals`."""
    alike, again = life.does("does it with a colleague"), life.does("asks twice at once")
    rival, sweep = life.does("meets a rival"), life.does("meets the sweep")
    which, share = life.chance.numbers.random(), life.chance.numbers.random()
    stack = life.stack
    if again or alike:
        body_of_other = body if again or same is None else same
        other = stack.rival(who if again else colleague(life, who), path, body_of_other, again=again)
        with stack.beside(other, share):
            answer = stack.post(who, path, body)
        return answer if answer.ok or other.answer is None else Answer(200, other.answer)
    if rival and rivals:
        act: Act = rivals[int(which * len(rivals))]
    elif sweep:
        act = step(life, SWEPT[int(which * len(SWEPT))])
    else:
        return stack.post(who, path, body)
    with stack.beside(act, share):
        return stack.post(who, path, body)


def colleague(life: Life, who: Person) -> Person:
    """The other one of the same role, or the same person in a second window."""
    for people in life.house.team.values():
        if who in people:
            return people[(people.index(who) + 1) % len(people)]
    return who


def step(life: Life, name: str) -> Act:
    return step_at(life.stack, name)


def step_at(stack: Stack, name: str) -> Act:
    """A step of the sweep."""

    def act() -> Tell:
        at = stack.schedule.now
        with clock.fixed(at):
            all_steps()[name].work(at=at)
        return lambda: stack.trace.event(at, "step beside", name)

    return act


@dataclass
class Later:
    """Another request, with a key of its own; made only when it comes to it."""

    stack: Stack
    who: Person
    path: str
    body: Any
    made: Asked | None = None

    def __call__(self) -> Tell:
        self.made = self.made or self.stack.rival(self.who, self.path, self.body)
        return self.made()

    @property
    def answer(self) -> Any:
        return self.made.answer if self.made is not None else None


def asked(life: Life, who: Person, path: str, body: Any = None) -> Later:
    return Later(life.stack, who, path, body)


def takes_drug(life: Life) -> Act:
    """The other nurse writes down what the client takes by now."""
    text = life.chance.numbers.choice(("lorazepam 1 mg at night", "Nardil 15 mg", "metformin 500 mg"))
    return asked(
        life, colleague(life, life.nurse), "medications/", {"client": life.client["id"], "text": text}
    )


def cancels(life: Life, path: str) -> Act:
    return asked(life, life.desk, f"{path}cancel/", {"reason": "The client called."})
