"""Planning a whole course: pure search over free slots for the best dates.

The best course takes the fewest weeks, then ends earliest, then spreads its doses most evenly, then changes the
weekday least. For each first dose a table of (how many doses, last dose) keeps the cheapest way there; gaps and
changes of weekday add up along the way and the weeks follow from first and last, so the result is the best one over
the candidates: one dosing slot a day, the client's preferred hours first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sessions.booking.rules import Slot

DAY = timedelta(days=1)
MOST_STARTS = 21  # first doses that are tried: one a day for three weeks
LONGEST_GAP = timedelta(days=21)  # a longer pause means a new assessment (PR5)
Window = tuple[timedelta, timedelta]
Cost = tuple[float, int]


@dataclass(frozen=True)
class Wish:
    """What the course needs: sessions still to come, spacing and windows from the protocol."""

    preparations: int
    doses: int
    min_gap: timedelta
    span: Window  # shortest and longest time from first to last dose
    integration: Window | None  # from–to after a dose; None when none is owed
    zone: ZoneInfo
    after: datetime | None = None  # the last dose in the book, given or not, when the course is under way
    began: datetime | None = (
        None  # the first dose of the course that is under way: the shortest span counts from it
    )
    prepare_before: datetime | None = None  # the first dose in the book that is still to come


@dataclass(frozen=True)
class Unmet:
    """Which constraint is in the way."""

    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "detail": self.detail}


@dataclass
class Course:
    """Slots of each kind, in order; integrations[i] belongs to doses[i]."""

    preparations: list[Slot] = field(default_factory=list)
    doses: list[Slot] = field(default_factory=list)
    integrations: list[Slot] = field(default_factory=list)
    unmet: list[Unmet] = field(default_factory=list)

    def slots(self) -> list[Slot]:
        """Every slot, in order of time."""
        return sorted([*self.preparations, *self.doses, *self.integrations], key=lambda slot: slot.starts_at)

    def weeks(self, zone: ZoneInfo) -> int:
        """Calendar weeks that the course touches, Monday to Sunday."""
        slots = self.slots()
        return weeks_of(slots[0].starts_at, slots[-1].starts_at, zone) if slots else 0


def _monday(moment: datetime, zone: ZoneInfo) -> date:
    local = moment.astimezone(zone).date()
    return local - timedelta(days=local.weekday())


def weeks_of(first: datetime, last: datetime, zone: ZoneInfo) -> int:
    """Calendar weeks from the one day to the other, Monday to Sunday."""
    return (_monday(last, zone) - _monday(first, zone)).days // 7 + 1


def one_a_day(slots: Sequence[Slot], zone: ZoneInfo) -> list[Slot]:
    """The first slot of each local day; slots come best first within a day."""
    seen: dict[date, Slot] = {}
    for slot in slots:
        seen.setdefault(slot.starts_at.astimezone(zone).date(), slot)
    return sorted(seen.values(), key=lambda slot: slot.starts_at)


def integration_for(dose: Slot, slots: Sequence[Slot], wish: Wish, *, before: datetime | None) -> Slot | None:
    """The best slot inside the window of a dose given at any time of its session, and before the next one."""
    assert wish.integration is not None
    start, end = dose.ends_at + wish.integration[0], dose.starts_at + wish.integration[1]
    for slot in slots:
        if start <= slot.starts_at < end and (before is None or slot.ends_at <= before):
            return slot
    return None


def preparations_for(dosed_at: datetime, slots: Sequence[Slot], wish: Wish) -> list[Slot] | None:
    """The latest preparation slots before the first dose, on days of their own."""
    first_day = dosed_at.astimezone(wish.zone).date()
    days = one_a_day([slot for slot in slots if slot.ends_at <= dosed_at], wish.zone)
    before = [slot for slot in days if slot.starts_at.astimezone(wish.zone).date() < first_day]
    if len(before) < wish.preparations:
        return None
    return before[len(before) - wish.preparations :]


def _earliest_done(dose: Slot, slots: Sequence[Slot], wish: Wish) -> datetime:
    """When the integration of `dose` can be over at the earliest. The caller knows that there is one."""
    assert wish.integration is not None
    start, end = dose.ends_at + wish.integration[0], dose.starts_at + wish.integration[1]
    return min(slot.ends_at for slot in slots if start <= slot.starts_at < end)


def _followers(
    doses: Sequence[Slot], wish: Wish, integrations: Mapping[int, Sequence[Slot]]
) -> dict[int, list[tuple[int, Cost]]]:
    """For each dose the doses that may follow it (gap kept, integration between), with the cost of the step."""
    weekdays = [slot.starts_at.astimezone(wish.zone).weekday() for slot in doses]
    found: dict[int, list[tuple[int, Cost]]] = {}
    for i, dose in enumerate(doses):
        first = dose.starts_at + wish.min_gap
        if wish.integration is not None:
            first = max(first, _earliest_done(dose, integrations[i], wish))
        last = dose.starts_at + LONGEST_GAP
        found[i] = [
            (j, (((doses[j].starts_at - dose.starts_at) / DAY) ** 2, int(weekdays[i] != weekdays[j])))
            for j in range(i + 1, len(doses))
            if first <= doses[j].starts_at <= last
        ]
    return found


def _paths(
    first: int, doses: Sequence[Slot], followers: Mapping[int, list[tuple[int, Cost]]], wish: Wish
) -> dict[int, tuple[Cost, list[int]]]:
    """The cheapest way from the dose `first` to each possible last dose."""
    reached: dict[int, tuple[Cost, list[int]]] = {first: ((0.0, 0), [first])}
    for _ in range(wish.doses - 1):
        further: dict[int, tuple[Cost, list[int]]] = {}
        for i, (cost, path) in reached.items():
            for j, (gap, change) in followers[i]:
                if doses[j].starts_at - doses[first].starts_at > wish.span[1]:
                    break
                total = (cost[0] + gap, cost[1] + change)
                if j not in further or total < further[j][0]:
                    further[j] = (total, [*path, j])
        reached = further
    return reached


def best_course(
    wish: Wish, *, preparations: Sequence[Slot], doses: Sequence[Slot], integrations: Sequence[Slot]
) -> Course:
    """The best course over the candidate slots (best first within a day), or one that says what is in the way."""
    if not wish.doses:
        return _preparations_alone(wish, preparations)
    candidates = one_a_day(doses, wish.zone)
    if wish.after is not None:
        candidates = [slot for slot in candidates if slot.starts_at >= wish.after + wish.min_gap]
    if not candidates:
        return Course(
            unmet=[
                Unmet("no_dosing_slot", "No day has room, nurse practitioner and therapist free for a dose.")
            ]
        )
    near = {i: _near(slot, integrations, wish) for i, slot in enumerate(candidates)}
    if wish.integration is not None:
        candidates, near = _with_integration(candidates, near, wish)
        if not candidates:
            detail = "No dosing day has a free integration slot with the therapist inside its window."
            return Course(unmet=[Unmet("no_integration_slot", detail)])
    prepared = _prepared(candidates, preparations, wish)
    if not prepared:
        return _unprepared(wish)
    return _choose(wish, candidates, near, prepared)


def _unprepared(wish: Wish) -> Course:
    detail = f"{wish.preparations} preparation days before a first dose can't be found."
    if wish.prepare_before is not None:
        booked = wish.prepare_before.astimezone(wish.zone).date()
        detail = f"{wish.preparations} preparation days before the dose booked on {booked} can't be found."
    return Course(unmet=[Unmet("no_preparation_slot", detail)])


def _preparations_alone(wish: Wish, slots: Sequence[Slot]) -> Course:
    """Every dose is in the book: preparation before the first that is to come, or soon when all were given."""
    if wish.prepare_before is not None:
        found = preparations_for(wish.prepare_before, slots, wish)
    else:
        found = one_a_day(slots, wish.zone)[: wish.preparations]
    if found is None or len(found) < wish.preparations:
        return _unprepared(wish)
    return Course(preparations=found)


def _prepared(doses: Sequence[Slot], slots: Sequence[Slot], wish: Wish) -> dict[int, list[Slot]]:
    """The first doses that are tried, with the preparation before each, or before one that is booked already."""
    found: dict[int, list[Slot]] = {}
    for i, dose in enumerate(doses):
        before = preparations_for(wish.prepare_before or dose.starts_at, slots, wish)
        if before is not None:
            found[i] = before
        if len(found) == MOST_STARTS:
            break
    return found


def _near(dose: Slot, integrations: Sequence[Slot], wish: Wish) -> list[Slot]:
    if wish.integration is None:
        return []
    last = dose.starts_at + wish.integration[1]
    return [slot for slot in integrations if dose.ends_at < slot.starts_at < last]


def _with_integration(
    candidates: Sequence[Slot], near: Mapping[int, list[Slot]], wish: Wish
) -> tuple[list[Slot], dict[int, list[Slot]]]:
    kept = [i for i, slot in enumerate(candidates) if integration_for(slot, near[i], wish, before=None)]
    return [candidates[i] for i in kept], {new: near[old] for new, old in enumerate(kept)}


def _choose(
    wish: Wish, doses: Sequence[Slot], near: Mapping[int, list[Slot]], prepared: Mapping[int, list[Slot]]
) -> Course:
    followers = _followers(doses, wish, near)
    best: tuple[tuple[int, datetime, float, int], list[int]] | None = None
    longest = 0
    for first, preps in prepared.items():
        begin = preps[0].starts_at if preps else doses[first].starts_at
        reached = _paths(first, doses, followers, wish)
        longest = max(longest, len(reached))
        for last, (cost, path) in reached.items():
            began = wish.began or doses[first].starts_at
            if doses[last].starts_at - began < wish.span[0]:
                continue
            closing = (
                integration_for(doses[last], near[last], wish, before=None) if wish.integration else None
            )
            end = closing.starts_at if closing else doses[last].starts_at
            rank = (weeks_of(begin, end, wish.zone), end, *cost)
            if best is None or rank < best[0]:
                best = (rank, path)
    if best is None:
        code = "span" if longest else "spacing"
        words = {
            "span": "The doses fit, but not within the protocol's shortest and longest span.",
            "spacing": f"{wish.doses} doses at least {wish.min_gap / DAY:.1f} days apart can't be found.",
        }
        return Course(unmet=[Unmet(code, words[code])])
    return _course(wish, [doses[i] for i in best[1]], [near[i] for i in best[1]], prepared[best[1][0]])


def _course(wish: Wish, doses: list[Slot], near: list[list[Slot]], preparations: list[Slot]) -> Course:
    course = Course(preparations=preparations, doses=doses)
    if wish.integration is not None:
        nexts = [*(dose.starts_at for dose in doses[1:]), None]
        for dose, slots, following in zip(doses, near, nexts, strict=True):
            slot = integration_for(dose, slots, wish, before=following)
            assert slot is not None
            course.integrations.append(slot)
    return course
