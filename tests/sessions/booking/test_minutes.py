"""Free time by the minute says what the moments themselves say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sessions.booking.rules import minutes
from sessions.booking.rules.minutes import MINUTE, Ruler

START = datetime(2026, 5, 4, tzinfo=UTC)
LONG = 240
RULER = Ruler(START, LONG)
moments = st.integers(-30 * 60, (LONG + 30) * 60).map(lambda second: START + timedelta(seconds=second))
pairs = st.tuples(moments, moments).map(sorted)


def _minutes(bits: int) -> list[int]:
    return list(minutes.each(bits))


@given(pairs)
def test_a_minute_is_within_when_it_lies_there_whole(pair: list[datetime]) -> None:
    begin, end = pair
    whole = [n for n in range(LONG) if begin <= RULER.moment(n) and RULER.moment(n) + MINUTE <= end]
    assert _minutes(RULER.within(begin, end)) == whole


@given(pairs)
def test_a_minute_is_touched_when_any_moment_of_it_is_taken(pair: list[datetime]) -> None:
    begin, end = pair
    taken = [n for n in range(LONG) if begin < RULER.moment(n) + MINUTE and RULER.moment(n) < end]
    if begin < end:
        assert _minutes(RULER.touched(begin, end)) == taken


@given(st.integers(0, RULER.everything), st.integers(1, 90))
def test_it_starts_where_every_minute_of_its_length_is_free(free: int, length: int) -> None:
    run = (1 << length) - 1
    assert _minutes(minutes.starts(free, length)) == [n for n in range(LONG) if free >> n & run == run]


@given(st.integers(1, 60), st.integers(0, LONG), st.integers(-10, LONG))
def test_every_so_many_minutes(step: int, first: int, before: int) -> None:
    assert _minutes(minutes.every(step, first, before)) == list(range(first, before, step))
