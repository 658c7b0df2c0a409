"""Who is asked first, and when the call should have been made."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from kapclinic.core.ids import uuid7
from programs.models import Program
from sessions.booking.rules import Slot
from sessions.waitlist import rules
from sessions.waitlist.models import WaitlistEntry
from tests.cast import MONDAY

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OWING, OWING_LATER, FREE = (UUID(int=n) for n in (1, 2, 3))
DEADLINES = {OWING: MONDAY + 2 * DAY, OWING_LATER: MONDAY + 3 * DAY}


def entry(name: str, *, program: UUID = FREE, kind: str = "preparation", **more: Any) -> WaitlistEntry:
    values = {"window_from": MONDAY, "window_to": MONDAY + 5 * DAY, "created_at": MONDAY} | more
    return WaitlistEntry(id=uuid7(), program_id=program, kind=kind, reason=name, **values)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (  # an owed integration beats a wait that ends earlier and is older
            {"program": OWING, "kind": "integration", "created_at": MONDAY + HOUR},
            {"window_to": MONDAY + HOUR},
        ),
        (  # of two owed integrations the one whose window closes first
            {"program": OWING, "kind": "integration", "created_at": MONDAY + HOUR},
            {"program": OWING_LATER, "kind": "integration", "window_to": MONDAY + DAY},
        ),
        (  # an integration that nobody owes is a wait like others
            {"window_to": MONDAY + DAY},
            {"program": FREE, "kind": "integration", "window_to": MONDAY + 2 * DAY},
        ),
        (  # what a program owes does not carry its other waits
            {"window_to": MONDAY + DAY},
            {"program": OWING, "kind": "medical", "window_to": MONDAY + 2 * DAY},
        ),
        (  # the wait that ends first
            {"window_to": MONDAY + DAY, "created_at": MONDAY + HOUR},
            {"window_to": MONDAY + DAY + timedelta(seconds=1)},
        ),
        (  # the longest wait
            {"created_at": MONDAY - HOUR},
            {"created_at": MONDAY},
        ),
    ],
)
def test_who_comes_first(first: dict[str, Any], second: dict[str, Any]) -> None:
    one, two = entry("first", **first), entry("second", **second)
    for given in ([one, two], [two, one]):
        assert [row.reason for row in rules.ranked(given, deadlines=DEADLINES)] == ["first", "second"]


@pytest.mark.parametrize(
    ("minutes", "of", "expected"),
    [
        (600, 3, [15, 30, 45]),  # a quarter of an hour for each call
        (40, 3, [10, 20, 30]),  # less when the slot comes soon: all before it begins
        (600, 1, [15]),
    ],
)
def test_calls_are_due_one_after_the_other_and_before_the_slot(
    minutes: int, of: int, expected: list[int]
) -> None:
    starts_at = MONDAY + timedelta(minutes=minutes)
    due = [rules.due_by(rank, of=of, starts_at=starts_at, at=MONDAY) for rank in range(of)]
    assert [(moment - MONDAY) / timedelta(minutes=1) for moment in due] == expected
    assert max(due) < starts_at


@pytest.mark.parametrize(
    ("start", "more", "suits"),
    [
        (MONDAY, {}, True),  # 09:00 on a Monday in Denver
        (MONDAY - timedelta(seconds=1), {}, False),  # before the window
        (MONDAY + 5 * DAY, {}, False),  # its very end
        (MONDAY, {"preferred_days": [1]}, False),
        (MONDAY, {"preferred_days": [0]}, True),
        (MONDAY, {"preferred_hours": {"from": "09:00", "to": "10:00"}}, True),
        (MONDAY, {"preferred_hours": {"from": "09:15", "to": "10:00"}}, False),
        (
            MONDAY + HOUR,
            {"preferred_hours": {"from": "09:00", "to": "10:00"}},
            False,
        ),  # begins when they leave
        # Sunday 23:30 in Denver is Monday in UTC: the client's Sunday counts
        (MONDAY + 6 * DAY + 14.5 * HOUR, {"preferred_days": [6], "window_to": MONDAY + 9 * DAY}, True),
    ],
)
def test_a_slot_suits_in_the_local_time_of_the_clinic(
    start: datetime, more: dict[str, Any], suits: bool
) -> None:
    slot = Slot(start, start + HOUR, "in_person", None, ())
    assert rules.suits(slot, entry("x", **more), ZoneInfo("America/Denver")) is suits


def test_each_client_is_called_once_for_their_best_wait() -> None:
    client, other = uuid7(), uuid7()
    slot = Slot(MONDAY, MONDAY + HOUR, "in_person", None, ())
    rows = []
    for owner in (client, other, client):
        row = entry(str(len(rows)))
        row.program = Program(id=uuid7(), client_id=owner)
        rows.append(rules.Match(row, slot))
    assert [match.entry.reason for match in rules.one_per_client(rows)] == ["0", "1"]
